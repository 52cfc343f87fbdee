"""``python -m edge`` is ``shelfwire``."""

import sys

from edge.cli import main

sys.exit(main())
