"""Numbers from phonon densities of states: one each, or arrays, alone or side by side.

Band centres follow Muy et al., Energy Environ. Sci. 2018, 11, 850 (first moment of the density of
states, of the mobile ion or of all atoms); the average frequency after Debye is that of the second
moment, Grimvall, Thermophysical Properties of Materials (1999), section 7. Clusters on binned
densities follow the poster of Hu, Krenzer, Onwuli and Walsh.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screening.phonon.dos import DosStack, PhononDosError
from screening.phonon.thermal import free_energy_eV, heat_capacity

__all__ = [
    "FEATURES",
    "SCALARS",
    "FeatureOptions",
    "Features",
    "features_of",
    "ion_centres",
    "scalar_table",
]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FeatureOptions:
    """Settings of the features.

    Attributes
    ----------
    cut_THz : float
        Modes below count as soft.
    temperature_K : float
        Of free energy and heat capacity as single numbers.
    temperatures_K : tuple of float
        Of free energy and heat capacity as arrays.
    bin_THz : float
        Width of the bins of a binned density of states.
    explained : float
        Share of the variance that the principal components keep.
    """

    cut_THz: float = 5.0
    temperature_K: float = 300.0
    temperatures_K: tuple[float, ...] = tuple(float(t) for t in range(50, 1001, 50))
    bin_THz: float = 1.0
    explained: float = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A feature set of many crystals.

    Attributes
    ----------
    name : str
    values : ndarray, shape (m, d)
        Mean 0; each part of a joined set is divided by one number, so that its total variance
        is 1 and no part outweighs another.
    columns : tuple of str
    raw : ndarray, shape (m, d)
        In the units that the columns name.
    """

    name: str
    values: FloatArray
    columns: tuple[str, ...]
    raw: FloatArray


_Make = Callable[[DosStack, FeatureOptions], tuple[FloatArray, list[str]]]


def _part(stack: DosStack, part: str) -> FloatArray:
    return {"total": stack.total, "ion": stack.ion, "rest": stack.rest}[part]


def _moment(stack: DosStack, part: str, power: int) -> FloatArray:
    return np.asarray(_part(stack, part) @ stack.frequency_THz**power * stack.step_THz)


