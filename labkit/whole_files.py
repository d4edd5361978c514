"""Files that are there completely or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a path of its own beside `path`, which takes its place when the block ends well.

    Two who write the same file at once do not meet; the last one stays. Where the block or the
    renaming fails, what was there before is still there, and nothing else is.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    private : bool
        Whether only its owner may read the file.

    Yields
    ------
    Path
        To write to; it ends like `path`.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    if private:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
    else:
        temporary = path.with_name(f".part-{secrets.token_hex(8)}{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
