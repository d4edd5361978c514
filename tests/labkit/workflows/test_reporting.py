"""Reports of a batch and of a ranking: complete, in one file, harmless, and the same numbers."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from db.errors import UnknownRankingError
from labkit.errors import NotFoundError
from labkit.wording import with_errors
from labkit.workflows.batch_report import batch_report
from labkit.workflows.lab import Lab
from labkit.workflows.labelling import decide_label, list_labels, propose_label
from labkit.workflows.pellet_views import view_batch
from labkit.workflows.ranking import rank_candidates
from labkit.workflows.ranking_report import ranking_report
from labkit.workflows.reporting import write_batch_report, write_ranking_report
from labkit.workflows.stored_rankings import stored_ranking
from tests.labkit.silicon_series import BATCH


class _Page(HTMLParser):
    """What a browser would see: the text, and every address that it would ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [
            value or "" for name, value in attributes if name in ("src", "href", "srcset", "data")
        ]
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def _check_one_file(html: str) -> _Page:
    page = _Page(html)
    assert not {"script", "iframe", "object", "form", "base"} & set(page.tags)
    assert all(address.startswith(("data:", "#")) for address in page.asked)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style
    return page


def test_a_batch_is_reported_whole_and_harmless(batch_lab: Lab) -> None:
    proposed = propose_label(batch_lab, "M1", actor="A. See")
    decide_label(batch_lab, proposed["label"], "reject", reason="too <i>thin</i>", actor="B. Lee")
    view = view_batch(batch_lab, BATCH)

    page = _check_one_file(batch_report(batch_lab, BATCH))

    titles = re.findall(r"^\d+\. (.*)$", page.text, re.MULTILINE)
    assert titles == [
        "At a glance", "Pellets", "Reporting checklist", "Conductivities", "Spectra",
        "Arrhenius and replicates", "Diffraction", "Vegard’s law", "Labels",
        "Where the numbers come from",
    ]  # fmt: skip
    assert BATCH in page.text and "<script>alert(1)</script>" in page.text
    assert "Missing for a published report: phase or space group" in page.text
    assert page.text.count("missing") >= 2 * 5
    for name in ("one", "two $a", "M1", "M5"):
        assert name in page.text
    assert "too <i>thin</i>" in page.text and "B. Lee" in page.text
    one = view["pellets"][0]["series"]
    assert with_errors(one["ea_eV"], one["ea_se_eV"]) in page.text
    assert "two temperatures are needed" in page.text  # of the other pellet
    for refined in view["refinements"]:
        assert refined["cell_words"] in page.text and refined["sha256"] in page.text
    assert "impurity?" in page.text
    assert f"law holds up to x = {view['vegard']['law_holds_up_to_x']:g}" in page.text
    assert page.tags.count("img") == 5 + 1 + 4 + 1  # spectra, Arrhenius, patterns, Vegard


def test_a_batch_report_is_written_under_a_name_that_a_file_may_have(batch_lab: Lab) -> None:
    path = write_batch_report(batch_lab, BATCH)

    assert path == batch_lab.folder / "report-batch-2026-11_b_x_b.html"
    assert path.read_text("utf-8").startswith("<!doctype html>")
    assert [file.name for file in batch_lab.folder.glob(".report-*")] == []


def test_an_unknown_batch_or_ranking_is_refused(batch_lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no pellet and no pattern"):
        write_batch_report(batch_lab, "nothing", tmp_path / "report.html")
    with pytest.raises(UnknownRankingError, match="no ranking R1"):
        write_ranking_report(batch_lab, "R1", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def _reject_the_best(lab: Lab, structure: str) -> str:
    label = next(row for row in list_labels(lab, limit=500) if structure in row["structures"])
    decide_label(lab, label["label"], "reject", reason="measured on a mixture", actor="B. Lee")
    return str(label["label"])


def test_an_earlier_ranking_is_reported_as_it_was(copy_of_pool_lab: Lab) -> None:
    lab = copy_of_pool_lab
    first = rank_candidates(lab, top=30, actor="A. See")
    best = next(row for row in first["top"] if row["own_labels"])
    label = _reject_the_best(lab, best["structure"])
    second = rank_candidates(lab, top=30)
    assert (first["ranking"], second["ranking"]) == ("R1", "R2")

    before, after = (stored_ranking(lab, name) for name in ("R1", "R2"))

    for told, ranked in ((before, first), (after, second)):
        assert told["reproduced"] is True
        assert [row["structure"] for row in told["top"]] == [r["structure"] for r in ranked["top"]]
        assert told["moved"] == ranked["moved"]
    assert before["label_set_hash"] != after["label_set_hash"]
    assert int(label[1:]) in before["label_ids"] and int(label[1:]) not in after["label_ids"]
    page = _check_one_file(ranking_report(lab, "R1")[0])
    assert before["label_set_hash"] in page.text and after["label_set_hash"] not in page.text
    assert "every structure comes out at the place stored" in page.text
    assert "A. See" in page.text

    page = _check_one_file(ranking_report(lab, "last")[0])
    assert "Ranking R2" in page.text
    for move in second["moved"][:5]:
        assert move["sentence"] in page.text
    assert [row["reason"] for row in after["proposals"] if row["reason"] not in page.text] == []


def test_the_caveats_of_the_published_rule_count_what_they_say(copy_of_pool_lab: Lab) -> None:
    rank_candidates(copy_of_pool_lab, method="cluster-rule", top=30)

    told = stored_ranking(copy_of_pool_lab, "last")

    rule = told["rule"]
    listed = {row["structure"]: row["selected"] for row in told["top"]}
    assert rule["candidates_selected"] == sum(listed.values())
    assert 0 < rule["holding"] <= rule["high_labels"]
    assert rule["one_label"] + rule["mixed"] <= rule["holding"] + rule["mixed"]
    assert rule["holding_structures"] <= rule["selected"] < rule["structures"] == 63
    page = _check_one_file(ranking_report(copy_of_pool_lab, "last")[0])
    assert f"selects {rule['selected']} of 63 structures" in page.text
    assert "gives no expected conductivities" in page.text
    assert told["top"][0]["formula"] in page.text and "holds a high label" in page.text


def test_a_ranking_of_structures_that_have_changed_says_so(copy_of_pool_lab: Lab) -> None:
    from db.rankings import get_ranking

    rank_candidates(copy_of_pool_lab)
    with copy_of_pool_lab.database.session() as session:
        stored = get_ranking(session, "R1")
        stored.parameters = {**stored.parameters, "pool": "another"}
        session.add(stored)

    told = stored_ranking(copy_of_pool_lab, "R1")

    assert told["reproduced"] is None
    assert "Structures have been added" in ranking_report(copy_of_pool_lab, "R1")[0]
