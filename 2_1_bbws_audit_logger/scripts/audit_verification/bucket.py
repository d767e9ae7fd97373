"""The audit bucket as it is read: which objects there are, with all their versions, and what they hold."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from audit_verification.clients import persistently
from common import audit_key
from common.aws import error_code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectVersionsOutputTypeDef, ListObjectVersionsRequestTypeDef


class Archived(Exception):
    """The object's storage class doesn't let it be read before it is restored."""


class Gone(Exception):
    """There is no such object any more."""


@dataclass
class Listed:
    """An object, or what is left of it.

    Parameters
    ----------
    key : str
        Its key.
    versions : list of str
        The ids of its versions, the newest first. A record is written once and has one.
    delete_markers : int
        How often it was removed.
    is_removed : bool
        Whether it is removed now.
    """

    key: str
    versions: list[str] = field(default_factory=list)
    delete_markers: int = 0
    is_removed: bool = False


class AuditBucket:
    """The audit bucket. Failures of AWS that don't pass reach the caller as botocore's exceptions.

    Parameters
    ----------
    client : S3Client
        May be used by several threads at a time.
    name : str
        The bucket's name.
    """

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self._name = name

    def keeps_versions(self) -> bool:
        """Tell whether the bucket would show that an object was written over or removed.

        This is the first call, which soon shows if AWS can't be reached.
        """
        return self._client.get_bucket_versioning(Bucket=self._name).get("Status") == "Enabled"

    def objects(self, prefix: str = "") -> Iterator[Listed]:
        """Yield every object whose key begins so, also the removed ones, in the order of their keys.

        A listing of versions is made of as many requests as one of objects.
        """
        found: dict[str, Listed] = {}
        for page in self._pages(prefix):
            for version in page.get("Versions", []):
                found.setdefault(version["Key"], Listed(version["Key"])).versions.append(version["VersionId"])
            for marker in page.get("DeleteMarkers", []):
                listed = found.setdefault(marker["Key"], Listed(marker["Key"]))
                listed.delete_markers += 1
                listed.is_removed |= marker["IsLatest"]
            # The versions of the last one may go on on the next page.
            for key in sorted(found)[:-1]:
                yield found.pop(key)
        yield from found.values()

    def days(self) -> Iterator[date]:
        """Yield the days that have objects, also if they were all removed."""
        for year in self._folders(""):
            for month in self._folders(year):
                for folder in self._folders(month):
                    if (day := audit_key.day_of_prefix(folder)) is not None:
                        yield day

    def read(self, key: str, most: int) -> bytes:
        """Return what an object holds, at most so many bytes of it.

        Raises
        ------
        Archived, Gone
            It can't be read.
        """

        def read() -> bytes:
            answer = self._client.get_object(Bucket=self._name, Key=key)
            with closing(answer["Body"]) as body:
                # Only one that is read whole is checked for having arrived whole.
                return body.read(most) if answer["ContentLength"] > most else body.read()

        try:
            return persistently(read)
        except ClientError as error:
            if error_code(error) == "InvalidObjectState":
                raise Archived from None
            if error_code(error) == "NoSuchKey":
                raise Gone from None
            raise

    def _folders(self, prefix: str) -> Iterator[str]:
        for page in self._pages(prefix, delimiter="/"):
            for folder in page.get("CommonPrefixes", []):
                yield folder["Prefix"]

    def _pages(self, prefix: str, delimiter: str | None = None) -> Iterator[ListObjectVersionsOutputTypeDef]:
        request: ListObjectVersionsRequestTypeDef = {"Bucket": self._name, "Prefix": prefix}
        if delimiter is not None:
            request["Delimiter"] = delimiter
        while True:
            page = persistently(lambda: self._client.list_object_versions(**request))
            yield page
            if not page["IsTruncated"]:
                return
            request["KeyMarker"] = page["NextKeyMarker"]
            # After a folder there is none, and S3 refuses an empty one.
            request.pop("VersionIdMarker", None)
            if "NextVersionIdMarker" in page:
                request["VersionIdMarker"] = page["NextVersionIdMarker"]
