"""Energies against a direct sum, barriers against the published output and invariances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from screening.bvse import (
    CLOSED_EV,
    MigrationBarriers,
    NoMobileIonError,
    energy_landscape,
    grid_shape,
    ion_model,
    migration_barriers,
)
from screening.bvse_parameters import (
    BvseParameters,
    MissingParametersError,
    MorsePair,
)
from screening.bvse_published import published_energies
from screening.bvse_spanning import spanning_barriers
from screening.crystal import Crystal

# published softBV values for the ions of Li3ErBr6 and one sulphide pair
PARAMETERS = BvseParameters(
    morse={
        (("Li", 1), ("Br", -1)): MorsePair(0.44910, 2.58255, 1.481481),
        (("Li", 1), ("S", -2)): MorsePair(1.04027, 2.40971, 1.531394),
        (("Li", 1), ("O", -2)): MorsePair(0.98816, 1.940013, 1.937984),
    },
    radius_angstrom={
        ("Li", 1): 1.31,
        ("Er", 3): 1.72,
        ("Br", -1): 1.96,
        ("S", -2): 1.84,
        ("O", -2): 1.33,
    },
    quantum_number={"Li": 2, "Er": 6, "Br": 4, "S": 3, "O": 2},
    source="published values",
)
CHARGE = {"Li": 1.0, "Er": 3.0, "Br": -1.0, "S": -2.0, "O": -2.0}


def _crystal(lattice: np.ndarray, symbols: tuple[str, ...], fractional: np.ndarray) -> Crystal:
    charges = np.array([CHARGE[symbol] for symbol in symbols])
    return Crystal(lattice, fractional, symbols, charges, material_id="test")


def _li2s(a: float = 5.71) -> Crystal:
    """Antifluorite Li2S, primitive cell."""
    lattice = 0.5 * a * np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    fractional = np.array([[0.0] * 3, [0.25] * 3, [0.75] * 3])
    return _crystal(lattice, ("S", "Li", "Li"), fractional)


def _li3erbr6() -> Crystal:
    """Layered Li3ErBr6 with a mirrored pair of layers simplified to one cell."""
    lattice = np.array([[6.9, 0.0, 0.0], [-3.4, 6.0, 0.0], [1.1, -0.6, 6.8]])
    fractional = np.array(
        [
            [0.67, 0.33, 0.0],
            [0.33, 0.67, 0.0],
            [0.84, 0.16, 0.5],
            [0.0, 0.0, 0.0],
            [0.42, 0.08, 0.77],
            [0.07, 0.40, 0.75],
            [0.60, 0.93, 0.25],
            [0.92, 0.58, 0.23],
            [0.74, 0.75, 0.76],
            [0.25, 0.26, 0.24],
        ]
    )
    return _crystal(lattice, ("Li",) * 3 + ("Er",) + ("Br",) * 6, fractional)


def _direct_energy(crystal: Crystal, point: np.ndarray) -> float:
    """Sum over all images within 14 angstrom, one by one."""
    assert crystal.charges is not None
    effective = [
        q / math.sqrt(PARAMETERS.quantum_number[s])
        for s, q in zip(crystal.symbols, crystal.charges, strict=True)
    ]
    scale = -sum(q for q in effective if q < 0) / sum(q for q in effective if q > 0)
    total = 0.0
    for site, symbol in enumerate(crystal.symbols):
        for offset in np.ndindex(9, 9, 9):
            place = (crystal.fractional[site] + np.array(offset) - 4) @ crystal.lattice_angstrom
            r = float(np.linalg.norm(place - point))
            if r > 14.0 or symbol == "Li":
                continue
            if crystal.charges[site] < 0:
                pair = PARAMETERS.morse[("Li", 1), (symbol, int(crystal.charges[site]))]
                x = math.exp(pair.alpha_per_angstrom * (pair.r_min_angstrom - r))
                total += 0.5 * pair.depth_eV * ((x - 1.0) ** 2 - 1.0)
            else:
                length = 0.74 * (1.31 + PARAMETERS.radius_angstrom[symbol, 3])
                charge = effective[site] / math.sqrt(2.0)
                total += 14.4 * scale * charge / r * math.erfc(r / length)
    return total


@pytest.mark.parametrize("crystal", [_li2s(), _li3erbr6()], ids=["Li2S", "Li3ErBr6"])
def test_energies_are_those_of_a_direct_sum(crystal: Crystal) -> None:
    landscape = energy_landscape(crystal, spacing_angstrom=0.9, parameters=PARAMETERS)
    energy = landscape.energy_eV
    lowest = np.argsort(energy, axis=None)[:5]

    for index in zip(*np.unravel_index(lowest, energy.shape), strict=True):
        point = np.array(index) / np.array(energy.shape) @ crystal.lattice_angstrom
        assert energy[index] == pytest.approx(_direct_energy(crystal, point), abs=5e-4)


def test_a_point_inside_a_cation_is_closed() -> None:
    energy = energy_landscape(_li3erbr6(), spacing_angstrom=0.5, parameters=PARAMETERS).energy_eV

    assert energy[0, 0, 0] == CLOSED_EV  # the erbium site


def test_the_landscape_has_the_symmetry_of_the_crystal() -> None:
    energy = energy_landscape(_li2s(), spacing_angstrom=0.26, parameters=PARAMETERS).energy_eV
    assert energy.shape == (16, 16, 16)
    mirrored = np.roll(energy[::-1, ::-1, ::-1], 1, axis=(0, 1, 2))
    passable = energy < energy.min() + 3.0

    np.testing.assert_allclose(mirrored[passable], energy[passable], atol=1e-4)
    np.testing.assert_allclose(energy.transpose(1, 2, 0)[passable], energy[passable], atol=1e-4)


def test_a_cubic_crystal_has_one_barrier_in_all_directions() -> None:
    barriers = migration_barriers(_li2s(), parameters=PARAMETERS).barriers_eV

    assert barriers[0] is not None
    assert 0.1 < barriers[0] < 1.0
    assert barriers == pytest.approx((barriers[0],) * 3, abs=1e-4)


def _conventional(crystal: Crystal, transform: np.ndarray) -> Crystal:
    """Return the same crystal in the supercell whose vectors are rows of `transform`."""
    lattice = transform @ crystal.lattice_angstrom
    images = np.array(list(np.ndindex(5, 5, 5))) - 2
    fractional, symbols = [], []
    for site, symbol in enumerate(crystal.symbols):
        for offset in images:
            inside = (crystal.fractional[site] + offset) @ np.linalg.inv(transform)
            if (inside > -1e-9).all() and (inside < 1.0 - 1e-9).all():
                fractional.append(inside)
                symbols.append(symbol)
    assert len(symbols) == crystal.n_sites * round(abs(np.linalg.det(transform)))
    return _crystal(lattice, tuple(symbols), np.array(fractional))


@pytest.mark.parametrize(
    "transform",
    [
        np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
        np.array([[1, 0, 0], [1, 1, 0], [-1, 0, 1]]),
        np.array([[2, 0, 0], [0, 1, 0], [0, 0, 1]]),
        np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]]),
    ],
    ids=["sheared", "sheared twice", "doubled", "conventional"],
)
def test_barriers_do_not_depend_on_the_choice_of_the_cell(transform: np.ndarray) -> None:
    crystal = _li3erbr6()
    own = migration_barriers(crystal, parameters=PARAMETERS).barriers_eV

    other = migration_barriers(_conventional(crystal, transform), parameters=PARAMETERS)

    # what remains is the grid, 0.2 angstrom along other vectors
    assert other.barriers_eV == pytest.approx(own, abs=0.03)


def test_barriers_do_not_depend_on_the_origin() -> None:
    crystal = _li3erbr6()
    shape = np.array(grid_shape(crystal, 0.3))
    by_whole_points = np.array([3, 7, 11]) / shape
    moved = _crystal(
        crystal.lattice_angstrom, crystal.symbols, crystal.fractional + by_whole_points
    )

    first, second = (
        migration_barriers(c, spacing_angstrom=0.3, parameters=PARAMETERS) for c in (crystal, moved)
    )

    assert second.barriers_eV == pytest.approx(first.barriers_eV, abs=1e-3)


def test_barriers_hardly_depend_on_an_origin_between_grid_points() -> None:
    crystal = _li3erbr6()
    shift = np.array([0.0041, 0.0077, 0.0013])
    moved = _crystal(crystal.lattice_angstrom, crystal.symbols, crystal.fractional + shift)

    first, second = (
        migration_barriers(c, spacing_angstrom=0.1, parameters=PARAMETERS) for c in (crystal, moved)
    )

    assert second.barriers_eV == pytest.approx(first.barriers_eV, abs=0.02)


def test_barriers_converge_with_the_grid() -> None:
    crystal = _li3erbr6()
    finest, *coarser = (
        np.array(
            migration_barriers(crystal, spacing_angstrom=h, parameters=PARAMETERS).barriers_eV,
            dtype=float,
        )
        for h in (0.1, 0.15, 0.2, 0.4)
    )

    off = [float(np.abs(other - finest).max()) for other in coarser]

    assert off[0] < 0.02
    assert off[1] < 0.03
    assert off[2] < 0.08


def test_each_anion_keeps_its_own_depth() -> None:
    lattice = np.diag([4.0, 4.0, 4.0])
    fractional = np.array([[0.0] * 3, [0.5, 0.5, 0.0], [0.5, 0.5, 0.5]])
    mixed = _crystal(lattice, ("O", "S", "Li"), fractional)
    assert mixed.charges is not None

    energy = energy_landscape(mixed, spacing_angstrom=0.5, parameters=PARAMETERS).energy_eV
    point = np.array([0.25, 0.25, 0.25]) @ lattice

    assert energy[2, 2, 2] == pytest.approx(_direct_energy(mixed, point), abs=5e-4)


def test_the_published_calculation_takes_one_depth_for_all_anions() -> None:
    lattice = np.diag([5.0, 5.0, 5.0])
    fractional = np.array([[0.0] * 3, [0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.5]])
    pure = _crystal(lattice, ("S", "S", "Li", "Li"), fractional)
    mixed = _crystal(lattice, ("O", "S", "Li", "Li"), fractional)

    def off(crystal: Crystal) -> float:
        """Largest difference of the energies, each above its lowest, where ions pass."""
        own = energy_landscape(crystal, spacing_angstrom=0.25, parameters=PARAMETERS)
        model = ion_model(crystal, "Li", PARAMETERS)
        theirs = published_energies(crystal, model, 0.25)[:-1, :-1, :-1]
        passable = own.above_minimum_eV < 1.0
        return float(np.abs(theirs - theirs.min() - own.above_minimum_eV)[passable].max())

    assert off(pure) < 0.02
    assert off(mixed) > 0.05


def test_published_barriers_are_multiples_of_their_step() -> None:
    found = migration_barriers(_li2s(), parameters=PARAMETERS, faithful=True)

    assert found.faithful
    for barrier in found.barriers_eV:
        assert barrier is not None
        assert (barrier * 2**11 / 20.0) % 1.0 == 0.0
    assert found.barrier_3d_eV == pytest.approx(
        migration_barriers(_li2s(), parameters=PARAMETERS, spacing_angstrom=0.1).barrier_3d_eV,
        abs=0.02,
    )


def _sulphide(second_anion: str) -> Crystal:
    lattice = np.array([[5.0, 0.0, 0.0], [0.3, 5.2, 0.0], [-0.4, 0.2, 5.4]])
    fractional = np.array([[0.0] * 3, [0.5, 0.5, 0.1], [0.5, 0.5, 0.5], [0.0, 0.1, 0.5]])
    return _crystal(lattice, ("S", second_anion, "Li", "Li"), fractional)


@pytest.mark.parametrize(
    "crystal",
    [_li3erbr6(), _sulphide("S"), _sulphide("O")],
    ids=["Li3ErBr6", "one anion", "two anions"],
)
def test_published_barriers_are_those_of_the_whole_published_grid(crystal: Crystal) -> None:
    whole = published_energies(crystal, ion_model(crystal, "Li", PARAMETERS), 0.2)

    found = migration_barriers(crystal, parameters=PARAMETERS, faithful=True, spacing_angstrom=0.2)

    assert found.grid == whole.shape
    assert found.barriers_eV == spanning_barriers(whole)


def test_what_cannot_be_computed_is_named() -> None:
    crystal = _li2s()
    with pytest.raises(NoMobileIonError, match="test: holds no Na cation"):
        migration_barriers(crystal, "Na", parameters=PARAMETERS)
    with pytest.raises(NoMobileIonError, match="no charges"):
        migration_barriers(crystal.with_charges([0.0] * 3), parameters=PARAMETERS)
    phosphide = Crystal(
        np.eye(3) * 4.0, np.array([[0.0] * 3, [0.5] * 3]), ("P", "Li"), np.array([-3.0, 1.0])
    )
    with pytest.raises(MissingParametersError, match="P3-"):
        migration_barriers(phosphide, parameters=PARAMETERS)


def test_barriers_are_plain_values_for_scripts() -> None:
    found = migration_barriers(_li2s(), parameters=PARAMETERS, spacing_angstrom=0.4)

    assert isinstance(found, MigrationBarriers)
    assert found.to_dict()["mobile_ion"] == "Li+"
    assert found.to_dict()["parameters"] == "published values"
