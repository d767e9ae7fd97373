"""Makes Terraform's AWS provider available to every root, from the registry or from a mirror on this host.

The provider is fetched once into ``.local/terraform/providers``. From then on Terraform takes it from there alone: that
needs no network and, unlike Terraform's plugin cache, allows any number of inits at a time.

Imports the standard library alone.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from local import programs
from local.failure import Failure
from local.layout import INFRASTRUCTURE, ROOT, STATE
from local.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MINIMUM_TERRAFORM = (1, 11)

# Terraform's addresses of providers carry this host's name, wherever they come from.
REGISTRY = "registry.terraform.io"
PROVIDER = f"{REGISTRY}/hashicorp/aws"

LOCK_FILE = ROOT / INFRASTRUCTURE / "terraform" / ".terraform.lock.hcl"
FOLDER = STATE / "terraform"
PROVIDERS = FOLDER / "providers"
CONFIGURATION = FOLDER / "terraform.rc"
LOG = FOLDER / "init.log"

# Where added software customarily goes, and how far below it a mirror may be.
CUSTOMARY_ROOTS = ("/opt", "/usr/local", "/usr/share", "/usr/lib", "/srv", "~")
DEPTH = 4
# Installed packages: thousands of folders, and none is a mirror.
PACKAGES = frozenset({"node_modules", "site-packages", "dist-packages"})
HIDDEN_BUT_LIKELY = frozenset({".terraform.d", ".local", ".terraform"})


def check_terraform() -> None:
    """Check the Terraform on the PATH.

    Raises
    ------
    Failure
        If there is none or it is too old.
    """
    need = ".".join(map(str, MINIMUM_TERRAFORM))
    program = shutil.which("terraform")
    if program is None:
        raise Failure(f"Terraform {need} or newer is needed, and there is no terraform on the PATH")
    done = subprocess.run(
        [program, "version", "-json"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
    )
    try:
        version = str(json.loads(done.stdout)["terraform_version"])
    except (ValueError, KeyError):
        raise Failure(f"{program} doesn't say its version", done.stderr) from None
    if tuple(int(part) for part in re.findall(r"\d+", version)[:2]) < MINIMUM_TERRAFORM:
        raise Failure(f"Terraform {need} or newer is needed, and {program} is {version}")


def locked_version(lock_file: Path = LOCK_FILE) -> str:
    """Return the version of the AWS provider that a dependency lock file names.

    Raises
    ------
    Failure
        If the file names none.
    """
    block = re.search(rf'provider "{re.escape(PROVIDER)}" {{(.*?)\n}}', lock_file.read_text(encoding="utf-8"), re.S)
    version = block and re.search(r'^\s*version\s*=\s*"([^"]+)"', block[1], re.M)
    if not version:
        raise Failure(f"{lock_file.relative_to(ROOT)} names no version of {PROVIDER}")
    return version[1]


def terraform_platform() -> str:
    """Return this system and processor as Terraform calls them, such as ``linux_amd64``."""
    machine = platform.machine().lower()
    processor = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{processor}"


def holds_provider(mirror: Path, version: str, target: str) -> bool:
    """Tell whether a mirror holds a version of the provider for a platform, packed or not."""
    provider = mirror / PROVIDER
    unpacked = provider / version / target
    packed = provider / f"terraform-provider-aws_{version}_{target}.zip"
    return packed.is_file() or any(unpacked.glob("terraform-provider-aws*"))


def mirrors_below(root: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield the folders below `root` that hold ``registry.terraform.io/hashicorp/aws``, nearest first.

    Parameters
    ----------
    root
        Where to start; it may itself be a mirror.
    depth
        How many levels below it to look.
    """
    level = [root]
    for _ in range(depth + 1):
        following: list[Path] = []
        for folder in level:
            try:
                if (folder / PROVIDER).is_dir():
                    yield folder
                with os.scandir(folder) as entries:
                    following += [
                        Path(entry.path)
                        for entry in sorted(entries, key=lambda entry: entry.name)
                        if entry.is_dir(follow_symlinks=False)
                        and entry.name not in PACKAGES
                        and (not entry.name.startswith(".") or entry.name in HIDDEN_BUT_LIKELY)
                    ]
            except OSError:
                continue
        level = following


