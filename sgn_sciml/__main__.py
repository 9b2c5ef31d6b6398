"""``python -m sgn_sciml`` is ``sgn``."""

import sys

from sgn_sciml.app.cli import main

sys.exit(main())
