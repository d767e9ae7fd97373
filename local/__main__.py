"""Entry point of ``python -m local COMMAND``, written so that even an old Python can say what is wrong."""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Python 3.11 or newer is needed, and this is %s (%s).\n"
        "Name a newer one like this: make PYTHON=python3.12 up" % (sys.version.split()[0], sys.executable)
    )

from local.command_line import main

sys.exit(main())
