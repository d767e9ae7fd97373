"""The function's published versions, and the alias that says which of them callers get."""

from __future__ import annotations

import base64
import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast
from urllib.error import URLError
from urllib.request import urlopen

import boto3

from deployment import function_name, messages, names, terraform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.literals import ArchitectureType
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef, FunctionConfigurationTypeDef

ALIAS = "live"

# As many stay as may be wanted back.
KEPT = 10

_DOWNLOAD_SECONDS = 60

_OF_A_VERSION = frozenset({"Description", "FunctionArn", "LastModified", "ResponseMetadata", "RevisionId", "Version"})

_BROUGHT_BACK = re.compile(r"Code of version (\d+)\b")


@dataclass(frozen=True)
class Version:
    """A published version.

    Attributes
    ----------
    number : int
        1, 2, …
    code_sha256 : str
        SHA-256 of its package, in base64.
    description : str
        What was said when it was published.
    """

    number: int
    code_sha256: str
    description: str

    @property
    def origin(self) -> int:
        """The version that its code was first published as, if a rollback brought it back; else its own number."""
        found = _BROUGHT_BACK.match(self.description)
        return int(found[1]) if found else self.number

    @property
    def messages(self) -> messages.Messages:
        """What its package reads and sends."""
        return messages.said_in(self.description)


@dataclass(frozen=True)
class Alias:
    """What callers get.

    Attributes
    ----------
    version : str
        The version that gets all requests but those of `weights`.
    weights : mapping
        The share of the requests, 0 to 1, that another version gets.
    revision : str
        Changes with every change of the alias.
    """

    version: str
    revision: str
    weights: Mapping[str, float] = field(default_factory=dict)