def _centre(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:  # noqa: ARG001
        return _moment(stack, part, 1)[:, None], [f"band centre {part} (THz)"]

    return make


def _second(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:  # noqa: ARG001
        return _moment(stack, part, 2)[:, None], [f"second moment {part} (THz2)"]

    return make


def _width(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:  # noqa: ARG001
        variance = _moment(stack, part, 2) - _moment(stack, part, 1) ** 2
        return np.sqrt(np.maximum(variance, 0.0))[:, None], [f"band width {part} (THz)"]

    return make


def _debye(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:  # noqa: ARG001
        # a Debye spectrum has <v^2> = 3/5 v_D^2
        return np.sqrt(5.0 / 3.0 * _moment(stack, part, 2))[:, None], [f"Debye {part} (THz)"]

    return make


def _below(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
        soft = stack.frequency_THz <= options.cut_THz
        share = _part(stack, part)[:, soft].sum(axis=1) * stack.step_THz
        return share[:, None], [f"share below {options.cut_THz:g} THz {part}"]

    return make


def _free_energy(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
    t = options.temperature_K
    energy = free_energy_eV(stack.frequency_THz, stack.total, [t])
    return energy, [f"free energy at {t:g} K (eV/atom)"]


def _heat(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
    t = options.temperature_K
    return heat_capacity(stack.frequency_THz, stack.total, [t]), [f"heat capacity at {t:g} K (k)"]


def _free_energy_curve(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
    curve = free_energy_eV(stack.frequency_THz, stack.total, options.temperatures_K)
    return curve, [f"free energy at {t:g} K (eV/atom)" for t in options.temperatures_K]


def _heat_curve(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
    curve = heat_capacity(stack.frequency_THz, stack.total, options.temperatures_K)
    return curve, [f"heat capacity at {t:g} K (k)" for t in options.temperatures_K]


def _bins(stack: DosStack, part: str, width: float) -> tuple[FloatArray, FloatArray]:
    per_bin = max(1, round(width / stack.step_THz))
    starts = np.arange(0, stack.frequency_THz.size, per_bin)
    share = np.add.reduceat(_part(stack, part), starts, axis=1) * stack.step_THz
    return share, stack.frequency_THz[starts]


def _binned(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
        share, start = _bins(stack, part, options.bin_THz)
        return share, [f"share from {f:g} THz {part}" for f in start]

    return make


def _cumulative(part: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
        share, start = _bins(stack, part, options.bin_THz)
        return np.cumsum(share, axis=1), [f"share up to {f + 1:g} THz {part}" for f in start]

    return make


def _components(*parts: str) -> _Make:
    def make(stack: DosStack, options: FeatureOptions) -> tuple[FloatArray, list[str]]:
        joined = np.hstack([_part(stack, part) for part in parts])
        centred = joined - joined.mean(axis=0)
        left, singular, _ = np.linalg.svd(centred, full_matrices=False)
        share = np.cumsum(singular**2) / max(float((singular**2).sum()), 1e-300)
        kept = min(int(np.searchsorted(share, options.explained)) + 1, singular.size)
        # a sign that does not depend on the library
        largest = np.argmax(np.abs(left[:, :kept]), axis=0)
        sign = np.sign(left[largest, np.arange(kept)])
        scores = left[:, :kept] * singular[:kept] * np.where(sign == 0, 1.0, sign)
        return scores, [f"component {i + 1} of {'+'.join(parts)}" for i in range(kept)]

    return make


#: single numbers
SCALARS: dict[str, _Make] = {
    "centre-total": _centre("total"),
    "centre-ion": _centre("ion"),
    "centre-rest": _centre("rest"),
    "second-total": _second("total"),
    "second-ion": _second("ion"),
    "width-total": _width("total"),
    "width-ion": _width("ion"),
    "debye-total": _debye("total"),
    "debye-ion": _debye("ion"),
    "below-total": _below("total"),
    "below-ion": _below("ion"),
    "free-energy": _free_energy,
    "heat-capacity": _heat,
}
_ARRAYS: dict[str, _Make] = {
    "free-energy-curve": _free_energy_curve,
    "heat-capacity-curve": _heat_curve,
    "binned-total": _binned("total"),
    "binned-ion": _binned("ion"),
    "cumulative-total": _cumulative("total"),
    "cumulative-ion": _cumulative("ion"),
    "pca-total": _components("total"),
    "pca-ion": _components("ion"),
    "pca-both": _components("total", "ion"),
}
#: all feature sets by name; ``a+b`` puts two side by side
FEATURES: dict[str, _Make] = {**SCALARS, **_ARRAYS}


def features_of(stack: DosStack, name: str, options: FeatureOptions | None = None) -> Features:
    """Compute a feature set, or several joined by ``+``.

    Parameters
    ----------
    stack : DosStack
    name : str
        Such as ``centre-ion`` or ``centre-ion+below-ion``.
    options : FeatureOptions, optional

    Raises
    ------
    PhononDosError
        When there is no feature of that name.
    """
    chosen = options or FeatureOptions()
    values, raw, columns = [], [], list[str]()
    for word in name.split("+"):
        if word not in FEATURES:
            raise PhononDosError(
                f"{word!r} is no phonon feature; choose among {', '.join(FEATURES)}"
            )
        made, named = FEATURES[word](stack, chosen)
        columns += named
        raw.append(made)
        values.append(_scaled(made))
    return Features(name, np.hstack(values), tuple(columns), np.hstack(raw))


def _scaled(values: FloatArray) -> FloatArray:
    """Mean 0; total variance 1, so that joined sets weigh the same."""
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=1).mean())
    return np.asarray(centred / spread if spread > 0 else centred)


def ion_centres(frequency_THz: FloatArray, by_element: dict[str, FloatArray]) -> dict[str, float]:
    """Band centre of each element of one crystal in THz, real modes alone."""
    real = frequency_THz > 1e-9
    return {
        element: float(values[real] @ frequency_THz[real] / values[real].sum())
        for element, values in by_element.items()
        if values[real].sum() > 0
    }


def scalar_table(
    stack: DosStack, options: FeatureOptions | None = None, names: Sequence[str] = tuple(SCALARS)
) -> tuple[FloatArray, list[str]]:
    """All single numbers of all crystals, shape (m, features), and their names."""
    parts = [SCALARS[name](stack, options or FeatureOptions())[0][:, 0] for name in names]
    return np.column_stack(parts), list(names)
