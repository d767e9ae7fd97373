"""Rehearses deployments: the repositories' scripts, in the order in which their workflows call them.

The infrastructure and two functions are planned, applied and released. Then one function is broken on purpose, in a way
that shows only in a product's life: its release fails, and the version before is live again. Made live all the same, it
is taken back by a rollback. In between the scripts get what must not harm: a plan that is too old, a package that was
replaced, a cancelled run, an alarm during a release, a sender that its receiver can't read.

Everything happens in copies of the repositories, each a Git repository of its own, as after a split.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING

from local import credentials, programs, state_bucket
from local.description import described
from local.environments import WORK
from local.failure import Failure
from local.layout import ENVIRONMENT, INFRASTRUCTURE, ROOT, STATE_BUCKET, function_name, short_name, state_key
from local.repository import terraform_variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from local.layout import StackFolder

CREATOR = "2_1_bbws_product_creator"
BROKEN = "2_1_bbws_get_product"

# A request for a product that isn't there is still answered well, so the version passes its first test.
FAULT = """

_without_fault = handler


def handler(event, context):
    answer = _without_fault(event, context)
    return answer | {"statusCode": 500} if answer["statusCode"] == 200 else answer
"""

# A deployment's scripts in their order. That the workflows have the same one is tested with them.
DEPLOYMENT = ("build", "plan", "apply", "release")

NEVER_PUBLISHED = "9999"

# Another than the environment's own, and one that a function may have whose callers may wait.
TIMEOUT_SECONDS = 17

INTERRUPTED = 130
WITHIN_SECONDS = 120.0


class Rehearsal:
    """One rehearsal.

    Parameters
    ----------
    stack
        Where everything is deployed already. It isn't wholly the same afterwards.
    folder
        For copies and logs.
    """

    def __init__(self, stack: StackFolder, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._logs = 0
        # What each repository's scripts handed on.
        self._values: dict[str, dict[str, str]] = {INFRASTRUCTURE: {}, CREATOR: {}, BROKEN: {}}
        self._address = {"API_URL": described(stack)["apiUrl"]}

    def steps(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield the steps in their order: what each does, and a function that does it and says what came of it."""
        for name in self._values:
            yield f"{short_name(name)}: copied and committed", partial(self._copy, name)
            yield from self._deploy(name)
        broken = short_name(BROKEN)
        yield f"{broken}: noted as deployed", partial(self._run, BROKEN, "was_deployed")
        yield f"{broken}: broken on purpose and committed", self._break
        failure = "it is applied: GET /products/"
        yield from self._deploy(BROKEN, failure)
        yield f"{broken}: the version before is live again", partial(self._run, BROKEN, "smoke_test")
        yield (
            f"{broken}: not noted as deployed",
            partial(self._run, BROKEN, "was_deployed", status=1, says="was not deployed to local"),
        )
        yield f"{broken}: the broken version made live by hand", self._make_live
        yield f"{broken}: its smoke test fails", partial(self._run, BROKEN, "smoke_test", status=1, says=failure)
        yield (
            f"{broken}: no rollback to a version that isn't there",
            partial(self._run, BROKEN, "rollback", "--to", NEVER_PUBLISHED, status=1, says="has no version 9999"),
        )
        yield f"{broken}: rolled back", partial(self._run, BROKEN, "rollback")
        yield f"{broken}: its smoke test passes", partial(self._run, BROKEN, "smoke_test")
        yield f"{broken}: a plan older than the state is refused", self._apply_again
        yield f"{broken}: a package replaced since its review is refused", self._replace_package
        yield f"{broken}: an alarm ends a release little by little", self._raise_alarm
        yield f"{broken}: a cancelled plan leaves no lock", self._cancel_plan
        yield f"{broken}: mended, given another timeout and committed", self._mend
        yield f"{broken}: package built", partial(self._build, BROKEN)
        yield f"{broken}: planned, plan and package kept", partial(self._plan, BROKEN)
        yield f"{broken}: a cancelled apply leaves no lock", self._cancel_apply
        yield from self._deploy(BROKEN)
        yield f"{broken}: what the cancelled apply had changed is live", self._look_at_timeout
        creator = short_name(CREATOR)
        yield f"{creator}: a newer record is written and committed", self._send_newer_record
        yield f"{creator}: package built", partial(self._build, CREATOR)
        yield (
            f"{creator}: no plan before the audit logger reads it",
            partial(self._run, CREATOR, "plan", status=1, says="deploy 2_1_bbws_audit_logger first"),
        )

    def _copy(self, name: str) -> str:
        ignored = shutil.ignore_patterns(".terraform", ".venv", "tests")
        shutil.copytree(ROOT / name, self._folder / name, ignore=ignored)
        self._program(name, "git", "init", "--quiet", "--template=")
        return self._commit(name)

    def _commit(self, name: str) -> str:
        who = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@bbws.example")
        self._program(name, "git", "add", "--all")
        self._program(name, "git", *who, "commit", "--quiet", "--message", "Rehearse")
        return f"content {self._program(name, 'git', 'rev-parse', 'HEAD:./')[:12]}"

    def _deploy(self, name: str, failure: str = "") -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield a deployment's steps; its release is to say a failure, if one is given."""
        works: dict[str, tuple[str, Callable[[], str]]] = {
            "build": ("package built", partial(self._build, name)),
            "plan": ("planned, plan and package kept", partial(self._plan, name)),
            "apply": ("the kept plan applied", partial(self._apply, name)),
            "release": ("its release fails" if failure else "released", partial(self._release, name, failure)),
        }
        for script in DEPLOYMENT:
            if (ROOT / name / "scripts" / f"{script}.py").is_file():
                says, work = works[script]
                yield f"{short_name(name)}: {says}", work

    def _build(self, name: str) -> str:
        return self._run(name, "build", arguments=("--local",))

    def _plan(self, name: str) -> str:
        self._run(name, "plan")
        values = self._values[name]
        return f"{'changes' if values['changes'] == 'true' else 'no change'}, SHA-256 {values['plan-checksum'][:12]}…"

    def _apply(self, name: str) -> str:
        # The job that applies has nothing of what the one that planned has built.
        for built in ("function.zip", "package.json"):
            (self._folder / name / "build" / built).unlink(missing_ok=True)
        self._run(name, "apply", *self._checksums(name))
        version = self._values[name].get("version")
        return f"version {version}" if version else ""

    def _checksums(self, name: str) -> tuple[str, ...]:
        """Return the arguments of scripts/apply.py."""
        values = self._values[name]
        return ("--plan-checksum", values["plan-checksum"], "--package-checksum", values["package-checksum"])

    def _release(self, name: str, failure: str) -> str:
        version = self._values[name].get("version", "")
        return self._run(name, "release", "--version", version, status=1 if failure else 0, says=failure)

    def _break(self) -> str:
        handler = self._folder / BROKEN / "src" / "handler.py"
        handler.write_text(handler.read_text(encoding="utf-8") + FAULT, encoding="utf-8")
        return self._commit(BROKEN)

    def _make_live(self) -> str:
        functions, version = credentials.client(self._stack, "lambda"), self._values[BROKEN]["version"]
        functions.update_alias(FunctionName=function_name(BROKEN), Name="live", FunctionVersion=version)
        return f"version {version}"

    def _apply_again(self) -> str:
        checksums = self._checksums(BROKEN)
        return self._run(BROKEN, "apply", *checksums, status=1, says="this plan is older than the state of local")

    def _replace_package(self) -> str:
        self._build(BROKEN)
        self._run(BROKEN, "plan")
        s3 = credentials.client(self._stack, "s3")
        checksum = self._values[BROKEN]["package-checksum"]
        listed = s3.list_objects_v2(Bucket=STATE_BUCKET, Prefix=f"plans/{BROKEN}/")["Contents"]
        for key in (entry["Key"] for entry in listed if entry["Key"].endswith(f"/{checksum}.zip")):
            s3.put_object(Bucket=STATE_BUCKET, Key=key, Body=b"something else")
        checksums = self._checksums(BROKEN)
        return self._run(BROKEN, "apply", *checksums, status=1, says="is not the package that was reviewed")

    def _cancel_plan(self) -> str:
        return self._cancel("plan", self._is_locked, "the state is locked")

    def _cancel_apply(self) -> str:
        return self._cancel("apply", lambda: self._timeout("$LATEST") == TIMEOUT_SECONDS, "the function is changed")

    def _mend(self) -> str:
        handler = self._folder / BROKEN / "src" / "handler.py"
        handler.write_text(handler.read_text(encoding="utf-8").removesuffix(FAULT), encoding="utf-8")
        settings = self._folder / BROKEN / "terraform" / "environments" / f"{ENVIRONMENT}.tfvars"
        changed = re.sub(
            r"(?m)^(timeout_seconds *= ).*$", rf"\g<1>{TIMEOUT_SECONDS}", settings.read_text(encoding="utf-8")
        )
        settings.write_text(changed, encoding="utf-8")
        return self._commit(BROKEN)

    def _send_newer_record(self) -> str:
        module = self._folder / CREATOR / "src" / "common" / "change_record.py"
        text = module.read_text(encoding="utf-8")
        newer = re.sub(r"(?m)^(RECORD_VERSION = )(\d+)$", lambda found: f"{found[1]}{int(found[2]) + 1}", text)
        module.write_text(newer, encoding="utf-8")
        return self._commit(CREATOR)

    def _look_at_timeout(self) -> str:
        if self._timeout("live") != TIMEOUT_SECONDS:
            raise Failure(f"callers get a version with a timeout of {self._timeout('live')} s")
        return f"{TIMEOUT_SECONDS} s"

    def _cancel(self, script: str, far_enough: Callable[[], bool], what: str) -> str:
        """Interrupt a script once something has come true."""
        arguments = self._checksums(BROKEN) if script == "apply" else ()
        with self._started(script, *arguments) as process:
            self._await(far_enough, process, what)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
        if process.returncode != INTERRUPTED or self._is_locked():
            raise Failure(f"cancelled, it ended with {process.returncode} and left the lock or didn't: {said}")
        return f"exit status {INTERRUPTED}"

    def _is_locked(self) -> bool:
        return f"{state_key(BROKEN)}.tflock" in state_bucket.held_locks(self._stack)

    def _timeout(self, version: str) -> int:
        functions = credentials.client(self._stack, "lambda")
        return functions.get_function_configuration(FunctionName=function_name(BROKEN), Qualifier=version)["Timeout"]

    def _started(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [WORK.python, f"scripts/{script}.py", ENVIRONMENT, *arguments],
            cwd=self._folder / BROKEN,
            env=self._variables(BROKEN),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _raise_alarm(self) -> str:
        functions, alarms = credentials.client(self._stack, "lambda"), credentials.client(self._stack, "cloudwatch")
        name, version = function_name(BROKEN), self._values[BROKEN]["version"]

        def live() -> tuple[str, dict[str, float]]:
            alias = functions.get_alias(FunctionName=name, Name="live")
            return alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})

        before = live()
        with self._started("release", "--version", version, "--gradually", "60") as script:
            self._await(lambda: live() == (before[0], {version: 0.1}), script, "a tenth is shifted")
            alarms.set_alarm_state(AlarmName=f"{name}-errors", StateValue="ALARM", StateReason="a rehearsal")
            _, said = script.communicate()
        alarms.set_alarm_state(AlarmName=f"{name}-errors", StateValue="OK", StateReason="a rehearsal")
        if script.returncode != 1 or f"{name}-errors fired" not in said or live() != before:
            raise Failure(f"the release ended with {script.returncode}, and {live()} is live: {said}")
        return f"version {version} had a tenth, version {before[0]} has all again"

    def _await(self, condition: Callable[[], bool], script: subprocess.Popen[str], what: str) -> None:
        deadline = time.monotonic() + WITHIN_SECONDS
        while not condition():
            if script.poll() is not None or time.monotonic() > deadline:
                script.kill()
                raise Failure(f"it never happened that {what}: {script.communicate()[1]}")
            time.sleep(0.02)

    def _run(
        self,
        name: str,
        script: str,
        *more: str,
        arguments: tuple[str, ...] = (ENVIRONMENT,),
        status: int = 0,
        says: str = "",
    ) -> str:
        """Run a script of a repository, keep the values that it hands on, and return the last line that it printed.

        Raises
        ------
        Failure
            If it ends with another status, or doesn't say what it should.
        """
        log = self._log(f"{short_name(name)}-{script}")
        command: list[str | Path] = [WORK.python, f"scripts/{script}.py", *arguments, *more]
        ended = programs.run(command, log, self._folder / name, self._variables(name), accepted=range(256))
        printed = log.read_text(encoding="utf-8", errors="replace")
        if ended != status or says not in printed:
            expected = f"{status}{f' and {says!r}' if says else ''}"
            raise Failure(
                f"scripts/{script}.py ended with {ended}, expected {expected}; all of it is in {log}",
                programs.tail(log),
            )
        values = dict(re.findall(r"^([a-z-]+)=(\S*)$", printed, re.MULTILINE))
        self._values[name] |= values
        return programs.tail(log, 1)[:100]

    def _program(self, name: str, *command: str) -> str:
        log = self._log(f"{short_name(name)}-{command[0]}")
        programs.run(command, log, self._folder / name, credentials.without_accounts())
        return programs.tail(log, 1)

    def _variables(self, name: str) -> dict[str, str]:
        variables = terraform_variables(self._stack.terraform_data(name)) | credentials.variables(self._stack)
        if name == INFRASTRUCTURE:
            variables["TF_VAR_api_key_values"] = self._stack.api_keys.read_text(encoding="utf-8")
        return variables | self._address

    def _log(self, name: str) -> Path:
        self._logs += 1
        return self._folder / "logs" / f"{self._logs:02}-{name}.log"