class Versions:
    """The versions of a function in an environment. Errors of AWS reach the caller.

    Parameters
    ----------
    function
        Its name without project and environment; by default this repository's.

    Attributes
    ----------
    name : str
        What Lambda calls the function.
    """

    def __init__(self, environment: str, function: str = "") -> None:
        self.name = names.function_in(environment, function or function_name.name())
        self._client: LambdaClient = boto3.client("lambda", region_name=terraform.region(environment))

    def published(self) -> list[Version]:
        """Return all versions that are there, the oldest first."""
        return [_version(known) for known in self._configurations()]

    def _configurations(self) -> list[FunctionConfigurationTypeDef]:
        """Return the configuration of each version, the oldest first."""
        pages = self._client.get_paginator("list_versions_by_function").paginate(FunctionName=self.name)
        found = (known for page in pages for known in page["Versions"] if known["Version"] != "$LATEST")
        return sorted(found, key=lambda known: int(known["Version"]))

    def get(self, number: str) -> Version:
        """Return a version; end the script if it isn't there."""
        published = self.published()
        found = {str(version.number): version for version in published}
        if number not in found:
            terraform.fail(
                f"{self.name} has no version {number}; it has {', '.join(found) or 'none'}. Nothing was changed"
            )
        return found[number]

    def latest_code_sha256(self) -> str | None:
        """Return the SHA-256 (base64) of the newest code, published or not; None if there is no such function."""
        try:
            return self._client.get_function_configuration(FunctionName=self.name)["CodeSha256"]
        except self._client.exceptions.ResourceNotFoundException:
            return None

    def live(self) -> Alias:
        """Return what callers get; end the script if the function was never deployed."""
        alias = self._alias()
        if alias is None:
            terraform.fail(f"{self.name} is not there, or has no alias {ALIAS}: deploy it first")
        return alias

    def in_use(self) -> list[Version]:
        """Return every version that gets some of the requests; none if the function was never deployed."""
        alias = self._alias()
        numbers = (alias.version, *alias.weights) if alias else ()
        return [
            _version(self._client.get_function_configuration(FunctionName=self.name, Qualifier=number))
            for number in numbers
        ]

    def _alias(self) -> Alias | None:
        try:
            alias = self._client.get_alias(FunctionName=self.name, Name=ALIAS)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return Alias(alias["FunctionVersion"], alias["RevisionId"], weights)

    def make_live(self, before: Alias, version: str, weights: Mapping[str, float] | None = None) -> Alias:
        """Say what callers get.

        Parameters
        ----------
        before
            What they get now. If somebody else changed that meanwhile, the script ends.
        version, weights
            As `Alias` has them.
        """
        wanted = dict(weights or {})
        try:
            changed = self._client.update_alias(
                FunctionName=self.name,
                Name=ALIAS,
                FunctionVersion=version,
                RoutingConfig={"AdditionalVersionWeights": wanted},
                RevisionId=before.revision,
            )
        except self._client.exceptions.PreconditionFailedException:
            # A call whose answer was lost is made again by botocore, and then the revision is a former one.
            now = self.live()
            if (now.version, now.weights) == (version, wanted):
                return now
            terraform.fail(
                f"somebody else moved the alias {ALIAS} of {self.name} meanwhile: see who deploys, then run this again"
            )
        return Alias(version, changed["RevisionId"], wanted)

    def code(self, version: Version) -> tuple[bytes, list[str]]:
        """Return a version's package and the processors that it runs on; end the script without that very package."""
        answer = self._client.get_function(FunctionName=self.name, Qualifier=str(version.number))
        try:
            # The address is Lambda's own.
            with urlopen(answer["Code"]["Location"], timeout=_DOWNLOAD_SECONDS) as opened:  # noqa: S310
                package: bytes = opened.read()
        except (URLError, TimeoutError) as error:
            terraform.fail(f"the code of version {version.number} can't be fetched: {error}. Nothing was changed")
        if code_sha256(package) != version.code_sha256:
            terraform.fail(
                f"what Lambda handed out as the code of version {version.number} has another SHA-256 than that "
                "version. Nothing was changed"
            )
        return package, list(answer["Configuration"].get("Architectures", []))

    def publish(self, package: bytes, architectures: Sequence[str] = (), description: str = "") -> str:
        """Publish a package with today's configuration.

        Where nothing changed since the last version, none is published and that one counts.

        Parameters
        ----------
        architectures
            The processors that the package is for; by default those of today's configuration.
        description
            What to say of the version; by default what is said of the function.

        Returns
        -------
        str
            The version's number.
        """
        self._wait("function_updated_v2")
        now = self._client.get_function_configuration(FunctionName=self.name)
        # The same code a second time would be a version of its own.
        if now["CodeSha256"] != code_sha256(package):
            self._client.update_function_code(
                FunctionName=self.name,
                ZipFile=package,
                Architectures=cast("list[ArchitectureType]", list(architectures or now["Architectures"])),
            )
            self._wait("function_updated_v2")
            now = self._client.get_function_configuration(FunctionName=self.name)
        # Lambda would see that too, but not everything that stands in for it.
        if (last := self._configurations()[-1:]) and contents(last[0]) == contents(now):
            return last[0]["Version"]
        # With other code than this, Lambda refuses: somebody deployed meanwhile.
        version = self._client.publish_version(
            FunctionName=self.name,
            CodeSha256=code_sha256(package),
            Description=description or now.get("Description", ""),
        )["Version"]
        self._wait("published_version_active", Qualifier=version)
        return version

    def remove_old(self) -> list[int]:
        """Remove the versions beyond the last `KEPT`, but none that callers get, and return which."""
        alias = self.live()
        in_use = {alias.version, *alias.weights}
        old = [version.number for version in self.published()[:-KEPT] if str(version.number) not in in_use]
        for number in old:
            # Gone already: a call whose answer was lost was made again.
            with suppress(self._client.exceptions.ResourceNotFoundException):
                self._client.delete_function(FunctionName=self.name, Qualifier=str(number))
        return old

    def _wait(self, what: Literal["function_updated_v2", "published_version_active"], **which: str) -> None:
        self._client.get_waiter(what).wait(
            FunctionName=self.name, **which, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )


def _version(configuration: FunctionConfigurationTypeDef | FunctionConfigurationResponseTypeDef) -> Version:
    number, code = int(configuration["Version"]), configuration["CodeSha256"]
    return Version(number, code, configuration.get("Description", ""))


def contents(configuration: Mapping[str, object]) -> dict[str, object]:
    """Return what a configuration says of code and settings, and not of when and as what they were published."""
    return {
        name: value
        for name, value in configuration.items()
        if name not in _OF_A_VERSION and not name.startswith(("LastUpdateStatus", "State"))
    }


def code_sha256(package: bytes) -> str:
    """Return the SHA-256 of a package as Lambda writes it."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode()
