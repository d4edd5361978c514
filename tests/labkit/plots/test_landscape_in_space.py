"""What is drawn around an isosurface: the cell, the framework without the ion, and the path."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.figure import Figure  # noqa: E402

from labkit.plots.landscape_in_space import (  # noqa: E402
    AtomsInCell,
    Surface,
    landscape_page,
    plot_surface,
)

LATTICE = np.array([[6.0, 0.0, 0.0], [-2.0, 5.0, 0.0], [0.0, 0.0, 7.0]])
PATH = np.array([[0.8, 0.25, 0.5], [0.95, 0.25, 0.5], [1.1, 0.25, 0.5]])


@pytest.fixture
def atoms() -> AtomsInCell:
    return AtomsInCell(
        symbols=["Li", "P", "S"],
        positions_angstrom=np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]]),
        radii_angstrom=np.array([1.3, 1.1, 1.0]),
        colours=["#cc80ff", "#ff8000", "#ffff30"],
        bonds=np.array([[0, 2], [1, 2]]),
        lattice_angstrom=LATTICE,
    )


@pytest.fixture
def surface() -> Surface:
    return Surface("1-D", np.eye(3), np.array([[0, 1, 2]]))


def test_the_cell_has_twelve_edges_four_along_each_vector(atoms: AtomsInCell) -> None:
    lengths = np.linalg.norm(np.diff(atoms.edges_angstrom, axis=1)[:, 0], axis=1)

    expected = np.repeat(np.linalg.norm(LATTICE, axis=1), 4)
    assert np.sort(lengths) == pytest.approx(np.sort(expected))
    assert len(np.unique(atoms.edges_angstrom.reshape(-1, 3), axis=0)) == 8


def test_the_framework_keeps_its_own_bonds_alone(atoms: AtomsInCell) -> None:
    framework = atoms.without("Li")

    assert list(framework.symbols) == ["P", "S"]
    assert framework.bonds.tolist() == [[0, 1]]
    assert list(framework.colours) == ["#ff8000", "#ffff30"]


def test_a_picture_holds_surface_framework_and_path(atoms: AtomsInCell, surface: Surface) -> None:
    axes = Figure().add_subplot(projection="3d")

    plot_surface(axes, atoms.without("Li"), surface, path=PATH)

    assert axes.get_title() == "1-D"
    assert axes.get_legend_handles_labels()[1] == ["P", "S", "path"]
    (line,) = axes.get_lines()
    x = line.get_data_3d()[0]
    assert np.isnan(x).sum() == 1  # interrupted where it leaves the cell
    assert len(axes.collections) == 5  # edges, bonds, two elements, the surface


def test_a_page_shows_the_first_surface_and_offers_the_others(
    atoms: AtomsInCell, surface: Surface
) -> None:
    other = Surface("3-D", surface.points_angstrom, surface.triangles)

    page = landscape_page(
        atoms, [surface, other], ion="Li", title="Li3PS4", path=PATH,
        length_angstrom=[0.0, 1.0], energy_eV=[0.0, 0.3],
    )  # fmt: skip

    shown = {trace.name: trace.visible for trace in page.data}
    assert shown["1-D"] is True
    assert shown["3-D"] == shown["Li"] == "legendonly"
    assert shown["P"] is shown["S"] is True
    assert page.data[-1].y.tolist() == [0.0, 0.3]


def test_without_a_path_there_is_no_profile(atoms: AtomsInCell) -> None:
    page = landscape_page(atoms, [], ion="Li", title="nothing connects")

    assert "path" not in {trace.name for trace in page.data}
    assert {trace.type for trace in page.data} == {"scatter3d"}
