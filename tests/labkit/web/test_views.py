"""Pellets, batches, structures, clusters and conflicts as pages and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db.measurements import NewAnalysis, store_analysis
from db.tables import Measurement, RawFile
from labkit.workflows.lab import Lab
from labkit.workflows.refinement import LATTICE
from labkit.workflows.substitution_series import vegard_of_batch
from labkit.workflows.temperature_series import fit_series
from tests.labkit.web.conftest import GEOMETRY, Browser


def test_a_pellet_shows_the_fit_that_the_shell_would_store(browser: Browser, measured: Lab) -> None:
    view = browser.get("/api/pellets/LBS-1").json()
    assert view["stored"] is None

    kept = browser.post("/api/pellets/LBS-1/arrhenius", json={}).json()

    assert kept["ea_eV"] == view["series"]["ea_eV"]
    assert kept["sigma25_S_per_cm"] == view["series"]["sigma25_S_per_cm"]
    assert fit_series(measured, "LBS-1")["analysis"] == kept["analysis"]
    stored = browser.get("/api/pellets/LBS-1").json()["stored"]
    assert (stored["analysis"], stored["created_by"]) == (kept["analysis"], "A. See")
    proposed = browser.post("/api/labels", json={"evidence": kept["analysis"]}).json()
    assert proposed["ea_eV"] == pytest.approx(0.40, abs=0.02)
    assert "A. See" in browser.get("/pellets/LBS-1").text


def test_the_line_of_a_pellet_lies_inside_its_band(looking: Browser) -> None:
    line = looking.get("/api/pellets/LBS-1").json()["series"]["line"]

    lower, middle, upper = (
        np.array(line[name]) for name in ("lower_S_per_cm", "sigma_S_per_cm", "upper_S_per_cm")
    )
    assert (lower < middle).all() and (middle < upper).all()
    assert (np.diff(line["temperature_K"]) < 0).all()


def test_the_checklist_names_what_a_report_still_lacks(looking: Browser) -> None:
    checklist = looking.get("/api/pellets/LBS-1").json()["checklist"]
    known = {one["item"]: one["value"] for one in checklist}

    assert known["composition"] == "Li3BS3"
    assert known["four temperatures over 30 K"] == "7 over 60 K"
    for missing in ("relative density", "three replicate pellets", "electronic conductivity (DC)"):
        assert known[missing] is None


def test_a_pellet_without_a_series_says_why(browser: Browser) -> None:
    browser.post("/api/pellets", json={"name": "LBS-2", "formula": "Li3BS3", "batch": "LBS",
                                       **GEOMETRY})  # fmt: skip

    assert "two temperatures are needed" in browser.get("/pellets/LBS-2").text
    batch = browser.get("/api/batches/LBS").json()
    assert [one["name"] for one in batch["pellets"]] == ["LBS-1", "LBS-2"]
    assert batch["replicates"] is None
    assert "LBS-2" in browser.get("/batches/LBS").text


@pytest.mark.parametrize("path", ["/pellets/nobody", "/batches/nothing", "/structures/mp-0"])
def test_an_unknown_name_is_not_found(looking: Browser, path: str) -> None:
    assert looking.get(path).status_code == 404
    assert looking.get(f"/api{path}").status_code == 404


def test_a_structure_is_drawn_with_whole_corners_and_its_bonds(candidates_browser: Browser) -> None:
    address = "/api/structures/prototype-LiFePO4-olivine"
    view = candidates_browser.get(address).json()
    symbols = [atom["symbol"] for atom in view["atoms"]]
    place = np.array([[a["x_angstrom"], a["y_angstrom"], a["z_angstrom"]] for a in view["atoms"]])
    bonds = np.array(view["bonds"])
    pairs = {frozenset((symbols[a], symbols[b])) for a, b in view["bonds"]}

    assert len(symbols) >= view["sites"] == 28
    assert frozenset("PO") in pairs
    assert not any("Li" in pair for pair in pairs)
    assert np.linalg.norm(place[bonds[:, 0]] - place[bonds[:, 1]], axis=1).max() < 3.0
    assert candidates_browser.get("/structures/prototype-LiFePO4-olivine").status_code == 200


def test_a_page_shows_where_lithium_can_go(candidates_browser: Browser) -> None:
    pytest.importorskip("bvlain")
    name = "prototype-LiFePO4-olivine"

    view = candidates_browser.get(f"/api/structures/{name}/landscape").json()

    cell = candidates_browser.get(f"/api/structures/{name}").json()["cell"]
    one, two, three = view["barriers_eV"]
    assert 0.0 < one <= two <= three
    assert view["surfaces"][0]["name"].startswith(f"1-D above {one:.3f} eV")
    for surface in view["surfaces"]:
        places = np.array(surface["points_angstrom"]) @ np.linalg.inv(cell)
        assert -0.001 < places.min() < places.max() < 1.001
        assert np.array(surface["triangles"]).max() == len(places) - 1
    assert any(point is not None for point in view["path_angstrom"])
    assert "Show where lithium can go" in candidates_browser.get(f"/structures/{name}").text


def test_the_landscape_of_an_ion_that_is_not_there_is_refused(candidates_browser: Browser) -> None:
    address = "/api/structures/prototype-LiFePO4-olivine/landscape"

    done = candidates_browser.get(address, params={"ion": "Na"})

    assert done.status_code == 422
    assert "holds no Na" in done.json()["error"]
    assert candidates_browser.get("/api/structures/mp-0/landscape").status_code == 404


def test_clusters_hold_every_structure_and_every_label_once(candidates_browser: Browser) -> None:
    view = candidates_browser.get("/api/clusters").json()

    assert sum(one["structures"] for one in view["clusters"]) == view["structures"] == 63
    assert sum(one["labels"] for one in view["clusters"]) == view["labels"] > 0
    assert sum(leaf["structures"] for leaf in view["tree"]["leaves"]) == 63
    assert candidates_browser.get("/clusters?cluster=1").status_code == 200


def test_conflicts_are_listed_and_decided_with_a_reason(candidates_browser: Browser) -> None:
    found: Any = candidates_browser.get("/api/conflicts", params={"decades": 0.001}).json()
    assert found["decades"] == 0.001
    refused = candidates_browser.post(
        "/api/conflicts", json={"formula": "Li3N", "decision": "both", "reason": "two phases"}
    )
    assert refused.status_code in (201, 404)
    assert candidates_browser.post("/api/review-items/999", json={"reason": "x"}).status_code == 404
    assert candidates_browser.get("/conflicts").status_code == 200


def _refined(x: float) -> NewAnalysis:
    """Return a refinement whose edge a falls by 1 angstrom per x."""
    phase = {
        "cell": [8.14 - x, 10.1, 6.2, 90, 90, 90],
        "cell_esd": [2e-4, 2e-4, 2e-4, None, None, None],
        "volume_angstrom3": 509.7 - 60 * x,
        "volume_esd_angstrom3": 0.02,
        "z": 4,
    }
    return NewAnalysis(
        kind=LATTICE,
        result={"phases": [phase], "r_wp": 0.081},
        verdict="accepted",
        parameters={"x": x, "sample": f"x = {x}"},
        labkit_version="0",
    )


def test_a_series_of_patterns_stands_on_its_batch_with_vegards_law(
    browser: Browser, measured: Lab, tmp_path: Path
) -> None:
    with measured.database.session() as session:
        raw = RawFile(sha256="0" * 64, size_bytes=1, file_name="x.xy", format="xy",
                      reader_version="1")  # fmt: skip
        session.add(raw)
        session.flush()
        assert raw.id is not None
        for k, x in enumerate((0.0, 0.025, 0.05, 0.075), 1):
            pattern = Measurement(raw_file_id=raw.id, kind="diffraction", sweep=k)
            session.add(pattern)
            session.flush()
            store_analysis(session, _refined(x), measurement_id=pattern.id, batch="LBS")
    vegard_of_batch(measured, "LBS", quantity="a")

    batch = browser.get("/api/batches/LBS").json()

    assert [one["x"] for one in batch["refinements"]] == [0.0, 0.025, 0.05, 0.075]
    assert batch["vegard"]["fits"][0]["slope"]["value"] == pytest.approx(-1.0)
    page = browser.get("/batches/LBS").text
    assert "8.0650" in page and "8.10 %" in page
    checklist = {one["item"]: one["value"] for one in batch["pellets"][0]["checklist"]}
    assert checklist["diffraction pattern"] == "in this lab"
