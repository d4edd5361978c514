"""Oxidation states from bond-valence sums, one neighbour search per crystal.

Method: bond-valence sums with the parameters of O'Keeffe & Brese, JACS 1991, 113, 3226; posterior
probability of each oxidation state from the ICSD statistics that pymatgen distributes; the most
probable charge-neutral combination over symmetrically distinct sites. The answers are those of
pymatgen's ``BVAnalyzer`` (distance factor 1). Sums are taken for distinct sites only, in one array
operation, and the search is a branch and bound that never visits combinations that cannot win.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.neighbours import image_offsets

__all__ = ["bond_valence_charges", "bond_valence_sums", "equivalent_sites"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RADIUS_ANGSTROM = 4.0
SYMMETRY_TOLERANCE_ANGSTROM = 0.1
SOFTNESS_ANGSTROM = 0.31
LEAST_RELATIVE_PROBABILITY = 0.01
# Elements that O'Keeffe & Brese count as electronegative: a bond needs one of them.
_ELECTRONEGATIVE = frozenset(["H", "B", "C", "Si", "N", "P", "As", "Sb"]) | frozenset(
    ["O", "S", "Se", "Te", "F", "Cl", "Br", "I"]
)


@dataclass(frozen=True, slots=True)
class _ElementData:
    r: float
    c: float
    electronegativity: float
    states: tuple[int, ...]
    mean: FloatArray
    std: FloatArray
    prior: FloatArray


@lru_cache(maxsize=1)
def _element_data() -> dict[str, _ElementData]:
    """Parameters and statistics per element, from pymatgen's tables."""
    from pymatgen.core.bond_valence import BV_PARAMS, ICSD_BV_DATA, PRIOR_PROB

    rows: dict[str, list[tuple[int, float, float, float]]] = {}
    for specie, data in ICSD_BV_DATA.items():
        if specie.oxi_state != 0 and data["std"] > 0:
            rows.setdefault(specie.symbol, []).append(
                (int(specie.oxi_state), data["mean"], data["std"], PRIOR_PROB[specie])
            )
    table = {}
    for element, parameters in BV_PARAMS.items():
        states = rows.get(element.symbol, [])
        columns = np.array([row[1:] for row in states], dtype=np.float64).reshape(-1, 3)
        table[element.symbol] = _ElementData(
            r=float(parameters["r"]),
            c=float(parameters["c"]),
            electronegativity=float(element.X),
            states=tuple(row[0] for row in states),
            mean=columns[:, 0],
            std=columns[:, 1],
            prior=columns[:, 2],
        )
    return table


@lru_cache(maxsize=8192)
def _bond(first: str, second: str) -> tuple[float, float]:
    """Bond-valence length in angstrom and sign of the valence seen from `first` (0: no bond)."""
    if first == second or not {first, second} & _ELECTRONEGATIVE:
        return 0.0, 0.0
    data = _element_data()
    a, b = data[first], data[second]
    length = a.r + b.r - a.r * b.r * (np.sqrt(a.c) - np.sqrt(b.c)) ** 2 / (a.c * a.r + b.c * b.r)
    return float(length), 1.0 if a.electronegativity < b.electronegativity else -1.0


