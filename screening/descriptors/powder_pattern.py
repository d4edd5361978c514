"""X-ray powder pattern, smeared: the "modified XRD" of Laskowski et al.

Energy Environ. Sci. 2023, 16, 1264. The pattern follows pymatgen's calculator (structure factors
with the atomic scattering factors f(s) = Z - 41.78214 s^2 sum a exp(-b s^2), the
Lorentz-polarisation factor, no thermal factors), the smearing matminer's: the strongest peak is
scaled to 100, every peak counts as the whole part of its intensity, and a Gaussian kernel density
with 0.05 of the standard deviation of the pattern as its width is evaluated on a grid. All
reflections are computed in array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import ALL_MODES, Descriptor
from screening.descriptors.elements import element_data
from screening.errors import DescriptorError

__all__ = ["PowderPattern", "peaks"]

FloatArray = npt.NDArray[np.float64]

WAVELENGTH_ANGSTROM = 1.54184  # Cu K alpha, weighted mean
_MERGE_DEGREE = 1e-5
_LEAST_INTENSITY_PERCENT = 1e-3
# an intensity a hair below a whole number counts as that number
_WHOLE = 1e-6


@lru_cache(maxsize=1)
def _scattering_factors() -> dict[str, FloatArray]:
    """Coefficients (a, b) of each element, from pymatgen."""
    from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS

    return {symbol: np.array(pairs) for symbol, pairs in ATOMIC_SCATTERING_PARAMS.items()}


def _half_sphere(crystal: Crystal, radius: float) -> tuple[FloatArray, FloatArray]:
    """Miller indices of one Friedel half inside a sphere, and lengths of their vectors."""
    reciprocal = np.linalg.inv(crystal.lattice_angstrom).T
    reach = np.floor(radius * np.linalg.norm(crystal.lattice_angstrom, axis=1) + 1e-8)
    h, k, l = (np.arange(-int(n), int(n) + 1) for n in reach)  # noqa: E741
    grid = np.array(np.meshgrid(h[h >= 0], k, l, indexing="ij")).reshape(3, -1).T
    half = (grid[:, 0] > 0) | ((grid[:, 0] == 0) & (grid[:, 1] > 0))
    half |= (grid[:, 0] == 0) & (grid[:, 1] == 0) & (grid[:, 2] > 0)
    grid = grid[half].astype(np.float64)
    length = np.linalg.norm(grid @ reciprocal, axis=1)
    inside = length <= radius + 1e-8
    return grid[inside], length[inside]


def peaks(
    crystal: Crystal, two_theta_max_deg: float, wavelength_angstrom: float = WAVELENGTH_ANGSTROM
) -> tuple[FloatArray, FloatArray]:
    """Position (degree) and intensity (strongest = 100) of the powder lines.

    Raises
    ------
    DescriptorError
        When an element has no scattering factor or no line lies in the range.
    """
    factors = _scattering_factors()
    missing = sorted(set(crystal.symbols) - set(factors))
    if missing:
        raise DescriptorError(
            "no-element-data",
            f"{crystal.material_id}: no scattering factor of {', '.join(missing)} is known",
        )
    radius = 2.0 * np.sin(np.radians(two_theta_max_deg / 2.0)) / wavelength_angstrom
    hkl, length = _half_sphere(crystal, radius)
    if not len(hkl):
        raise DescriptorError("no-peaks", f"{crystal.material_id}: no line in the range")
    order = np.argsort(length, kind="stable")
    hkl, length = hkl[order], length[order]
    theta = np.arcsin(np.clip(wavelength_angstrom * length / 2.0, -1.0, 1.0))
    amplitude = _structure_factors(crystal, hkl, (length / 2.0) ** 2, factors)
    polarisation = (1.0 + np.cos(2.0 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
    intensity = np.abs(amplitude) ** 2 * polarisation
    two_theta = np.degrees(2.0 * theta)
    slot = np.round(two_theta / _MERGE_DEGREE).astype(np.int64)
    _, first, member = np.unique(slot, return_index=True, return_inverse=True)
    merged = np.bincount(member.reshape(-1), intensity)
    scaled = merged / merged.max() * 100.0
    strong = scaled > _LEAST_INTENSITY_PERCENT
    return two_theta[first][strong], scaled[strong]


def _structure_factors(
    crystal: Crystal, hkl: FloatArray, s_squared: FloatArray, factors: dict[str, FloatArray]
) -> npt.NDArray[np.complex128]:
    symbols = np.array(crystal.symbols)
    amplitude = np.zeros(len(hkl), dtype=np.complex128)
    for symbol in sorted(set(crystal.symbols)):
        a, b = factors[symbol].T
        spread = np.exp(-s_squared[:, None] * b) @ a
        factor = element_data(symbol).number - 41.78214 * s_squared * spread
        amplitude += factor * _phase_sums(hkl, crystal.fractional[symbols == symbol])
    return amplitude


def _phase_sums(hkl: FloatArray, fractional: FloatArray) -> npt.NDArray[np.complex128]:
    """Sum exp(2 pi i h x) over sites for whole h.

    The exponential is a product of one factor for each axis, so that one matrix product over the
    box of all h, k, l needs far fewer exponentials than there are pairs of lines and sites.
    """
    index = hkl.astype(np.int64)
    low = index.min(axis=0)
    size = index.max(axis=0) - low + 1
    along = [
        np.exp(2j * np.pi * np.arange(low[axis], low[axis] + size[axis])[:, None] * x)
        for axis, x in enumerate(fractional.T)
    ]
    out = np.empty(len(hkl), dtype=np.complex128)
    order = np.argsort(index[:, 0], kind="stable")
    begin = np.searchsorted(index[order, 0], np.arange(low[0], low[0] + size[0] + 1))
    for h in range(int(size[0])):
        plane = order[begin[h] : begin[h + 1]]
        sums = (along[0][h] * along[1]) @ along[2].T
        out[plane] = sums[index[plane, 1] - low[1], index[plane, 2] - low[2]]
    return out


@dataclass(frozen=True)
class PowderPattern(Descriptor):
    """Smeared powder pattern on an even grid of 2 theta.

    Parameters
    ----------
    two_theta_max_deg : float
    n_points : int
        Points from 0 to `two_theta_max_deg`.
    bandwidth : float
        Width of the kernel in standard deviations of the pattern; it differs from structure to
        structure.
    """

    two_theta_max_deg: float = 127.0
    n_points: int = 451
    bandwidth: float = 0.05

    name: str = field(default="powder_pattern", init=False)
    version: int = field(default=1, init=False)
    modes: tuple[str, ...] = field(default=ALL_MODES, init=False)
    libraries: tuple[str, ...] = field(default=("pymatgen-core",), init=False)

    def length(self, mode: str) -> int:  # noqa: ARG002
        """Return the number of points."""
        return self.n_points

    def columns(self, mode: str) -> Sequence[str]:  # noqa: ARG002
        """Return the names of the values."""
        grid = np.linspace(0.0, self.two_theta_max_deg, self.n_points)
        return [f"{angle:.2f} deg" for angle in grid]

    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:  # noqa: ARG002
        """Compute the pattern."""
        position, intensity = peaks(crystal, self.two_theta_max_deg)
        count = np.floor(intensity + _WHOLE)
        position, count = position[count > 0], count[count > 0]
        total = count.sum()
        mean = np.average(position, weights=count)
        variance = (count * (position - mean) ** 2).sum() / (total - 1.0)
        if variance <= 0.0:
            raise DescriptorError(
                "single-peak", f"{crystal.material_id}: one line alone has no width to smear by"
            )
        width = self.bandwidth * np.sqrt(variance)
        grid = np.linspace(0.0, self.two_theta_max_deg, self.n_points)
        kernel = np.exp(-0.5 * ((grid[:, None] - position[None, :]) / width) ** 2)
        density = kernel @ count / (total * width * np.sqrt(2.0 * np.pi))
        return np.asarray(density, dtype=np.float32)
