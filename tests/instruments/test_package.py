"""What importing the package costs, and what it offers."""

from __future__ import annotations

import subprocess
import sys

import instruments

_HEAVY = ("scipy", "pandas", "matplotlib", "pymatgen", "openpyxl")


def test_the_import_is_light() -> None:
    code = f"import sys, instruments; print([m for m in {_HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_text_and_binary_stays_light(tmp_path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    from instruments.biologic_writing import write_mpr

    path = write_mpr(tmp_path / "s.mpr", [make_spectrum()])
    code = (
        f"import sys, instruments; instruments.read({str(path)!r}); "
        f"print([m for m in {_HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_name_that_is_offered_is_there() -> None:
    assert all(hasattr(instruments, name) for name in instruments.__all__)
