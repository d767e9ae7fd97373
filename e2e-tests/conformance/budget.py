"""How much is tried in a run, and from where its random choices begin."""

from __future__ import annotations

import os
import random

# Requests that schemathesis makes up for each operation and caller, beside some eighty that follow from the document.
EXAMPLES = int(os.environ.get("EXAMPLES") or "10")

# The same seed makes the same requests again, but for the ids that a new run's products have.
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(2**32))
