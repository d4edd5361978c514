"""The page about formats names every reader and every suffix."""

from __future__ import annotations

from pathlib import Path

from instruments import formats

_PAGE = Path(__file__).parents[2] / "docs" / "formats.md"


def test_the_page_lists_the_registered_readers_with_their_suffixes() -> None:
    rows = {
        cells[1].strip().strip("`"): cells[3]
        for line in _PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := line.split("|")) > 6
    }
    readers = {reader.name: reader.suffixes for reader in formats()}
    assert set(rows) == set(readers)
    for name, suffixes in readers.items():
        assert all(f"`{suffix}`" in rows[name] for suffix in suffixes), name
