"""Sums of radial functions around sites, at every point of a periodic grid.

A radial function is split into a smooth part, a sum of Gaussians fitted to it beyond a short
radius, and what is left within that radius::

    f(r) = sum_i c_i exp(-a_i r^2)  +  [f(r) - sum_i c_i exp(-a_i r^2)],   second part 0 for r > r_s

The smooth part is summed over the crystal exactly in reciprocal space, where a few thousand waves
hold it, and one fast Fourier transform brings it to the grid. The short part touches only the grid
points near each site, and is looked up in a table of the squared distance. This is Ewald's
division of labour (Ann. Phys. 1921, 369, 253) with fitted Gaussians; the work per grid point no
longer depends on how far the function reaches.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["SplitRadial", "add_short_parts", "smooth_sum", "split_radial"]

FloatArray = npt.NDArray[np.float64]
Shape = tuple[int, int, int]
Radial = Callable[[FloatArray], FloatArray]

# exponents of the Gaussians (1/A^2): from wider than any cutoff to what the waves below resolve
_EXPONENTS = np.geomspace(0.02, 1.4, 12)
# exp(-k^2 / 4a) = 1e-7 for the sharpest Gaussian
_LARGEST_WAVE = 2.0 * np.sqrt(16.0 * _EXPONENTS[-1])
_SHORT_RADII_ANGSTROM = (2.2, 2.6, 3.0, 3.5, 4.0, 5.0)
_FIT_TOLERANCE = 1e-5
_TABLE = 1 << 17
_SHORTEST_ANGSTROM = 0.05
#: Table entry of a distance within which a point is closed; larger than any sum of energies.
CLOSED = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class SplitRadial:
    """A radial function in two parts.

    Attributes
    ----------
    coefficients : ndarray
        Of the Gaussians.
    short_radius_angstrom : float
        Where the short part ends.
    table : ndarray of float32
        Short part at equal steps of the squared distance; the last entry is zero.
    """

    coefficients: FloatArray
    short_radius_angstrom: float
    table: npt.NDArray[np.float32]


def split_radial(
    function: Radial, cutoff_angstrom: float, *, closed_within_angstrom: float = 0.0
) -> SplitRadial:
    """Split a radial function into Gaussians and a short part.

    Parameters
    ----------
    function : callable
        Of an array of distances (A), finite above 0.05 A.
    cutoff_angstrom : float
        The function counts as zero beyond.
    closed_within_angstrom : float
        Distances up to this get the table entry `CLOSED`.
    """
    last = cutoff_angstrom + 3.0
    for radius in _SHORT_RADII_ANGSTROM:
        if radius <= closed_within_angstrom:
            continue
        r = np.linspace(radius, last, 500)
        target = np.where(r <= cutoff_angstrom, function(r), 0.0)
        basis = np.exp(-np.outer(r**2, _EXPONENTS))
        coefficients = np.linalg.lstsq(basis, target, rcond=1e-13)[0]
        if np.abs(basis @ coefficients - target).max() < _FIT_TOLERANCE:
            break
    squared = np.linspace(0.0, radius**2, _TABLE)
    r = np.sqrt(np.maximum(squared, _SHORTEST_ANGSTROM**2))
    table = function(r)
    for exponent, coefficient in zip(_EXPONENTS, coefficients, strict=True):
        table -= coefficient * np.exp(-exponent * squared)
    table[r <= closed_within_angstrom] = CLOSED
    table[-1] = 0.0
    return SplitRadial(coefficients, float(radius), table.astype(np.float32))


def smooth_sum(
    lattice_angstrom: FloatArray, shape: Shape, parts: list[tuple[FloatArray, SplitRadial]]
) -> FloatArray:
    """Sum the Gaussians of all sites and their images.

    Parameters
    ----------
    lattice_angstrom : ndarray, shape (3, 3)
    shape : tuple of int
    parts : list of (fractional, function)
        Sites, shape (m, 3), with their radial function.

    Returns
    -------
    ndarray, shape `shape`
    """
    from scipy import fft

    lengths = np.linalg.norm(lattice_angstrom, axis=1)
    most = np.ceil(_LARGEST_WAVE * lengths / (2.0 * np.pi)).astype(int)
    # a grid too coarse for the waves is a part of a finer one
    finer = [-(-(2 * int(h) + 1) // n) for h, n in zip(most, shape, strict=True)]
    full = [n * factor for n, factor in zip(shape, finer, strict=True)]
    h = [np.arange(-most[0], most[0] + 1), np.arange(-most[1], most[1] + 1)]
    h.append(np.arange(0, most[2] + 1))
    reciprocal = 2.0 * np.pi * np.linalg.inv(lattice_angstrom).T
    metric = reciprocal @ reciprocal.T
    a, b, c = np.meshgrid(*h, indexing="ij", sparse=True)
    squared = metric[0, 0] * a * a + metric[1, 1] * b * b + metric[2, 2] * c * c
    squared = squared + 2.0 * (metric[0, 1] * a * b + metric[0, 2] * a * c + metric[1, 2] * b * c)
    waves = np.flatnonzero(squared.ravel() <= _LARGEST_WAVE**2)
    k2 = squared.ravel()[waves]
    widths = np.exp(-np.outer(0.25 / _EXPONENTS, k2))
    widths *= ((np.pi / _EXPONENTS) ** 1.5)[:, None]
    volume = abs(float(np.linalg.det(lattice_angstrom)))
    amplitude = np.zeros(len(waves), dtype=np.complex128)
    for fractional, function in parts:
        phase = [np.exp(-2j * np.pi * np.outer(fractional[:, i], h[i])) for i in range(3)]
        planes = (phase[0][:, :, None] * phase[1][:, None, :]).reshape(len(fractional), -1)
        structure_factor = (planes.T @ phase[2]).ravel()[waves]
        amplitude += structure_factor * (function.coefficients @ widths)
    spectrum = np.zeros((full[0], full[1], full[2] // 2 + 1), dtype=np.complex128)
    at = np.unravel_index(waves, squared.shape)
    spectrum[h[0][at[0]], h[1][at[1]], h[2][at[2]]] = amplitude * (np.prod(full) / volume)
    total = fft.irfftn(spectrum, s=full, overwrite_x=True)
    return np.ascontiguousarray(total[:: finer[0], :: finer[1], :: finer[2]])


def add_short_parts(
    total: FloatArray, lattice_angstrom: FloatArray, fractional: FloatArray, function: SplitRadial
) -> None:
    """Add the short part of a function around each site and image to a grid, in place."""
    shape = np.array(total.shape)
    per_angstrom = np.linalg.norm(np.linalg.inv(lattice_angstrom), axis=0)
    half = function.short_radius_angstrom * per_angstrom
    metric = lattice_angstrom @ lattice_angstrom.T
    scale = (_TABLE - 1) / function.short_radius_angstrom**2
    wrapped = fractional - np.floor(fractional)
    images = [
        [
            cell
            for cell in range(int(np.floor(-x - reach)), int(np.ceil(1.0 + reach - x)) + 1)
            if x + cell + reach >= 0.0 and x + cell - reach < 1.0
        ]
        for site in wrapped
        for x, reach in zip(site, half, strict=True)
    ]
    for number, site in enumerate(wrapped):
        for cell in itertools.product(*images[3 * number : 3 * number + 3]):
            centre = site + np.array(cell)
            low = np.maximum(np.ceil((centre - half) * shape), 0).astype(int)
            high = np.minimum(np.floor((centre + half) * shape) + 1, shape).astype(int)
            if (high <= low).any():
                continue
            x, y, z = (np.arange(low[i], high[i]) / shape[i] - centre[i] for i in range(3))
            plane = metric[0, 0] * (x * x)[:, None] + metric[1, 1] * (y * y)
            plane += 2.0 * metric[0, 1] * x[:, None] * y
            slope = 2.0 * (metric[0, 2] * x[:, None] + metric[1, 2] * y)
            # whole columns beyond the radius are left out: their least squared distance
            near = plane - slope**2 / (4.0 * metric[2, 2]) < function.short_radius_angstrom**2
            rows = np.nonzero(near)
            if not len(rows[0]):
                continue
            squared = np.multiply.outer(
                (slope[rows] * scale).astype(np.float32), z.astype(np.float32)
            )
            squared += ((plane[rows] * scale).astype(np.float32))[:, None]
            squared += (metric[2, 2] * scale * z * z + 0.5).astype(np.float32)
            np.minimum(squared, np.float32(_TABLE - 1), out=squared)
            values = function.table.take(squared.astype(np.int32), mode="clip")
            total[low[0] + rows[0], low[1] + rows[1], low[2] : high[2]] += values
