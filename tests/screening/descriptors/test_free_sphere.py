"""Largest free spheres of lattices that can be worked out by hand, and against Zeo++."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.crystal import Crystal
from screening.descriptors import descriptor
from screening.descriptors.free_sphere import free_sphere_radii, ionic_radii
from screening.errors import DescriptorError
from screening.prepare import prepare
from screening.structures import read_materials_project_table


def _crystal(lattice, fractional, symbol: str = "O") -> Crystal:
    return Crystal(np.array(lattice), np.array(fractional), (symbol,) * len(fractional))


def test_simple_cubic_passes_through_the_middle_of_faces() -> None:
    # the window of a cube face: half its diagonal less the radius
    crystal = _crystal(np.eye(3) * 4.0, [[0.1, 0.2, 0.3]])
    radii = free_sphere_radii(crystal, np.array([1.0]))
    np.testing.assert_allclose(radii, 4.0 / np.sqrt(2.0) - 1.0, rtol=1e-6)


def test_a_stretched_cell_passes_most_easily_across_its_long_edge() -> None:
    # windows across a and b are 4 x 6, those across c are 4 x 4
    crystal = _crystal(np.diag([4.0, 4.0, 6.0]), [[0.0, 0.0, 0.0]])
    radii = free_sphere_radii(crystal, np.array([1.0]))
    wide = np.hypot(4.0, 6.0) / 2.0 - 1.0
    np.testing.assert_allclose(radii, [wide, wide, np.hypot(4, 4) / 2 - 1], rtol=1e-6)


def test_unequal_spheres_push_the_window_aside() -> None:
    # rock salt in its primitive cell: the window is a triangle of the larger ions
    a = 5.0
    lattice = a / 2.0 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    crystal = _crystal(lattice, [[0, 0, 0], [0.5, 0.5, 0.5]])
    radii = free_sphere_radii(crystal, np.array([1.4, 0.1]))
    between_large_and_small = free_sphere_radii(crystal, np.array([0.1, 1.4]))
    np.testing.assert_allclose(radii, between_large_and_small, rtol=1e-6)
    assert (radii < a / np.sqrt(6.0) - 1.4 + 0.5).all()
    assert (radii > 0.3).all()


def test_filled_space_lets_nothing_pass() -> None:
    crystal = _crystal(np.eye(3) * 3.0, [[0, 0, 0]])
    np.testing.assert_array_equal(free_sphere_radii(crystal, np.array([2.2])), 0.0)


def test_radii_follow_charge_and_coordination(crystals) -> None:
    radii = dict(zip(crystals["LiCl"].symbols, ionic_radii(crystals["LiCl"])))
    # Shannon: Li+ in octahedra 0.76, Cl- 1.81 angstrom
    assert radii["Li"] == pytest.approx(0.76)
    assert radii["Cl"] == pytest.approx(1.81)


@pytest.mark.slow
def test_vertices_that_rounding_displaces_stop_nothing(data_dir: Path) -> None:
    path = data_dir / "structures" / "li_mp_structures.csv.gz"
    (record,) = read_materials_project_table(path, ids={"mp-1222537"})
    found = descriptor("free_sphere").compute(prepare(record).crystal, "structure")
    # a tetragonal crystal: two axes are equivalent
    assert found[0] > 0.0
    assert found[1] == pytest.approx(found[2], abs=1e-4)


def test_lithium_alone_is_a_named_failure() -> None:
    metal = _crystal(np.eye(3) * 3.5, [[0, 0, 0], [0.5, 0.5, 0.5]], "Li")
    metal = metal.with_charges([0.0, 0.0])
    with pytest.raises(DescriptorError) as raised:
        descriptor("free_sphere").compute(metal, "structure")
    assert raised.value.code == "no-framework"


def test_equals_zeo(crystals, tmp_path: Path) -> None:
    netstorage = pytest.importorskip("pyzeo.netstorage")
    # one element name for each radius
    names = ("O", "S", "F", "Cl", "Br", "N", "P", "C", "B", "Si")
    compared = 0
    for crystal in crystals.values():
        rest = np.array([symbol != "Li" for symbol in crystal.symbols])
        if not rest.any():
            continue
        radii = np.round(ionic_radii(crystal)[rest], 6)
        kinds = np.unique(radii).tolist()
        # that program places the first vector along x and the second in the plane of x and y
        _, upper = np.linalg.qr(crystal.lattice_angstrom.T)
        lattice = (upper * np.sign(np.diag(upper))[:, None]).T
        framework = _crystal(lattice, crystal.fractional[rest] % 1.0)
        lines = ["Unit cell vectors:"]
        for axis, row in zip("abc", lattice.tolist()):
            lines.append(f"v{axis}= {row[0]!r} {row[1]!r} {row[2]!r}")
        lines.append(str(framework.n_sites))
        for radius, (x, y, z) in zip(radii, framework.cartesian_angstrom.tolist()):
            lines.append(f"{names[kinds.index(radius)]} {x:.10f} {y:.10f} {z:.10f}")
        (tmp_path / "cell.v1").write_text("\n".join(lines) + "\n", encoding="utf-8")
        listed = "".join(f"{name} {radius:.6f}\n" for name, radius in zip(names, kinds))
        (tmp_path / "radii").write_text(listed, encoding="utf-8")
        network = netstorage.AtomNetwork.read_from_V1(
            str(tmp_path / "cell.v1"), rad_flag=True, rad_file=str(tmp_path / "radii")
        )
        network.calculate_free_sphere_parameters(str(tmp_path / "result"))
        diameter = float((tmp_path / "result").read_text(encoding="utf-8").split()[2])
        ours = free_sphere_radii(framework, radii).max()
        assert ours == pytest.approx(diameter / 2.0, abs=2e-3)
        compared += 1
    assert compared > 20
