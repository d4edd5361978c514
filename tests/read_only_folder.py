"""A folder that may only be read, also for the user whom no permission binds."""

from __future__ import annotations

import contextlib
import gc
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take every write permission below `folder`; for root `os.access` tells of them, too."""
    gc.collect()  # a connection that nobody holds any more writes when it is closed
    everything = [folder, *folder.rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in everything}
    ask = os.access

    def access(path: os.PathLike[str] | str, mode: int) -> bool:
        if mode & os.W_OK and Path(path).resolve() in resolved:
            return False
        return ask(path, mode)

    resolved = {path.resolve() for path in everything}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "access", access)
        for path in everything:
            path.chmod(modes[path] & ~0o222)
        try:
            yield
        finally:
            for path in filter(Path.exists, everything):
                path.chmod(modes[path])
