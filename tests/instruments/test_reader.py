"""The one door: what is recognised, what is refused, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from instruments import InstrumentFileError, formats, read
from instruments.errors import EmptyFileError, FileAccessError, UnknownFormatError
from instruments.identity import file_sha256

_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100)


def test_readers_have_distinct_names_and_a_description() -> None:
    names = [info.name for info in formats()]
    assert {"biologic-mpr", "biologic-mpt"} <= set(names)
    assert len(names) == len(set(names))
    assert all(info.description and info.version for info in formats())


def test_a_jpeg_named_mpr_is_called_a_jpeg(tmp_path: Path) -> None:
    (target := tmp_path / "photo.mpr").write_bytes(_JPEG)
    with pytest.raises(UnknownFormatError) as caught:
        read(target)
    assert str(caught.value) == "photo.mpr: this is a JPEG image, not a biologic-mpr file"


def test_missing_empty_and_folder(tmp_path: Path) -> None:
    (tmp_path / "empty.mpr").touch()
    with pytest.raises(FileAccessError, match=r"^none\.mpr: no such file$"):
        read(tmp_path / "none.mpr")
    with pytest.raises(EmptyFileError, match=r"^empty\.mpr: is empty \(0 bytes\)"):
        read(tmp_path / "empty.mpr")
    with pytest.raises(FileAccessError, match="is a folder"):
        read(tmp_path)


def test_unknown_content_names_the_way_out() -> None:
    with pytest.raises(UnknownFormatError, match=r"^notes\.xyz: no reader knows .*\(f=\.\.\., re="):
        read("notes.xyz", content=b"\x00\x01binary rubbish")


def test_content_is_trusted_before_the_suffix(tmp_path: Path, make_spectrum) -> None:  # type: ignore[no-untyped-def]
    from instruments.biologic_writing import write_mpr

    content = write_mpr(tmp_path / "a.mpr", [make_spectrum()]).read_bytes()
    measured = read("wrong-suffix.mpt", content=content)
    assert measured.format == "biologic-mpr"
    assert measured.size_bytes == len(content)
    assert measured.sha256 == file_sha256(content)


@pytest.mark.parametrize("name", ["x.mpr", "x.mpt", "x.mps", "x.mpl"])
@pytest.mark.parametrize("content", [b"\x00", b"\n", b" ", b"\xff\xfe", b"EC-Lab ASCII FILE"])
def test_nearly_nothing_is_refused_by_our_own_exceptions(name: str, content: bytes) -> None:
    with pytest.raises(InstrumentFileError) as caught:
        read(name, content=content)
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)
