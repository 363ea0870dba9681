"""`python -m syncline`."""

from __future__ import annotations

from syncline.cli import script

script()
