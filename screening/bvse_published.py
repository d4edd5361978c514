"""The bond valence site energies of Laskowski et al. 2023 as they were computed.

Energy Environ. Sci. 2023, 16, 1264. It differs from `screening.bvse` in these points, which are
kept so that their table can be compared with:

* the grid has int(L / 0.1 A) + 1 points along each vector, both faces included;
* only the 128 nearest sites of a point count, and those within 10 A;
* one depth D_0, that of the farthest anion that counts, multiplies the Morse sum of all anions:
  wrong where a crystal holds several kinds of anion;
* barriers are those of `screening.bvse_spanning`: steps of 0.0098 eV, no periodicity. They depend
  on the choice of the cell: layers that lie askew to all three vectors, as in the primitive cell
  of most layered oxides, count as three-dimensional paths. Of the published table, entries with
  an ICSD number come from the cell and the lattice of the ICSD.

Barriers come out as if every energy had been computed so; most need not be to tell.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screening.bvse import (
    CLOSED_EV,
    IonModel,
    MigrationBarriers,
    ion_model,
    radial_interactions,
)
from screening.bvse_grid import (
    coulomb_energy,
    grid_blocks,
    images_with_reach,
    interaction_energy,
    relative_distances,
)
from screening.bvse_parameters import BvseParameters, name_of
from screening.bvse_spanning import HIGHEST_EV, STEP_EV, spanning_barriers
from screening.crystal import Crystal
from screening.percolation import percolate

__all__ = ["published_barriers", "published_energies"]

FloatArray = npt.NDArray[np.float64]

NEAREST_SITES = 128
CUTOFF_ANGSTROM = 10.0
_BLOCK_ANGSTROM = 1.2
_SAMPLE = 300
_COARSE = 3
_COARSE_MARGIN_EV = 0.3


def published_barriers(
    crystal: Crystal, ion: str, parameters: BvseParameters, spacing_angstrom: float = 0.1
) -> MigrationBarriers:
    """Compute the barriers of a crystal as published.

    Raises
    ------
    StructureError
        When the crystal or the parameters do not allow it.
    """
    model = ion_model(crystal, ion, parameters)
    grid = _PublishedGrid(crystal, model, spacing_angstrom)
    barriers = grid.barriers()
    n = grid.energy.shape
    return MigrationBarriers(
        *barriers,
        mobile=name_of(model.mobile),
        grid=(n[0] + 1, n[1] + 1, n[2] + 1),
        faithful=True,
        source=parameters.source,
    )


def published_energies(
    crystal: Crystal, model: IonModel, spacing_angstrom: float = 0.1
) -> FloatArray:
    """Energies at the points of the published grid.

    Returns
    -------
    ndarray, shape (n1, n2, n3)
        In eV, at the fractional coordinates i/(n1 - 1) and so on: the last plane repeats the
        first.
    """
    grid = _PublishedGrid(crystal, model, spacing_angstrom)
    grid.evaluate(np.ones(grid.energy.shape, dtype=np.bool_))
    return _whole(grid.energy)


class _PublishedGrid:
    """The published grid, whose energies are computed only where they decide a barrier.

    Attributes
    ----------
    energy : ndarray, shape (n1, n2, n3)
        In eV, without the repeated faces; infinite or an estimate where not `known`.
    """

    def __init__(self, crystal: Crystal, model: IonModel, spacing_angstrom: float) -> None:
        lengths = np.linalg.norm(crystal.lattice_angstrom, axis=1)
        cells = np.maximum((lengths / spacing_angstrom).astype(int), 1)
        self.shape = (int(cells[0]), int(cells[1]), int(cells[2]))
        self.energy = np.full(self.shape, np.inf)
        self.known = np.zeros(self.shape, dtype=np.bool_)
        self.crystal, self.model = crystal, model
        self.sites = _SiteTable(crystal, model)

    def evaluate(self, wanted: npt.NDArray[np.bool_]) -> None:
        """Compute the energies of the points asked for that are not known."""
        missing = wanted & ~self.known
        for slices, position in grid_blocks(
            self.crystal.lattice_angstrom, self.shape, _BLOCK_ANGSTROM
        ):
            here = np.flatnonzero(missing[slices])
            if here.size:
                part = self.energy[slices].ravel()
                part[here] = self.sites.energies(position[here])
                self.energy[slices] = part.reshape(self.energy[slices].shape)
        self.known |= missing

    def barriers(self) -> tuple[float | None, float | None, float | None]:
        depths = {pair.depth_eV for _, pair in self.model.anions.values()}
        return self._by_estimate() if len(depths) == 1 else self._by_following()

    def _by_estimate(self) -> tuple[float | None, float | None, float | None]:
        """Barriers from estimated energies, exact at every point that a barrier depends on.

        The sums over all sites differ from those over the nearest 128 by a few meV at most. How
        far is seen at a sample of points; then whatever lies that close to a barrier, or one step
        below it, is computed as published until the barriers stand.
        """
        interactions = radial_interactions(self.crystal, self.model)
        estimate = interaction_energy(
            self.crystal.lattice_angstrom, self.shape, interactions, CLOSED_EV
        )
        flat = estimate.ravel()
        lower = np.flatnonzero(flat < flat.min() + HIGHEST_EV)
        sample = lower[:: max(1, lower.size // _SAMPLE)]
        error = self.sites.energies_at(self._position(sample)) - flat[sample]
        flat += np.median(error)
        near = 2.0 * float(np.abs(error - np.median(error)).max()) + 1e-4
        self.energy = estimate
        self._settle(flat <= flat.min() + 2.0 * near)
        # every second point says about where to look
        found: tuple[float | None, ...] = spanning_barriers(_whole(estimate[::2, ::2, ::2]))
        while True:
            whole = _whole(estimate)
            found = spanning_barriers(whole, start_eV=found)
            above = flat - flat.min()
            deciding = np.zeros(flat.size, dtype=np.bool_)
            for barrier in found:
                level = HIGHEST_EV if barrier is None else barrier
                deciding |= (above >= level - STEP_EV - near) & (above <= level + near)
            deciding &= ~self.known.ravel()
            if not deciding.any():
                return found[0], found[1], found[2]
            self._settle(deciding)

    def _settle(self, wanted: npt.NDArray[np.bool_]) -> None:
        points = np.flatnonzero(wanted & ~self.known.ravel())
        for some in np.array_split(points, 1 + points.size // 4096):
            self.energy.ravel()[some] = self.sites.energies_at(self._position(some))
        self.known.ravel()[points] = True

    def _position(self, points: npt.NDArray[np.int64]) -> FloatArray:
        index = np.column_stack(np.unravel_index(points, self.shape))
        return np.asarray(index / np.array(self.shape) @ self.crystal.lattice_angstrom)

    def _by_following(self) -> tuple[float | None, float | None, float | None]:
        """Barriers from the regions that lie below the level at which paths connect.

        With several depths no sum of pairs comes near the published energy. Every third point
        along each vector shows where its low regions are; these are followed point by point to
        their ends.
        """
        coarse = np.zeros_like(self.known)
        coarse[::_COARSE, ::_COARSE, ::_COARSE] = True
        self.evaluate(coarse)
        sampled = self.energy[::_COARSE, ::_COARSE, ::_COARSE]
        lowest = float(sampled.min())
        level = percolate(sampled).barriers_eV[2]
        above = HIGHEST_EV if level is None else level
        while above < HIGHEST_EV - 1.0:
            self._follow(lowest + above)
            searched = lowest + above - float(self.energy.min())
            whole = _whole(self.energy)
            found = spanning_barriers(whole, highest_eV=searched)
            if found[2] is not None:
                return found
            above += max(0.2, 0.5 * above)
        self.evaluate(np.ones_like(self.known))
        return spanning_barriers(_whole(self.energy))

    def _follow(self, ceiling: float) -> None:
        """Compute all energies of the regions below a ceiling, and of their shells."""
        # a coarse point stands for points up to one step away, which may lie lower
        wanted = _grown(self.energy <= ceiling + _COARSE_MARGIN_EV) & ~self.known
        while wanted.any():
            self.evaluate(wanted)
            wanted = _grown(self.energy <= ceiling) & ~self.known


def _whole(energy_eV: FloatArray) -> FloatArray:
    """Repeat the first plane of every axis as the last, as the published grid does."""
    return np.pad(energy_eV, [(0, 1)] * 3, mode="wrap")


def _grown(region: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Add the 26 neighbours of every point of a region, periodically."""
    grown = region
    for axis in range(3):
        grown = grown | np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    return grown


