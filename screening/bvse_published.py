"""The bond valence site energies of Laskowski et al. 2023 as they were computed.

Energy Environ. Sci. 2023, 16, 1264. It differs from `screening.bvse` in these points, which are
kept so that their table can be compared with:

* the grid has int(L / 0.1 A) + 1 points along each vector, both faces included;
* only the 128 nearest sites of a point count, and those within 10 A;
* one depth D_0, that of the farthest anion that counts, multiplies the Morse sum of all anions:
  wrong where a crystal holds several kinds of anion;
* a barrier is the least threshold, found by halving 0 ... 20 eV eleven times, at which a region of
  26-connected points spans as many axes of the cell repeated 2 x 2 x 2, without periodicity.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from screening.bvse import CLOSED_EV, IonModel, MigrationBarriers, ion_model
from screening.bvse_grid import (
    coulomb_energy,
    grid_blocks,
    images_with_reach,
    relative_distances,
)
from screening.bvse_parameters import BvseParameters, name_of
from screening.crystal import Crystal
from screening.errors import StructureError

__all__ = ["published_barriers", "published_energies", "spanning_barriers"]

FloatArray = npt.NDArray[np.float64]

NEAREST_SITES = 128
CUTOFF_ANGSTROM = 10.0
HIGHEST_EV = 20.0
HALVINGS = 11


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
    energy = published_energies(crystal, model, spacing_angstrom)
    barriers = spanning_barriers(energy)
    return MigrationBarriers(
        *barriers,
        mobile=name_of(model.mobile),
        grid=(energy.shape[0], energy.shape[1], energy.shape[2]),
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
    lengths = np.linalg.norm(crystal.lattice_angstrom, axis=1)
    cells = np.maximum((lengths / spacing_angstrom).astype(int), 1)
    shape = (int(cells[0]), int(cells[1]), int(cells[2]))
    energy = np.zeros(shape)
    sites = _SiteTable(crystal, model)
    for slices, block in grid_blocks(crystal.lattice_angstrom, shape, 1.2):
        energy[slices] = sites.energies(block).reshape(energy[slices].shape)
    return np.pad(energy, [(0, 1)] * 3, mode="wrap")


class _SiteTable:
    """All periodic images with what each contributes."""

    def __init__(self, crystal: Crystal, model: IonModel) -> None:
        from scipy.spatial import cKDTree

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
        self.reach = (3.0 * 2.2 * NEAREST_SITES / (4.0 * np.pi * density)) ** (1.0 / 3.0)
        self.images, self.site = images_with_reach(
            crystal.lattice_angstrom, crystal.fractional, self.reach
        )
        self.tree = cKDTree(self.images)

    def energies(self, block: FloatArray) -> FloatArray:
        centre = block.mean(axis=0)
        half = float(np.linalg.norm(block - centre, axis=1).max())
        # the nearest 128 of every point lie within half a block more than those of its middle
        nearest = float(np.max(self.tree.query(centre, k=NEAREST_SITES)[0]))
        if not np.isfinite(nearest) or nearest + 2.0 * half > self.reach + half:
            raise StructureError("too few sites around a grid point; give a larger cell")
        around: list[int] = self.tree.query_ball_point(centre, nearest + 2.0 * half + 1e-6)
        near = np.array(around, dtype=np.int64)
        distance = relative_distances(block, self.images[near], centre)
        limit = np.partition(distance, NEAREST_SITES - 1, axis=1)[:, NEAREST_SITES - 1]
        counted = distance <= np.minimum(limit, np.float32(CUTOFF_ANGSTROM))[:, None]
        site = self.site[near]
        return self._attraction(distance, counted, site) + self._repulsion(distance, counted, site)

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
        for values in np.unique(self.coulomb[self.kind == 2], axis=0):
            same = (self.kind[site] == 2) & (self.coulomb[site] == values).all(axis=1)
            r, inside = distance[:, same], counted[:, same]
            part = coulomb_energy(r, values[0], values[1])
            part[~inside] = 0.0
            total += part.sum(axis=1, dtype=np.float64)
            closed |= (inside & (r <= values[2])).any(axis=1)
        total[closed] = CLOSED_EV
        return total


def spanning_barriers(
    energy_eV: FloatArray,
) -> tuple[float | None, float | None, float | None]:
    """Barriers by halving the range of thresholds, as published.

    Parameters
    ----------
    energy_eV : ndarray, shape (n1, n2, n3)
        Energies with both faces included.

    Returns
    -------
    tuple of (float or None)
        Least thresholds, multiples of 20 eV / 2^11, at which a region spans 1, 2 and 3 axes of
        the doubled cell.
    """
    above = energy_eV - energy_eV.min()
    step = HIGHEST_EV / 2**HALVINGS
    spans: dict[int, int] = {}

    def axes_spanned(multiple: int) -> int:
        if multiple not in spans:
            spans[multiple] = _axes_spanned(above <= multiple * step)
        return spans[multiple]

    found: list[float | None] = []
    low = 0
    for axes in (1, 2, 3):
        # gallop from the last answer: the next is rarely far above it
        stride, high = 1, low
        while axes_spanned(high) < axes and high < 2**HALVINGS:
            low, high = high, min(high + stride, 2**HALVINGS)
            stride *= 2
        if axes_spanned(high) < axes:
            found += [None] * (4 - axes)
            break
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if axes_spanned(middle) >= axes else (middle + 1, high)
        found.append(high * step)
    return found[0], found[1], found[2]


def _axes_spanned(open_points: npt.NDArray[np.bool_]) -> int:
    """Most axes of the doubled cell that one 26-connected region spans."""
    from scipy import ndimage

    tiled = np.tile(open_points, (2, 2, 2))
    labelled, count = ndimage.label(tiled, structure=np.ones((3, 3, 3)))
    if not count:
        return 0
    most = 0
    for region in ndimage.find_objects(labelled):
        whole = sum(
            part.start == 0 and part.stop == n for part, n in zip(region, tiled.shape, strict=True)
        )
        most = max(most, whole)
    return most
