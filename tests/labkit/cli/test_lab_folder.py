"""``labkit report``, ``export``, ``backup``, ``restore`` and ``doctor``: the lab as a whole."""

from __future__ import annotations

import csv
import json
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


class _Links(HTMLParser):
    """Collect what a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href") and value and not value.startswith(("data:", "#")):
                self.outside.append(value)


def test_the_report_is_one_file_that_needs_no_network(measured_lab: Any, tmp_path: Path) -> None:
    measured_lab("arrhenius", "LBS-1")
    measured_lab("label", "propose", "M1", "--by", "A. See")

    done = measured_lab("report", "--output", tmp_path / "lab.html", "--json")

    assert done.json == {"report": str(tmp_path / "lab.html")}
    page = (tmp_path / "lab.html").read_text(encoding="utf-8")
    links = _Links()
    links.feed(page)
    assert links.outside == []
    for part in ("M7", "simulated_85C.mpr", "Arrhenius", "LBS-1", "L1", "Nyquist"):
        assert part in page


def test_the_report_of_an_empty_lab_is_written_into_it(lab: Any, lab_folder: Path) -> None:
    assert lab("report").code == 0

    assert (lab_folder / "report.html").is_file()


def test_a_batch_and_a_ranking_have_reports_of_their_own(
    measured_lab: Any, lab_folder: Path, tmp_path: Path
) -> None:
    measured_lab("pellet", "add", "LBS-2", "--formula", "Li3BS3", "--thickness", "0.8mm",
                 "--diameter", "6.35mm", "--batch", "first/second")  # fmt: skip

    done = measured_lab("report", "--batch", "first/second", "--json")

    assert done.json == {"report": str(lab_folder / "report-batch-first_second.html")}
    page = (lab_folder / "report-batch-first_second.html").read_text(encoding="utf-8")
    assert "LBS-2" in page and "LBS-1" not in page


def test_the_newest_ranking_is_reported_by_its_number(ranking_lab: Any, tmp_path: Path) -> None:
    assert ranking_lab("report", "--ranking", "last").error_lines == [
        "labkit: this lab has no ranking yet; make one with rank"
    ]
    ranking_lab("rank")

    path = ranking_lab("report", "--ranking", "last", "--json").json["report"]

    assert Path(path).name == "report-R1.html"
    assert "What moved, and why" in Path(path).read_text(encoding="utf-8")


def test_a_report_that_cannot_be_made_is_refused_in_a_line(lab: Any, tmp_path: Path) -> None:
    assert lab("report", "--batch", "a", "--ranking", "R1").code == 2
    for words, told in (
        (("--batch", "none"), "no pellet and no pattern of this lab belongs to a batch 'none'"),
        (("--ranking", "R7"), "there is no ranking R7 in this lab"),
        (("--ranking", "x"), "'x'"),
        (("--output", tmp_path / "no" / "a.html"), "there is no folder"),
    ):
        outcome = lab("report", *words)
        assert outcome.code == 1
        (line,) = outcome.error_lines
        assert told in line


def test_measurements_are_exported_with_unit_names(measured_lab: Any, tmp_path: Path) -> None:
    done = measured_lab("export", "measurements", "--output", tmp_path / "m.csv", "--json")

    assert done.json["rows"] == 7
    with (tmp_path / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = measured_lab("eis", "M1", "--json").json
    assert rows[0]["file"] == "simulated_25C.mpr"
    assert float(rows[0]["sigma_S_per_cm"]) == shown["sigma_S_per_cm"]
    assert float(rows[0]["window_low_hz"]) == shown["window_hz"][0]


def test_labels_are_exported_as_json(ranking_lab: Any, tmp_path: Path) -> None:
    ranking_lab("export", "labels", "--output", tmp_path / "labels.json")

    rows = json.loads((tmp_path / "labels.json").read_text(encoding="utf-8"))
    assert [row["label"] for row in rows] == ["L1", "L2", "L3", "L4"]
    assert rows[1]["sigma_S_per_cm"] == 8.5e-4


def test_a_backup_restored_elsewhere_is_the_same_lab(
    shell: Any, measured_lab: Any, tmp_path: Path
) -> None:
    before = measured_lab("eis", "M3", "--json").json

    made = measured_lab("backup", tmp_path / "safe", "--json").json
    restored = shell("--lab", tmp_path / "new", "restore", tmp_path / "safe", "--json").json

    assert made["raw_files"] == restored["raw_files"] == 7
    assert shell("--lab", tmp_path / "new", "eis", "M3", "--json").json == before
    assert shell("--lab", tmp_path / "new", "doctor", "--json").json["healthy"] is True
    assert shell("--lab", tmp_path / "new", "replay", "--all").code == 0


def test_the_settings_come_along_with_a_backup(
    shell: Any, measured_lab: Any, lab_folder: Path, tmp_path: Path
) -> None:
    (lab_folder / "lab.toml").write_text('[labels]\nreviewer = "K. Lab"\n', encoding="utf-8")

    measured_lab("backup", tmp_path / "safe")
    shell("--lab", tmp_path / "new", "restore", tmp_path / "safe")

    proposed = shell("--lab", tmp_path / "new", "label", "propose", "M1")
    assert proposed.code == 0


def test_looking_at_a_backup_leaves_it_whole(shell: Any, measured_lab: Any, tmp_path: Path) -> None:
    measured_lab("backup", tmp_path / "safe")

    looked = shell("--lab", tmp_path / "safe", "doctor")

    assert looked.code == 1
    assert "is a backup" in looked.err
    assert shell("--lab", tmp_path / "new", "restore", tmp_path / "safe").code == 0


def test_a_backup_never_overwrites(measured_lab: Any, lab_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir()
    (tmp_path / "safe" / "thesis.txt").write_text("mine", encoding="utf-8")

    assert measured_lab("backup", tmp_path / "safe").code == 1
    assert measured_lab("restore", tmp_path / "safe").code == 1

    assert (tmp_path / "safe" / "thesis.txt").read_text(encoding="utf-8") == "mine"
    assert measured_lab("doctor").code == 0


def test_a_whole_lab_is_healthy(measured_lab: Any) -> None:
    assert measured_lab("doctor").out.strip() == "the lab is whole"


def test_a_damaged_raw_file_is_found(measured_lab: Any, lab_folder: Path) -> None:
    stored = next(path for path in (lab_folder / "raw").rglob("*") if path.is_file())
    stored.chmod(stat.S_IRUSR | stat.S_IWUSR)
    stored.write_bytes(stored.read_bytes()[:-1] + b"!")

    done = measured_lab("doctor", "--json")

    assert done.code == 1
    assert [problem["code"] for problem in done.json["problems"]] == ["raw-file-changed"]


def test_a_missing_raw_file_is_found(measured_lab: Any, lab_folder: Path) -> None:
    next(path for path in (lab_folder / "raw").rglob("*") if path.is_file()).unlink()

    done = measured_lab("doctor")

    assert done.code == 1
    assert "backup" in done.out