class _SiteTable:
    """All periodic images with what each contributes."""

    def __init__(self, crystal: Crystal, model: IonModel) -> None:
        n = crystal.n_sites
        self.kind = np.zeros(n, dtype=np.int64)  # 0 none, 1 anion, 2 cation
        self.morse = np.zeros((n, 3))
        self.coulomb = np.zeros((n, 3))
        for where, pair in model.anions.values():
            self.kind[where] = 1
            self.morse[where] = (pair.depth_eV, pair.r_min_angstrom, pair.alpha_per_angstrom)
        for where, prefactor, length, radius in model.cations.values():
            self.kind[where] = 2
            self.coulomb[where] = (prefactor, length, radius)
        density = n / crystal.volume_angstrom3
        # comfortably more than the nearest 128
        self.reach = float((3.0 * 2.6 * NEAREST_SITES / (4.0 * np.pi * density)) ** (1.0 / 3.0))
        self.longest_screening = float(self.coulomb[:, 1].max())
        self.groups = [
            (values, (self.kind == 2) & (self.coulomb == values).all(axis=1))
            for values in np.unique(self.coulomb[self.kind == 2], axis=0)
        ]
        self.crystal = crystal
        self._reach_out(self.reach)

    def _reach_out(self, reach_angstrom: float) -> None:
        from scipy.spatial import cKDTree

        self.reach = reach_angstrom
        self.images, self.site = images_with_reach(
            self.crystal.lattice_angstrom, self.crystal.fractional, reach_angstrom
        )
        self.tree = cKDTree(self.images)

    def energies(self, block: FloatArray) -> FloatArray:
        centre = 0.5 * (block.min(axis=0) + block.max(axis=0))
        half = float(np.linalg.norm(block - centre, axis=1).max())
        # the nearest 128 of every point lie within half a block more than those of its middle
        while (
            not (nearest := float(np.max(self.tree.query(centre, k=NEAREST_SITES)[0])) + 2.0 * half)
            <= self.reach
        ):
            # a wide hole in the structure
            self._reach_out(1.3 * self.reach)
        around: list[int] = self.tree.query_ball_point(centre, nearest + 1e-6)
        near = np.array(around, dtype=np.int64)
        distance = relative_distances(block, self.images[near], centre)
        limit = np.partition(distance, NEAREST_SITES - 1, axis=1)[:, NEAREST_SITES - 1]
        counted = distance <= np.minimum(limit, np.float32(CUTOFF_ANGSTROM))[:, None]
        site = self.site[near]
        return self._attraction(distance, counted, site) + self._repulsion(distance, counted, site)

    def energies_at(self, position: FloatArray) -> FloatArray:
        """Energies of scattered points, shape (n, 3), each with its own list of neighbours."""
        from scipy.special import erfc

        while True:
            found = self.tree.query(position, k=NEAREST_SITES)
            distance: FloatArray = np.asarray(found[0])
            near = np.asarray(found[1], dtype=np.int64)
            if not distance.size or distance[:, -1].max() <= self.reach:
                break
            self._reach_out(1.3 * self.reach)
        site = self.site[np.minimum(near, len(self.site) - 1)]
        r = np.maximum(distance, 0.05)
        counted = distance <= CUTOFF_ANGSTROM
        kind = self.kind[site]
        anion, cation = counted & (kind == 1), counted & (kind == 2)
        morse = self.morse[site]
        x = np.exp(np.where(anion, morse[..., 2] * (morse[..., 1] - r), -np.inf))
        last = NEAREST_SITES - 1 - np.argmax(anion[:, ::-1], axis=1)
        depth = morse[np.arange(len(r)), last, 0]
        energy = 0.5 * depth * (x * (x - 2.0)).sum(axis=1)
        row, column = np.nonzero(cation & (r < 4.5 * self.longest_screening))
        values = self.coulomb[site[row, column]]
        some = r[row, column]
        screened = values[:, 0] / some * erfc(some / values[:, 1])
        repulsion = np.bincount(row, screened, len(r))
        repulsion[row[some <= values[:, 2]]] = CLOSED_EV
        return np.asarray(energy + repulsion)

    def _attraction(
        self,
        distance: npt.NDArray[np.float32],
        counted: npt.NDArray[np.bool_],
        site: npt.NDArray[np.int64],
    ) -> FloatArray:
        anion = np.flatnonzero(self.kind[site] == 1)
        r, inside = distance[:, anion], counted[:, anion]
        depth, r_min, alpha = self.morse[site[anion]].astype(np.float32).T
        x = np.exp(alpha * (r_min - r))
        x *= x - np.float32(2.0)
        x[~inside] = 0.0
        last = np.where(inside, r, -1.0).argmax(axis=1)
        return np.asarray(0.5 * depth[last] * x.sum(axis=1, dtype=np.float64), dtype=np.float64)

    def _repulsion(
        self,
        distance: npt.NDArray[np.float32],
        counted: npt.NDArray[np.bool_],
        site: npt.NDArray[np.int64],
    ) -> FloatArray:
        total = np.zeros(len(distance))
        closed = np.zeros(len(distance), dtype=np.bool_)
        for (prefactor, length, radius), members in self.groups:
            same = members[site]
            r, inside = distance[:, same], counted[:, same]
            # erfc(4.5) = 2e-10: few sites are near enough to count
            row, column = np.nonzero(inside & (r <= np.float32(4.5 * length)))
            some = r[row, column]
            total += np.bincount(row, coulomb_energy(some, prefactor, length), len(r))
            closed[row[some <= radius]] = True
        total[closed] = CLOSED_EV
        return total
