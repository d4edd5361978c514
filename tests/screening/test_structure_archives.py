"""An archive that would fill the memory is refused before it is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from screening.errors import UnreadableStructureError
from screening.structures import LARGEST_CIF_BYTES, read_obelix_archive


def test_monstrous_cif_in_an_archive_is_refused_unread(tmp_path: Path) -> None:
    archive, table = tmp_path / "all_cifs.zip", tmp_path / "all.csv"
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as cifs,
        cifs.open("abc.cif", "w", force_zip64=True) as member,
    ):
        blank = b" " * 1_000_000
        for _ in range(LARGEST_CIF_BYTES // len(blank) + 1):
            member.write(blank)
    assert archive.stat().st_size < 100_000
    table.write_text("ID,True Composition\nabc,LiCl\n", encoding="utf-8")
    with pytest.raises(UnreadableStructureError, match="would unpack to") as refused:
        list(read_obelix_archive(archive, table))
    assert "\n" not in str(refused.value)


def test_path_traversal_in_an_archive_reads_no_other_file(tmp_path: Path) -> None:
    archive, table = tmp_path / "all_cifs.zip", tmp_path / "all.csv"
    with zipfile.ZipFile(archive, "w") as cifs:
        cifs.writestr("../../abc.cif", "data_x")
    table.write_text("ID,True Composition\nabc,LiCl\n", encoding="utf-8")
    (record,) = read_obelix_archive(archive, table)
    assert (record.material_id, record.cif) == ("obelix-abc", "data_x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.csv", "all_cifs.zip"]
