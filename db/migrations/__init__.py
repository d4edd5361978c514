"""The migrations, packaged with the code; run by `db.session` when a lab needs one.

`REVISIONS` lists them in order as plain text, so that opening an up-to-date lab compares two
words and imports nothing.
"""

from __future__ import annotations

REVISIONS: tuple[str, ...] = ("0001", "0002")
HEAD = REVISIONS[-1]
