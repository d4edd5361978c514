"""Wrong input is one clear line, exit code 1 or 2, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from instruments.biologic_writing import write_mpt


@pytest.fixture
def bad_files(simulated_series: Path, simulated_twin: tuple[Path, Path], tmp_path: Path) -> Path:
    """Return a folder with files that cannot be imported."""
    whole = (simulated_series / "simulated_25C.mpr").read_bytes()
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "photo.mpr").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(4000))
    (folder / "cut.mpr").write_bytes(whole[: len(whole) // 2])
    (folder / "stub.mpr").write_bytes(whole[:60])
    (folder / "empty.mpr").write_bytes(b"")
    text = simulated_twin[1].read_bytes()
    (folder / "nofreq.mpt").write_bytes(_without_column(text, b"freq/Hz"))
    # the modulus and the phase alone would still be an impedance
    no_z = _without_column(_without_column(text, b"Re(Z)/Ohm"), b"|Z|/Ohm")
    (folder / "noz.mpt").write_bytes(no_z)
    (folder / "notes.txt").write_text("dear diary\n", encoding="utf-8")
    return folder


def _without_column(content: bytes, name: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    head = next(i for i, line in enumerate(lines) if name in line.split(b"\t"))
    at = lines[head].split(b"\t").index(name)
    for i in range(head, len(lines)):
        cells = lines[i].split(b"\t")
        if len(cells) > at:
            lines[i] = b"\t".join(cells[:at] + cells[at + 1 :])
    return b"".join(lines)


def assert_one_line(done: Any, *said: str) -> None:
    """Assert that a command was refused in one line that names what is wrong."""
    assert done.code in (1, 2)
    assert len(done.error_lines) == 1, done.err
    assert done.err.startswith("labkit: ")
    assert "internal error" not in done.err
    assert "Traceback" not in done.err
    for part in said:
        assert part in done.err


def contents(folder: Path) -> dict[str, bytes]:
    """Return the raw files of a lab."""
    raw = folder / "raw"
    return {str(path): path.read_bytes() for path in raw.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no-such-file.mpr", "no such file"),
        ("photo.mpr", "photo.mpr"),
        ("cut.mpr", "cut.mpr"),
        ("stub.mpr", "stub.mpr"),
        ("empty.mpr", "empty"),
        ("nofreq.mpt", "frequency"),
        ("noz.mpt", "noz.mpt"),
        ("notes.txt", "notes.txt"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    lab: Any, lab_folder: Path, bad_files: Path, name: str, said: str
) -> None:
    done = lab("import", bad_files / name)

    assert_one_line(done, name, said)
    assert done.code == 1
    assert contents(lab_folder) == {}
    assert lab("eis", "M1").code == 1


@pytest.mark.parametrize("name", ["photo.mpr", "cut.mpr", "nofreq.mpt", "no-such-file.mpr"])
def test_inspect_refuses_the_same_files(shell: Any, bad_files: Path, name: str) -> None:
    assert_one_line(shell("inspect", bad_files / name), name)


def test_an_unknown_pellet_is_named_before_anything_is_read(
    lab: Any, lab_folder: Path, simulated_series: Path
) -> None:
    done = lab("import", "--pellet", "nobody", simulated_series)

    assert_one_line(done, "nobody")
    assert contents(lab_folder) == {}


def test_an_unknown_pellet_in_a_sheet_stops_the_import(
    lab: Any, lab_folder: Path, simulated_series: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file,pellet\nsimulated_25C.mpr,nobody\n", encoding="utf-8")

    assert_one_line(lab("import", "--table", sheet, simulated_series), "nobody")
    assert contents(lab_folder) == {}


@pytest.mark.parametrize(
    ("temperature", "said"), [("25", "unit"), ("-300C", "zero"), ("warm", "25")]
)
def test_a_temperature_that_is_none_is_refused(
    lab: Any, lab_folder: Path, simulated_series: Path, temperature: str, said: str
) -> None:
    file = simulated_series / "simulated_25C.mpr"

    assert_one_line(lab("import", f"--temperature={temperature}", file), said)
    assert contents(lab_folder) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eis", "M99"), "M99"),
        (("eis", "nonsense"), "nonsense"),
        (("arrhenius", "nobody"), "nobody"),
        (("label", "propose", "M99", "--by", "x"), "M99"),
        (("label", "propose", "L1", "--by", "x"), "measurement"),
        (("label", "accept", "L99", "--by", "x", "--reason", "y"), "L99"),
        (("label", "show", "L99"), "L99"),
        (("label", "match", "L99", "mp-1", "--by", "x"), "L99"),
        (("label", "list", "--formula", "?!"), "formula"),
        (("structures", "show", "mp-0"), "mp-0"),
        (("rank", "--since", "R9"), "structure"),
        (("why", "A99"), "A99"),
        (("why", "something"), "something"),
        (("why", "Q9"), "no pellet and no structure is called so either"),
        (("watch", "no-such-folder"), "no such folder"),
        (("replay", "A99"), "A99"),
        (("replay", "L1"), "analysis"),
        (("export", "labels", "--output", "labels.docx"), ".csv"),
        (("export", "labels", "--output", "no-such-folder/labels.csv"), "no-such-folder"),
        (("report", "--output", "no-such-folder/lab.html"), "no-such-folder"),
        (("restore", "no-such-backup"), "no-such-backup"),
        (("import", "no-such-file.mpr", "--table", "no-such-sheet.csv"), "no-such-sheet.csv"),
    ],
)
def test_what_the_lab_does_not_hold_is_named(
    lab: Any, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert_one_line(lab(*words), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("improt", "a.mpr"), "improt"),
        (("import",), "PATHS"),
        (("import", "--pelet", "LBS-1", "a.mpr"), "--pelet"),
        (("export", "everything", "--output", "a.csv"), "everything"),
        (("label", "accept", "L1"), "--reason"),
        (("rank", "--depth", "1"), "--depth"),
        (("pellet", "add", "a", "--formula", "Li3N", "--thickness", "1mm"), "--diameter"),
        (("simulate", "--count", "0", "folder"), "--count"),
    ],
)
def test_a_command_that_is_not_understood_ends_with_two(
    lab: Any, words: tuple[str, ...], said: str
) -> None:
    done = lab(*words)

    assert_one_line(done, said, "--help")
    assert done.code == 2


@pytest.mark.parametrize("words", [(), ("label",)])
def test_a_group_alone_shows_its_help_as_it_is(shell: Any, words: tuple[str, ...]) -> None:
    done = shell(*words)

    assert done.code == 2
    assert done.err.startswith("Usage: labkit")
    assert len(done.error_lines) > 10


@pytest.mark.parametrize("command", [("pellet", "list"), ("import", "a.mpr"), ("rank",)])
def test_a_folder_that_is_no_lab_is_left_as_it_is(
    shell: Any, tmp_path: Path, command: tuple[str, ...]
) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter1.tex").write_text("text", encoding="utf-8")

    assert_one_line(shell("--lab", thesis, *command), "thesis", "init")
    assert_one_line(shell("--lab", tmp_path / "nowhere", *command), "nowhere", "init")
    assert_one_line(shell("--lab", thesis, "init"), "not empty")
    assert_one_line(shell("--lab", thesis / "chapter1.tex", "init"), "is a file")

    assert [path.name for path in thesis.iterdir()] == ["chapter1.tex"]
    assert not (tmp_path / "nowhere").exists()


def test_a_database_that_is_none_is_not_opened(shell: Any, tmp_path: Path) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "lab.db").write_text("this is not SQLite", encoding="utf-8")

    assert_one_line(shell("--lab", fake, "pellet", "list"), "lab.db")
    assert (fake / "lab.db").read_text(encoding="utf-8") == "this is not SQLite"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[lab\n", "TOML"),
        ("[lap]\nname = 'x'\n", "lap"),
        ("[cell]\npressure = 3\n", "pressure"),
        ("[cell]\ntemperature_se_K = 'warm'\n", "temperature_se_K"),
        ("[lab]\ntime_zone = 'Mars/Olympus'\n", "Mars/Olympus"),
    ],
)
def test_a_wrong_lab_file_is_named_with_its_line(
    lab: Any, lab_folder: Path, text: str, said: str
) -> None:
    (lab_folder / "lab.toml").write_text(text, encoding="utf-8")

    assert_one_line(lab("pellet", "list"), "lab.toml", said)


def test_with_json_an_error_is_still_one_json_value(lab: Any) -> None:
    done = lab("eis", "M99", "--json")

    assert_one_line(done, "M99")
    assert done.json["error"] in done.err


def test_an_error_that_nobody_foresaw_is_one_line_as_well(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("labkit.workflows.pellets.list_pellets", fail)

    done = lab("pellet", "list")

    assert done.code == 1
    assert len(done.error_lines) == 1
    assert "please report it: ZeroDivisionError: oops" in done.err


def test_a_spectrum_of_three_points_is_kept_but_rejected(lab: Any, tmp_path: Path) -> None:
    from instruments.records import ImpedanceSpectrum

    short = tmp_path / "short_25C.mpt"
    record = ImpedanceSpectrum(
        frequency_hz=[100.0, 10.0, 1.0], z_ohm=[100 - 1j, 101 - 10j, 110 - 100j], technique="PEIS"
    )
    write_mpt(short, [record])

    done = lab("import", short, "--json")

    assert done.code == 0
    (sweep,) = done.json["files"][0]["sweeps"]
    assert sweep["verdict"] == "rejected"
    assert sweep["resistance_ohm"] is None
    assert sweep["messages"]
