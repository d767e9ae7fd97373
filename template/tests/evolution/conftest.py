"""All functions' own modules side by side, so that what one sends another reads.

Settings are there before anything is imported, as in the functions' own tests.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

from local.layout import ROOT

SOURCES = (
    "template/function",
    "2_1_bbws_product_creator",
    "2_1_bbws_create_product",
    "2_1_bbws_audit_logger",
)

os.environ.setdefault("ENVIRONMENT", "local")
os.environ.setdefault("LOG_LEVEL", "INFO")
os.environ.setdefault("AWS_LAMBDA_FUNCTION_NAME", "bbws-under-test-local")
sys.path += [str(ROOT / source / "src") for source in SOURCES]
sys.path.append(str(Path(__file__).resolve().parent.parent))

# The same examples in every run, so that a test fails for what changed in the code alone.
settings.register_profile("quick", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("quick")
