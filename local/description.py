"""``stack.json``: addresses, names and keys of a stack, for tests, scripts and people."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, TypedDict, cast

from local import ministack, terraform_provider
from local.credentials import SECRET
from local.failure import Failure
from local.layout import ACCOUNT_ID, DEFAULT_PORT, ENVIRONMENT, REGION, StackFolder
from local.secret_file import write_secret, write_secret_text

if TYPE_CHECKING:
    from collections.abc import Mapping


class Description(TypedDict):
    """What the file holds.

    `sessionToken` is that of the account's root. `apiUrl` goes up to and including ``/v1.0``, `apiKeys` is by client,
    and `referencePageUrl` is null where there is no such page.
    """

    apiUrl: str
    referencePageUrl: str | None
    endpointUrl: str
    region: str
    accountId: str
    sessionToken: str
    apiKeys: dict[str, str]
    tableName: str
    changeQueueUrl: str
    changeDlqUrl: str
    auditQueueUrl: str
    auditDlqUrl: str
    auditBucket: str


def describe(folder: StackFolder, infrastructure: Mapping[str, object], reference_page: str | None) -> Description:
    """Write down a stack whose infrastructure has these outputs, and the address of its reference page."""
    values = json.loads(folder.api_keys.read_text(encoding="utf-8"))
    # In the course of a rotation a client has two keys; the first is the one to use.
    valid = cast("dict[str, list[dict[str, str]]]", infrastructure["api_keys"])
    description: Description = {
        "apiUrl": f"{folder.endpoint_url}/restapis/{infrastructure['api_id']}/{ENVIRONMENT}/_user_request_/v1.0",
        "referencePageUrl": reference_page,
        "endpointUrl": folder.endpoint_url,
        "region": REGION,
        "accountId": ACCOUNT_ID,
        "sessionToken": ministack.root_token(folder),
        "apiKeys": {client: values[keys[0]["name"]] for client, keys in valid.items()},
        "tableName": str(infrastructure["table_name"]),
        "changeQueueUrl": str(infrastructure["change_queue_url"]),
        "changeDlqUrl": str(infrastructure["change_dlq_url"]),
        "auditQueueUrl": str(infrastructure["audit_queue_url"]),
        "auditDlqUrl": str(infrastructure["audit_dlq_url"]),
        "auditBucket": str(infrastructure["audit_bucket_name"]),
    }
    write_secret(folder.description, description)
    write_secret_text(folder.shell_variables, shell_variables(folder, description))
    return description


def shell_variables(folder: StackFolder, description: Description) -> str:
    """Return what points a shell's programs at a stack: the repositories' scripts, Terraform, AWS's command line."""
    variables = {
        "AWS_ENDPOINT_URL": folder.endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": description["sessionToken"],
        "API_URL": description["apiUrl"],
        "TF_CLI_CONFIG_FILE": str(terraform_provider.CONFIGURATION),
    }
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def described(folder: StackFolder) -> Description:
    """Return what was written down about a stack.

    Raises
    ------
    Failure
        If nothing was, because it was never fully deployed.
    """
    try:
        return cast("Description", json.loads(folder.description.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise Failure(f"the stack of port {folder.port} isn't wholly deployed: make up{_with_port(folder)}") from None


def running_stack(folder: StackFolder) -> Description:
    """Return what was written down about a stack that runs.

    Raises
    ------
    Failure
        If it doesn't.
    """
    if ministack.running(folder) is None:
        raise Failure(f"no stack runs on port {folder.port}: make up{_with_port(folder)}")
    return described(folder)


def _with_port(folder: StackFolder) -> str:
    return "" if folder.port == DEFAULT_PORT else f" PORT={folder.port}"
