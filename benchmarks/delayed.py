#!/usr/bin/env python3
"""Runs a Python script with a delay before each of its requests to AWS, as if AWS were as far away as it is.

delayed.py 0.1 SCRIPT [ARGUMENT ...]    0.1 s before each request
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse

_send = URLLib3Session.send


def main() -> None:
    """Run the script that the command line names."""
    seconds = float(sys.argv[1])

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        time.sleep(seconds)
        return _send(session, request)

    URLLib3Session.send = send  # type: ignore[method-assign, assignment]
    sys.argv = sys.argv[2:]
    # What a script's own folder holds is found as if it were run by itself.
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
