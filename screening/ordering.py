"""Turn a cell with partly occupied sites into one ordered cell, by a fixed rule.

The rule (deterministic; energies are not computed):

1. *Cell.* If the cell is too small to hold the composition (0.04 Li in one cell), the smallest
   supercell of at most `max_sites` sites is taken in which every element keeps its amount within
   10 %; if none does, the one with the smallest error.
2. *Counts.* Sites with the same occupancies form a group. Amounts per group are rounded by
   largest remainder, carried over between groups so that the total of each element is right;
   no element is rounded away. If the fixed charge table calls the average composition neutral, the
   amount of lithium is then adjusted within the vacancies to keep it neutral.
3. *Places.* Framework before lithium, the rarer species of a shared site first. Each atom goes to
   the free site of its group with no contact shorter than 1.2 angstrom (or the least short one),
   farthest from the atoms of its element placed before; ties go to the lower index.

With ``sample`` > 0 step 3 picks at random among the free sites without short contacts, by a seeded
generator: K samples give K orderings to average over.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal, Occupancy

__all__ = ["distance_matrix", "order_crystal", "supercell"]

FloatArray = npt.NDArray[np.float64]
CONTACT_ANGSTROM = 1.2
AMOUNT_TOLERANCE = 0.1


def order_crystal(crystal: Crystal, *, max_sites: int = 160, sample: int = 0) -> Crystal:
    """Return an ordered cell; an ordered crystal is returned as it is.

    Parameters
    ----------
    crystal : Crystal
    max_sites : int
        Largest supercell, in sites before vacancies are removed.
    sample : int
        0 for the deterministic ordering, 1, 2, ... for random ones.

    Returns
    -------
    Crystal
        Without partial occupancies; vacant sites are left out.
    """
    if crystal.occupancies is None:
        return crystal
    factors = _choose_supercell(crystal, max_sites)
    cell = supercell(crystal, factors)
    assert cell.occupancies is not None
    placed = _place(cell, _round_groups(cell), sample)
    keep = [site for site, symbol in enumerate(placed) if symbol]
    return Crystal(
        lattice_angstrom=cell.lattice_angstrom,
        fractional=cell.fractional[keep],
        symbols=tuple(placed[site] for site in keep),
        material_id=crystal.material_id,
    )


def supercell(crystal: Crystal, factors: tuple[int, int, int]) -> Crystal:
    """Repeat a cell along its axes."""
    if factors == (1, 1, 1):
        return crystal
    shifts = np.array(list(itertools.product(*(range(f) for f in factors))), dtype=np.float64)
    fractional = (crystal.fractional[None, :, :] + shifts[:, None, :]) / np.array(factors)
    times = len(shifts)
    return Crystal(
        lattice_angstrom=crystal.lattice_angstrom * np.array(factors, dtype=float)[:, None],
        fractional=fractional.reshape(-1, 3),
        symbols=crystal.symbols * times,
        charges=None if crystal.charges is None else np.tile(crystal.charges, times),
        occupancies=None if crystal.occupancies is None else crystal.occupancies * times,
        material_id=crystal.material_id,
    )


def distance_matrix(crystal: Crystal) -> FloatArray:
    """Shortest distance between all pairs of sites over periodic images, in angstrom."""
    delta = crystal.fractional[:, None, :] - crystal.fractional[None, :, :]
    delta -= np.round(delta)
    best = np.full(delta.shape[:2], np.inf)
    for shift in itertools.product((-1.0, 0.0, 1.0), repeat=3):
        vector = (delta + np.array(shift)) @ crystal.lattice_angstrom
        np.minimum(best, np.einsum("ijk,ijk->ij", vector, vector), out=best)
    return np.asarray(np.sqrt(best))


def _choose_supercell(crystal: Crystal, max_sites: int) -> tuple[int, int, int]:
    """Smallest repetition that keeps every amount, the most cubic among equals."""
    amounts = np.array(list(crystal.composition.values()))
    lengths = np.linalg.norm(crystal.lattice_angstrom, axis=1)
    limit = max(1, max_sites // crystal.n_sites)
    best: tuple[float, int, float, tuple[int, int, int]] | None = None
    cells = range(1, limit + 1)
    for factors in itertools.product(cells, cells, cells):
        times = factors[0] * factors[1] * factors[2]
        if times > limit:
            continue
        total = amounts * times
        error = float(np.max(np.abs(np.maximum(np.round(total), 1.0) - total) / total))
        elongation = float(np.max(lengths * factors) / np.min(lengths * factors))
        within = 0.0 if error <= AMOUNT_TOLERANCE else error
        key = (round(within, 6), times, round(elongation, 6), factors)
        if best is None or key < best:
            best = key
    return best[3] if best is not None else (1, 1, 1)


@dataclass(slots=True)
class _Group:
    """Sites that share the same occupancies, and how many atoms of each element they get."""

    sites: list[int]
    occupancy: Occupancy
    counts: dict[str, int]

    @property
    def vacancies(self) -> int:
        return len(self.sites) - sum(self.counts.values())


def _round_groups(cell: Crystal) -> list[_Group]:
    """Whole numbers of atoms per group, keeping the totals of the elements."""
    assert cell.occupancies is not None
    by_key: dict[Occupancy, list[int]] = {}
    for site, occupancy in enumerate(cell.occupancies):
        key = tuple((symbol, round(share, 4)) for symbol, share in occupancy)
        by_key.setdefault(key, []).append(site)
    carried: dict[str, float] = {}
    groups = []
    for key, sites in by_key.items():
        exact = {symbol: share * len(sites) + carried.get(symbol, 0.0) for symbol, share in key}
        counts = {symbol: max(0, int(np.floor(value + 0.5))) for symbol, value in exact.items()}
        # a nearly full site stays full: rounding must not open vacancies where there are none
        full = sum(share for _, share in key) > 0.98
        _fit_to_sites(counts, exact, len(sites), full)
        for symbol, value in exact.items():
            carried[symbol] = value - counts[symbol]
        groups.append(_Group(sites, key, counts))
    _keep_every_element(groups)
    _keep_neutral(cell, groups)
    return groups


def _fit_to_sites(
    counts: dict[str, int], exact: dict[str, float], n_sites: int, full: bool
) -> None:
    while sum(counts.values()) > n_sites:
        most = max(counts, key=lambda s: (counts[s] > 0, counts[s] - exact[s], s))
        counts[most] -= 1
    while full and sum(counts.values()) < n_sites:
        least = max(counts, key=lambda s: (exact[s] - counts[s], s))
        counts[least] += 1


def _keep_every_element(groups: list[_Group]) -> None:
    """Give an element that was rounded away one atom where it is most at home."""
    elements = sorted({symbol for group in groups for symbol, _ in group.occupancy})
    for element in elements:
        if any(group.counts.get(element, 0) for group in groups):
            continue
        homes = [group for group in groups if element in group.counts]
        home = max(homes, key=lambda g: (dict(g.occupancy)[element] * len(g.sites), g.sites[0]))
        if home.vacancies <= 0:
            largest = max(home.counts, key=lambda s: (home.counts[s], s))
            if home.counts[largest] <= 1:
                continue
            home.counts[largest] -= 1
        home.counts[element] = 1


def _keep_neutral(cell: Crystal, groups: list[_Group]) -> None:
    from screening.charges import charge_table

    table = charge_table()
    amounts = cell.composition
    if "Li" not in amounts or any(symbol not in table for symbol in amounts):
        return
    average = sum(table[symbol] * amount for symbol, amount in amounts.items())
    per_atom = abs(average) / sum(amounts.values())
    if per_atom > 0.02:
        return
    charge = sum(table[s] * n for group in groups for s, n in group.counts.items())
    homes = sorted(
        (g for g in groups if "Li" in g.counts), key=lambda g: (-len(g.sites), g.sites[0])
    )
    for group in homes:
        while charge > 0 and group.counts["Li"] > 1:
            group.counts["Li"] -= 1
            charge -= 1
        while charge < 0 and group.vacancies > 0:
            group.counts["Li"] += 1
            charge += 1


def _place(cell: Crystal, groups: list[_Group], sample: int) -> list[str]:
    """Element of every site; an empty text for a vacancy."""
    distance = distance_matrix(cell)
    np.fill_diagonal(distance, np.inf)
    random = np.random.default_rng(sample) if sample else None
    placed = [""] * cell.n_sites
    tasks: list[tuple[tuple[bool, bool, int, int, str], _Group, str, int]] = []
    for group in groups:
        certain = len(group.occupancy) == 1 and group.counts[group.occupancy[0][0]] == len(
            group.sites
        )
        for symbol, count in group.counts.items():
            key = (not certain, symbol == "Li", count, group.sites[0], symbol)
            tasks.append((key, group, symbol, count))
    for key, group, symbol, count in sorted(tasks, key=lambda task: task[0]):
        if not key[0]:
            for site in group.sites:
                placed[site] = symbol
            continue
        for _ in range(count):
            free = np.array([site for site in group.sites if not placed[site]])
            if free.size == 0:
                break
            placed[_best_site(free, placed, distance, symbol, random)] = symbol
    return placed


def _best_site(
    free: npt.NDArray[np.int64],
    placed: list[str],
    distance: FloatArray,
    symbol: str,
    random: np.random.Generator | None,
) -> int:
    names = np.array(placed)
    occupied, same = np.flatnonzero(names != ""), np.flatnonzero(names == symbol)
    contact = (
        distance[np.ix_(free, occupied)].min(axis=1) if occupied.size else np.full(free.size, 9.9)
    )
    contact = np.round(np.minimum(contact, CONTACT_ANGSTROM), 3)
    if random is not None:
        allowed = free[contact == contact.max()]
        return int(random.choice(allowed))
    apart = distance[np.ix_(free, same)].min(axis=1) if same.size else np.zeros(free.size)
    apart = np.round(np.minimum(apart, 1e3), 3)
    return int(free[np.lexsort((free, -apart, -contact))[0]])