def find_mirror(
    version: str,
    target: str,
    variables: Mapping[str, str] = os.environ,
    roots: Iterable[str] = CUSTOMARY_ROOTS,
) -> Path | None:
    """Find a provider mirror on this host.

    Parameters
    ----------
    version, target
        What it must hold.
    variables
        The environment variables; ``TF_PLUGIN_MIRROR`` names a mirror, and then no other is looked for.
    roots
        Folders to look below.

    Raises
    ------
    Failure
        If ``TF_PLUGIN_MIRROR`` names a folder that doesn't hold the provider.
    """
    if named := variables.get("TF_PLUGIN_MIRROR"):
        mirror = Path(named).expanduser().absolute()
        if not holds_provider(mirror, version, target):
            raise Failure(f"TF_PLUGIN_MIRROR={named} doesn't hold {PROVIDER} {version} for {target}")
        return mirror
    for root in roots:
        for mirror in mirrors_below(Path(root).expanduser()):
            if STATE not in (mirror, *mirror.parents) and holds_provider(mirror, version, target):
                return mirror
    return None


def registry_answers(timeout: float = 4.0) -> bool:
    """Tell whether the Terraform registry can be reached.

    Parameters
    ----------
    timeout
        How long to wait for it, in seconds.
    """
    try:
        with urllib.request.urlopen(f"https://{REGISTRY}/.well-known/terraform.json", timeout=timeout) as answer:
            return "providers.v1" in json.load(answer)
    except (OSError, ValueError):
        return False


def configuration(mirror: Path | None, cache: Path | None = None) -> str:
    """Return a Terraform CLI configuration.

    Parameters
    ----------
    mirror
        The only place to take providers from; None for the registry.
    cache
        Where to keep what is fetched, and to look before fetching.
    """
    lines = ["disable_checkpoint = true"]
    if cache:
        # The lock files needn't hold a checksum of the unpacked provider: that of the fetched zip was verified.
        lines += [f"plugin_cache_dir = {json.dumps(str(cache))}", "plugin_cache_may_break_dependency_lock_file = true"]
    if mirror:
        lines.append(f"provider_installation {{ filesystem_mirror {{ path = {json.dumps(str(mirror))} }} }}")
    return "\n".join(lines) + "\n"


def prepare() -> str:
    """Make the provider available, unless it is, and write Terraform's CLI configuration.

    Returns
    -------
    str
        Where it came from, in a few words.

    Raises
    ------
    Failure
        If neither registry nor mirror has the provider.
    """
    version, target = locked_version(), terraform_platform()
    with locked(FOLDER / "lock"):
        if CONFIGURATION.is_file() and holds_provider(PROVIDERS, version, target):
            return f"hashicorp/aws {version} is there"
        mirror = find_mirror(version, target) if os.environ.get("TF_PLUGIN_MIRROR") else None
        if mirror is None and not registry_answers():
            mirror = find_mirror(version, target)
            if mirror is None:
                raise Failure(
                    f"The Terraform registry doesn't answer, and no mirror on this host holds {PROVIDER} {version} "
                    f"for {target}.\nEither let this host reach {REGISTRY}, or make a mirror where it can be reached,\n"
                    f"  terraform -chdir={INFRASTRUCTURE}/terraform providers mirror -platform={target} FOLDER\n"
                    "bring FOLDER here and set TF_PLUGIN_MIRROR=FOLDER"
                )
        fetch(mirror)
        return f"hashicorp/aws {version} from {f'the mirror {mirror}' if mirror else 'the registry'}"


def fetch(mirror: Path | None) -> None:
    """Put the provider that the lock file names into `PROVIDERS`, and write how Terraform gets it from there.

    Parameters
    ----------
    mirror
        Where it comes from; None for the registry.

    Raises
    ------
    Failure
        If Terraform can't fetch it or its checksum isn't in the lock file.
    """
    shutil.rmtree(PROVIDERS, ignore_errors=True)
    PROVIDERS.mkdir(parents=True)
    fetching = configuration(mirror, cache=PROVIDERS)
    if not try_init(fetching):
        raise Failure("Terraform could not fetch the AWS provider", programs.tail(LOG))
    alone = configuration(PROVIDERS)
    # Some platforms' lock entries have checksums of zips alone. There the registry is asked each time.
    usable = try_init(alone)
    CONFIGURATION.write_text(alone if usable else fetching, encoding="utf-8")


def try_init(text: str) -> bool:
    """Tell whether Terraform's init succeeds with a CLI configuration, in an empty root that needs the provider."""
    trial = FOLDER / "trial"
    shutil.rmtree(trial, ignore_errors=True)
    trial.mkdir(parents=True)
    shutil.copyfile(LOCK_FILE, trial / LOCK_FILE.name)
    shutil.copyfile(LOCK_FILE.parent / "versions.tf", trial / "versions.tf")
    (trial / "terraform.rc").write_text(text, encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = ("terraform", f"-chdir={trial}", "init")
    options = ("-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    variables = {**clean, "TF_CLI_CONFIG_FILE": str(trial / "terraform.rc")}
    ended = programs.run((*command, *options), LOG, ROOT, variables, accepted=range(256))
    shutil.rmtree(trial, ignore_errors=True)
    return ended == 0