def equivalent_sites(
    crystal: Crystal,
    symprec_angstrom: float = SYMMETRY_TOLERANCE_ANGSTROM,
    *,
    by_charge: bool = False,
) -> IntArray:
    """Label sites by symmetry: equal numbers mean equivalent sites.

    Parameters
    ----------
    crystal : Crystal
    symprec_angstrom : float
        Tolerance handed to spglib (with an angle tolerance of 5 degrees). Where spglib finds no
        symmetry every site is its own.
    by_charge : bool
        Whether sites of one element with different charges are of different kinds.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    # spglib reports on stderr what is handled here: no symmetry found at this tolerance
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    import spglib

    names: list[object] = list(crystal.symbols)
    if by_charge and crystal.charges is not None:
        names = list(zip(crystal.symbols, crystal.charges.tolist(), strict=True))
    kinds = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}
    cell = (crystal.lattice_angstrom, crystal.fractional, [kinds[name] for name in names])
    try:
        dataset = spglib.get_symmetry_dataset(cell, symprec=symprec_angstrom, angle_tolerance=5.0)
    except spglib.SpglibError:  # newer spglib raises where older returned None
        dataset = None
    if dataset is None:
        return np.arange(crystal.n_sites)
    return np.asarray(dataset.equivalent_atoms, dtype=np.int64)


def bond_valence_sums(crystal: Crystal, sites: IntArray) -> FloatArray:
    """Bond-valence sums of some sites, in valence units (negative for anions).

    Parameters
    ----------
    crystal : Crystal
    sites : ndarray of int, shape (m,)

    Returns
    -------
    ndarray, shape (m,)
    """
    kinds = list(dict.fromkeys(crystal.symbols))
    number = np.array([kinds.index(symbol) for symbol in crystal.symbols])
    pairs = np.array([[_bond(first, second) for second in kinds] for first in kinds])
    sums = np.zeros(len(sites))
    fractional = crystal.fractional - np.floor(crystal.fractional)
    offsets = image_offsets(crystal.lattice_angstrom, RADIUS_ANGSTROM)
    shifts = offsets @ crystal.lattice_angstrom
    cartesian = fractional @ crystal.lattice_angstrom
    for position, site in enumerate(sites):
        delta = cartesian - cartesian[site]
        squared = (
            np.einsum("ij,ij->i", delta, delta)[:, None]
            + np.einsum("ij,ij->i", shifts, shifts)[None, :]
            + 2.0 * delta @ shifts.T
        )
        near, image = np.nonzero(squared <= RADIUS_ANGSTROM**2)
        vector = delta[near] + shifts[image]
        distance = np.sqrt(np.einsum("ij,ij->i", vector, vector))
        real = distance > 1e-8
        length, sign = pairs[number[site], number[near[real]]].T
        sums[position] = np.sum(sign * np.exp((length - distance[real]) / SOFTNESS_ANGSTROM))
    return sums


class _Orbit(NamedTuple):
    """One set of equivalent sites with its likely states, most probable first."""

    symbol: str
    multiplicity: int
    states: tuple[int, ...]
    log_probability: tuple[float, ...]


def _orbit(symbol: str, multiplicity: int, valence_sum: float) -> _Orbit | None:
    data = _element_data()[symbol]
    if not data.states:
        return None
    weight = np.exp(-((valence_sum - data.mean) ** 2) / 2 / data.std**2) / data.std * data.prior
    total = float(weight.sum())
    if total == 0.0:
        return None
    probability = weight / total
    order = np.argsort(-probability, kind="stable")
    likely = [
        int(j) for j in order if probability[j] > LEAST_RELATIVE_PROBABILITY * probability.max()
    ]
    return _Orbit(
        symbol,
        multiplicity,
        tuple(data.states[j] for j in likely),
        tuple(float(np.log(probability[j])) for j in likely),
    )


def bond_valence_charges(
    crystal: Crystal, *, step_limit: int = 100_000
) -> tuple[FloatArray | None, str]:
    """Most probable neutral oxidation states by bond valence.

    Parameters
    ----------
    crystal : Crystal
        An ordered crystal.
    step_limit : int
        Largest number of partial combinations looked at.

    Returns
    -------
    charges : ndarray, shape (n,), or None
        None when no neutral combination of likely states exists.
    reason : str
        Why there is none.
    """
    data = _element_data()
    unknown = sorted(set(crystal.symbols) - set(data))
    if unknown:
        return None, f"no bond-valence parameters for {', '.join(unknown)}"
    label = equivalent_sites(crystal)
    first, member, multiplicity = np.unique(label, return_inverse=True, return_counts=True)[0:3]
    sums = bond_valence_sums(crystal, first)
    orbits = []
    for site, count, valence_sum in zip(first, multiplicity, sums, strict=True):
        orbit = _orbit(crystal.symbols[site], int(count), float(valence_sum))
        if orbit is None:
            return None, f"no likely oxidation state for {crystal.symbols[site]}"
        orbits.append(orbit)
    # most electronegative first, as anions fix the balance early
    order = sorted(range(len(orbits)), key=lambda j: -data[orbits[j].symbol].electronegativity)
    chosen = _most_probable_neutral([orbits[j] for j in order], step_limit)
    if chosen is None:
        return None, "no neutral combination of the likely oxidation states"
    by_orbit = np.empty(len(orbits))
    by_orbit[order] = chosen
    return by_orbit[member.reshape(-1)], ""


def _most_probable_neutral(orbits: list[_Orbit], step_limit: int) -> list[int] | None:
    """Branch and bound over states; at most one unit apart within an element."""
    n = len(orbits)
    low, high, bound = [0] * (n + 1), [0] * (n + 1), [0.0] * (n + 1)
    for j in range(n - 1, -1, -1):
        orbit = orbits[j]
        low[j] = low[j + 1] + min(orbit.states) * orbit.multiplicity
        high[j] = high[j + 1] + max(orbit.states) * orbit.multiplicity
        bound[j] = bound[j + 1] + orbit.log_probability[0]
    best: list[int] | None = None
    best_score = -np.inf
    steps = 0
    # depth-first with an explicit stack; children pushed least probable first
    stack: list[tuple[tuple[int, ...], int, float, dict[str, tuple[int, int]]]] = [((), 0, 0.0, {})]
    while stack and steps < step_limit:
        states, charge, score, spread = stack.pop()
        j = len(states)
        steps += 1
        if score + bound[j] <= best_score + 1e-10:
            continue
        if charge + high[j] < 0 or charge + low[j] > 0:
            continue
        if j == n:
            best, best_score = list(states), score
            continue
        orbit = orbits[j]
        smallest, largest = spread.get(orbit.symbol, (99, -99))
        for state, gain in zip(
            reversed(orbit.states), reversed(orbit.log_probability), strict=True
        ):
            bottom, top = min(smallest, state), max(largest, state)
            if top - bottom > 1:
                continue
            stack.append(
                (
                    (*states, state),
                    charge + state * orbit.multiplicity,
                    score + gain,
                    {**spread, orbit.symbol: (bottom, top)},
                )
            )
    return best
