"""``python -m nusmeft_cli``, and in a checkout that is not installed ``-m flavio_nusmeft.cli``."""

from __future__ import annotations

import sys

from . import main

sys.exit(main())
