"""One phonon density of states, checked, and many on one frequency grid.

Frequencies are in THz; an imaginary frequency is written as a negative one, as phonon programs do.
Densities are states per THz and cell, so the total integrates to three times the number of atoms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from screening.errors import ScreeningError

__all__ = ["IMAGINARY_BELOW_THZ", "DosStack", "PhononDos", "PhononDosError", "stack_of"]

FloatArray = npt.NDArray[np.float64]

#: A mode below this counts as imaginary; smearing puts acoustic modes a little below zero.
IMAGINARY_BELOW_THZ = -0.5
#: Densities this far below zero, in parts of the largest, come from interpolation: set to zero.
_ROUNDING = 1e-3
#: Less of all modes than this above zero is no spectrum.
_LEAST_REAL_SHARE = 0.01


class PhononDosError(ScreeningError):
    """A phonon density of states cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class PhononDos:
    """Density of states of one crystal.

    Attributes
    ----------
    material_id, formula : str
        For messages; the formula may be empty.
    frequency_THz : ndarray, shape (n,)
        Evenly spaced, rising.
    total : ndarray, shape (n,)
        States per THz and cell.
    by_element : mapping of str to ndarray
        Projections on the elements that are known.
    lowest_THz, highest_THz : float or None
        Lowest and highest frequency of a mode, where the source tells.
    source : str
        Where it comes from.
    """

    material_id: str
    formula: str
    frequency_THz: FloatArray
    total: FloatArray
    by_element: Mapping[str, FloatArray] = field(default_factory=dict)
    lowest_THz: float | None = None
    highest_THz: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        frequency = np.array(self.frequency_THz, dtype=np.float64)
        name = self.material_id or "density of states"
        if frequency.ndim != 1 or frequency.size < 8:
            raise PhononDosError(
                f"{name}: {frequency.size} frequencies are too few; give 8 or more"
            )
        step = np.diff(frequency)
        if not np.isfinite(frequency).all() or np.ptp(step) > 1e-3 * abs(float(step.mean())):
            raise PhononDosError(f"{name}: frequencies are not evenly spaced numbers")
        if step.mean() <= 0:
            raise PhononDosError(f"{name}: frequencies fall; sort them so that they rise")
        object.__setattr__(self, "frequency_THz", _frozen(frequency))
        object.__setattr__(self, "total", _checked(self.total, frequency, f"{name}: total"))
        parts = {
            element: _checked(values, frequency, f"{name}: {element}")
            for element, values in self.by_element.items()
        }
        object.__setattr__(self, "by_element", parts)
        area = float(self.total.sum())
        if area <= 0:
            raise PhononDosError(f"{name}: every density is zero, there are no modes")
        if float(self.total[frequency > 0].sum()) < _LEAST_REAL_SHARE * area:
            raise PhononDosError(
                f"{name}: holds only imaginary modes (none above 0 THz); relax the structure "
                "and compute its phonons again"
            )

    @property
    def step_THz(self) -> float:
        """Distance of the frequencies."""
        return float(self.frequency_THz[1] - self.frequency_THz[0])

    @property
    def n_modes(self) -> float:
        """Number of modes on the grid: three times the atoms when none lies beyond its end."""
        return float(self.total.sum()) * self.step_THz

    @property
    def imaginary_share(self) -> float:
        """Share of the modes below `IMAGINARY_BELOW_THZ`."""
        low = self.frequency_THz < IMAGINARY_BELOW_THZ
        return float(self.total[low].sum() / self.total.sum())

    @property
    def is_unstable(self) -> bool:
        """Whether a mode is imaginary beyond what smearing and rounding explain."""
        if self.lowest_THz is not None:
            return self.lowest_THz < IMAGINARY_BELOW_THZ
        return self.imaginary_share > 1e-3

    def on_grid(self, frequency_THz: FloatArray) -> PhononDos:
        """Return it on another evenly spaced grid, the number of modes in every bin kept.

        Modes beyond the ends of the grid are lost.
        """
        if np.array_equal(frequency_THz, self.frequency_THz):
            return self
        return PhononDos(
            self.material_id,
            self.formula,
            frequency_THz,
            _rebin(self.frequency_THz, self.total, frequency_THz),
            {
                element: _rebin(self.frequency_THz, values, frequency_THz)
                for element, values in self.by_element.items()
            },
            self.lowest_THz,
            self.highest_THz,
            self.source,
        )


