"""Bulk, grain boundary and total of stored spectra, beside published numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from db.measurements import get_analysis
from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.arrhenius import KB_EV_PER_K, ArrheniusError
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet
from labkit.workflows.analysing import examine_measurement
from labkit.workflows.arc_figures import draw_arc_series
from labkit.workflows.arc_series import fit_arc_series
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.series_selection import selection_as_typed


@pytest.fixture
def two_arc_lab(new_lab: Lab, tmp_path: Path) -> Lab:
    """Return a lab with a pellet of 0.3 eV in the bulk and 0.5 eV at grain boundaries."""
    add_pellet(new_lab, "p", formula="Li3PS4", thickness="1 mm", diameter="10 mm")
    for number, celsius in enumerate((25, 45, 65, 85)):
        kelvin = celsius + 273.15
        falls = 1 / (KB_EV_PER_K * kelvin) - 1 / (KB_EV_PER_K * 298.15)
        pellet = Pellet(
            arcs=(
                Arc(2e4 * kelvin / 298.15 * math.exp(0.3 * falls), 1e-11, 0.95),
                Arc(2e5 * kelvin / 298.15 * math.exp(0.5 * falls), 5e-10, 0.9),
            ),
            tail_q=3e-7,
            tail_n=0.85,
        )
        frequency, z = simulate_pellet(pellet, log_frequencies(7e6, 0.1), noise=0.003, seed=number)
        record = ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS")
        write_mpr(tmp_path / f"p_{celsius}C.mpr", [record])
    import_paths(new_lab, sorted(tmp_path.glob("p_*.mpr")), pellet="p")
    return new_lab


def by_role(result: dict[str, Any]) -> dict[str, Any]:
    return {arc["role"]: arc for arc in result["arcs"]}


@pytest.mark.parametrize("joint", [False, True])
def test_each_arc_has_its_own_energy_and_conductivity(two_arc_lab: Lab, joint: bool) -> None:
    result = fit_arc_series(two_arc_lab, "p", joint=joint)

    arcs = by_role(result)
    assert list(arcs) == ["bulk", "grain boundary", "total"]
    assert arcs["bulk"]["ea_eV"] == pytest.approx(0.3, abs=0.02)
    assert arcs["grain boundary"]["ea_eV"] == pytest.approx(0.5, abs=0.01)
    constant = 0.1 / (math.pi * 0.25)
    assert arcs["bulk"]["sigma_S_per_cm"][0] == pytest.approx(constant / 2e4, rel=0.05)
    assert arcs["total"]["sigma_S_per_cm"][0] == pytest.approx(constant / 2.2e5, rel=0.02)
    assert result["verdict"] == "accepted"


def test_points_left_out_by_hand_are_left_out_of_the_arcs_and_told(two_arc_lab: Lab) -> None:
    before = fit_arc_series(two_arc_lab, "p")
    examine_measurement(two_arc_lab, "M2", mask=["p20,p21"], because="a door", set_by="A. See")

    after = fit_arc_series(two_arc_lab, "p")

    assert after["verdict"] == before["verdict"] == "accepted"
    assert by_role(after)["bulk"]["resistance_ohm"] != by_role(before)["bulk"]["resistance_ohm"]
    assert any(m.startswith("M2: left out by hand") for m in after["messages"])
    with two_arc_lab.database.reading() as session:
        (name, points), *others = (
            get_analysis(session, after["analysis"]).parameters["mask"].items()
        )
    assert (name, [point["index"] for point in points], others) == ("M2", [20, 21], [])


def test_it_is_stored_once_with_its_measurements(two_arc_lab: Lab) -> None:
    first = fit_arc_series(two_arc_lab, "p")

    assert fit_arc_series(two_arc_lab, "p")["analysis"] == first["analysis"]
    with two_arc_lab.database.reading() as session:
        stored = get_analysis(session, first["analysis"])
        assert stored.kind == "arc-series"
        assert stored.parameters["measurements"] == [1, 2, 3, 4]


def test_one_temperature_gives_no_energy(new_lab: Lab, simulated_series: Path) -> None:
    add_pellet(new_lab, "one", formula="Li3PS4", thickness="1 mm", diameter="10 mm")
    import_paths(new_lab, [simulated_series / "simulated_25C.mpr"], pellet="one")

    with pytest.raises(ArrheniusError, match="at least two temperatures"):
        fit_arc_series(new_lab, "one")


def test_a_pellet_without_arcs_is_for_review(new_lab: Lab, tmp_path: Path) -> None:
    add_pellet(new_lab, "p", formula="Li3PS4", thickness="1 mm", diameter="10 mm")
    for number, celsius in enumerate((25, 45)):
        pellet = Pellet(series_ohm=1e3 / (1 + number), tail_q=1e-6, tail_n=0.9)
        frequency, z = simulate_pellet(pellet, log_frequencies(1e6, 1), noise=0.003, seed=number)
        record = ImpedanceSpectrum(frequency_hz=frequency, z_ohm=z, technique="PEIS")
        write_mpr(tmp_path / f"p_{celsius}C.mpr", [record])
    import_paths(new_lab, sorted(tmp_path.glob("p_*.mpr")), pellet="p")

    result = fit_arc_series(new_lab, "p")

    assert "arcs-not-resolved" in result["reasons"]
    assert list(by_role(result)) == ["total"]


@pytest.fixture
def published_lab(new_lab: Lab, data_dir: Path, tmp_path: Path) -> Lab:
    """Return a lab with J. Mater. Chem. A 2024, 12, 15847, which takes 0 C as 273 K."""
    add_pellet(new_lab, "s04147", formula="unknown", thickness="0.21 cm", diameter="0.8 cm")
    names = [f"s04147-{celsius}deg.txt" for celsius in range(140, 210, 10)]
    rows = [f"{name},s04147,{413 + 10 * k}K\n" for k, name in enumerate(names)]
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("file,pellet,temperature\n" + "".join(rows), encoding="utf-8")
    folder = data_dir / "eis/temperature_series/eisfitpython"
    import_paths(new_lab, [folder / name for name in names], sheet=sheet)

    return new_lab


def test_the_published_series(published_lab: Lab) -> None:
    result = fit_arc_series(published_lab, "s04147")

    arcs = by_role(result)
    for role, published, error in (
        ("bulk", 0.5869, 0.0163),
        ("grain boundary", 0.8919, 0.0025),
        ("total", 0.8555, 0.0006),
    ):
        assert arcs[role]["ea_eV"] == pytest.approx(published, abs=0.0005)
        assert arcs[role]["ea_se_eV"] == pytest.approx(error, rel=0.1)
    assert arcs["bulk"]["sigma_S_per_cm"][0] == pytest.approx(2.857e-6, rel=0.001)
    # the arcs are those published; their sum is not what the tail says, by up to 3 %
    assert result["reasons"] == ["circuit-disagrees"]
    assert result["verdict"] == "review"
    assert any("up to 3.0%" in message for message in result["messages"])


def test_a_joint_fit_of_the_published_series_claims_no_names(published_lab: Lab) -> None:
    separate = by_role(fit_arc_series(published_lab, "s04147"))
    result = fit_arc_series(published_lab, "s04147", joint=True)

    arcs = by_role(result)
    assert list(arcs) == ["arc 1", "arc 2", "total"]
    assert result["joint_kept"] is False
    assert arcs["arc 1"]["ea_eV"] == separate["bulk"]["ea_eV"]
    assert arcs["arc 2"]["ea_eV"] == separate["grain boundary"]["ea_eV"]
    assert result["verdict"] == "review"
    assert {"arcs-not-separable", "joint-fit-worse"} <= set(result["reasons"])
    assert any("too close" in message for message in result["messages"])


def test_arcs_leave_out_what_a_person_leaves_out(two_arc_lab: Lab) -> None:
    chosen = selection_as_typed(
        two_arc_lab, ["p"], exclude=["M2"], high="65C", because="bad contact", by="A. See"
    )

    result = fit_arc_series(two_arc_lab, "p", selection=chosen)

    assert result["measurements"] == ["M1", "M3"]
    assert result["reasons"][-1] == "left-out-by-hand"
    assert result["messages"][-2:] == [
        "M2 left out by hand (bad contact, A. See)",
        "M4 left out by hand, above 65 C (bad contact, A. See)",
    ]


def test_the_arcs_are_drawn_with_their_lines(two_arc_lab: Lab, tmp_path: Path) -> None:
    draw_arc_series([fit_arc_series(two_arc_lab, "p")], tmp_path / "arcs.svg")

    drawn = (tmp_path / "arcs.svg").read_text(encoding="utf-8")
    for role in ("bulk", "grain boundary", "total"):
        assert role in drawn
