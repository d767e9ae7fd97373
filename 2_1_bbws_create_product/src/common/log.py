"""The logger: one line of JSON for each event, with the ids that tie the functions' logs together.

Keys and what customers write stay out of it at INFO and above: ids, counts, codes and times are enough to follow a
change.
"""

from __future__ import annotations

from aws_lambda_powertools.logging import Logger

from common import configuration

logger = Logger(
    service="bbws-product",
    level=configuration.required("LOG_LEVEL"),
    utc=True,
    use_rfc3339=True,
    environment=configuration.required("ENVIRONMENT"),
)
