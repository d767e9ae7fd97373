"""The audit trail: a bucket in which each change record is an object, written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from common.audit_key import AuditKey
from common.aws import error_code
from common.canonical import canonical_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from common.change_record import ChangeRecord


class AuditTrail:
    """Writes records to the bucket.

    Parameters
    ----------
    client : S3Client
        Its errors (botocore's) reach the caller.
    bucket : str
        The audit bucket's name.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def keep(self, record: ChangeRecord) -> bool:
        """Write a record as canonical JSON; it is durable when this returns.

        Returns
        -------
        bool
            Whether this call wrote it: a record that is there already stays as it is.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=AuditKey.of(record).text,
                Body=canonical_json(record),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error_code(error) != "PreconditionFailed":
                raise
            return False
        return True