def _frozen(values: npt.ArrayLike) -> FloatArray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def _checked(values: npt.ArrayLike, frequency: FloatArray, name: str) -> FloatArray:
    density = np.array(values, dtype=np.float64)
    if density.shape != frequency.shape:
        raise PhononDosError(
            f"{name} has {density.size} densities for {frequency.size} frequencies"
        )
    if not np.isfinite(density).all():
        at = float(frequency[np.flatnonzero(~np.isfinite(density))[0]])
        raise PhononDosError(f"{name} density at {at:g} THz is not a number")
    lowest = int(np.argmin(density))
    if density[lowest] < -_ROUNDING * max(float(density.max()), 0.0):
        raise PhononDosError(
            f"{name} density is negative at {frequency[lowest]:g} THz ({density[lowest]:.3g}); "
            "a density of states cannot be, check sign and columns"
        )
    return _frozen(np.maximum(density, 0.0))


def _edges(frequency: FloatArray) -> FloatArray:
    step = frequency[1] - frequency[0]
    return np.asarray(np.append(frequency, frequency[-1] + step) - 0.5 * step)


def _rebin(old: FloatArray, values: FloatArray, new: FloatArray) -> FloatArray:
    counted = np.concatenate([[0.0], np.cumsum(values)]) * (old[1] - old[0])
    return np.asarray(np.diff(np.interp(_edges(new), _edges(old), counted)) / (new[1] - new[0]))


@dataclass(frozen=True, slots=True, eq=False)
class DosStack:
    """Densities of states of many crystals on one grid, real modes alone, areas one.

    Attributes
    ----------
    ids, formulas : tuple of str
    frequency_THz : ndarray, shape (n,)
        Above zero.
    total, ion, rest : ndarray, shape (m, n)
        All atoms, the mobile ion, and all others; each row integrates to one. A crystal of the
        ion alone has zeros for the rest.
    imaginary_share : ndarray, shape (m,)
        Share of the modes that was set aside.
    unstable : ndarray of bool, shape (m,)
    ion_name : str
    """

    ids: tuple[str, ...]
    formulas: tuple[str, ...]
    frequency_THz: FloatArray
    total: FloatArray
    ion: FloatArray
    rest: FloatArray
    imaginary_share: FloatArray
    unstable: npt.NDArray[np.bool_]
    ion_name: str

    @property
    def step_THz(self) -> float:
        """Distance of the frequencies."""
        return float(self.frequency_THz[1] - self.frequency_THz[0])

    def rows(self, keep: npt.NDArray[np.bool_]) -> DosStack:
        """Return some of the crystals."""
        return DosStack(
            tuple(name for name, kept in zip(self.ids, keep, strict=True) if kept),
            tuple(name for name, kept in zip(self.formulas, keep, strict=True) if kept),
            self.frequency_THz,
            self.total[keep],
            self.ion[keep],
            self.rest[keep],
            self.imaginary_share[keep],
            self.unstable[keep],
            self.ion_name,
        )


def stack_of(densities: Sequence[PhononDos], *, ion: str = "Li") -> DosStack:
    """Put densities of states on the grid of the first one, imaginary modes set aside.

    Each density is divided by its own area above zero, so crystals with a few imaginary modes
    stay comparable; how much was set aside is in `imaginary_share`.

    Parameters
    ----------
    densities : sequence of PhononDos
    ion : str
        Element of the mobile ion; every crystal needs its projection.

    Raises
    ------
    PhononDosError
        When there is none, or a projection is missing or empty.
    """
    if not densities:
        raise PhononDosError("no density of states was selected; name at least one")
    grid = densities[0].frequency_THz
    placed = [one.on_grid(grid) for one in densities]
    for one in placed:
        if ion not in one.by_element:
            raise PhononDosError(f"{one.material_id}: has no projection on {ion}")
    real = grid > 1e-9
    step = float(grid[1] - grid[0])
    total = np.array([one.total[real] for one in placed])
    mobile = np.minimum(np.array([one.by_element[ion][real] for one in placed]), total)
    empty = np.flatnonzero(mobile.sum(axis=1) <= 0)
    if empty.size:
        raise PhononDosError(f"{placed[int(empty[0])].material_id}: {ion} has no real modes")
    return DosStack(
        ids=tuple(one.material_id for one in placed),
        formulas=tuple(one.formula for one in placed),
        frequency_THz=grid[real],
        total=_unit_area(total, step),
        ion=_unit_area(mobile, step),
        rest=_unit_area(total - mobile, step),
        imaginary_share=np.array([one.imaginary_share for one in placed]),
        unstable=np.array([one.is_unstable for one in placed]),
        ion_name=ion,
    )


def _unit_area(values: FloatArray, step: float) -> FloatArray:
    area = values.sum(axis=1, keepdims=True) * step
    return np.asarray(np.divide(values, area, out=np.zeros_like(values), where=area > 1e-6))
