"""Fixtures shared by every test folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder with the public data sets, or skip the test.

    The data sets are not part of the repository; ``LABKIT_DATA`` names a folder that has them.
    """
    named = os.environ.get("LABKIT_DATA")
    if not named:
        pytest.skip("LABKIT_DATA is not set: public data sets are not at hand")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.skip(f"LABKIT_DATA={named} is not a folder")
    return folder
