"""Refined patterns and reports on the page: the numbers of the workflows, and nothing but text."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from labkit.web.app import create_app
from labkit.workflows.lab import Lab
from labkit.workflows.refinement_views import view_refinement
from tests.labkit.silicon_series import BATCH
from tests.labkit.web.conftest import ADDRESS, Browser


@pytest.fixture
def batch_browser(batch_lab: Lab) -> Iterator[Browser]:
    """Return somebody at this machine, looking at a lab with a batch."""
    with Browser(create_app(batch_lab, local_person="A. See"), base_url=ADDRESS) as client:
        client.open()
        yield client


def test_a_refined_pattern_is_drawn_from_its_stored_fit(
    batch_browser: Browser, batch_lab: Lab
) -> None:
    listed = batch_browser.get(f"/api/batches/{quote(BATCH)}").json()["refinements"]
    assert [one["unexplained_peaks"] > 0 for one in listed] == [False, False, False, True]

    drawn = batch_browser.get(f"/api/refinements/{listed[-1]['analysis']}").json()

    assert drawn == view_refinement(batch_lab, listed[-1]["analysis"])
    page = batch_browser.get(f"/batches/{quote(BATCH)}").text
    for one in listed:
        assert f'href="/why/{one["analysis"]}"' in page
        assert one["cell_words"] in page
    assert "(impurity?)" in page
    assert "Si &lt;i&gt;3&lt;/i&gt;" in page and "Si <i>" not in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/refinements/A1", 422),
        ("/api/refinements/A999", 404),
        ("/api/refinements/M1", 422),
        ("/reports/batches/nothing", 404),
        ("/reports/rankings/R1", 404),
        ("/reports/rankings/nonsense", 422),
        ("/reports/labels/L1", 422),
    ],
)
def test_what_is_not_there_is_told_in_a_line(
    batch_browser: Browser, path: str, status: int
) -> None:
    answer = batch_browser.get(path)

    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_the_page_gives_the_report_that_the_shell_writes(batch_browser: Browser) -> None:
    page = batch_browser.get(f"/batches/{quote(BATCH)}").text
    address = f"/reports/batches/{quote(BATCH)}"
    assert f'href="{address}"' in page

    report = batch_browser.get(address, params={"download": True})

    assert report.status_code == 200
    assert report.headers["content-disposition"].startswith("attachment; filename*=UTF-8''report")
    assert report.headers["content-security-policy"]
    assert "<script" not in report.text and "<b>$x$" not in report.text
    assert "&lt;b&gt;$x$" in report.text


def test_a_ranking_is_reported_once_it_is_kept(candidates_browser: Browser) -> None:
    assert "Report of R1" not in candidates_browser.get("/candidates").text
    candidates_browser.post("/api/rankings")

    page = candidates_browser.get("/candidates").text

    assert 'href="/reports/rankings/R1"' in page
    report = candidates_browser.get("/reports/rankings/R1").text
    assert "Ranking R1" in report and "The published rule" in report
