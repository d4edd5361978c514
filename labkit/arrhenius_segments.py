"""One Arrhenius line or two, and heating against cooling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.arrhenius import ArrheniusError, ArrheniusFit, Convention, fit_arrhenius
from labkit.json_ready import json_ready

MINIMUM_SEGMENT_POINTS = 4
DECISIVE_BIC = 10.0
"""Difference of BIC that counts as very strong (Kass and Raftery, J. Am. Stat. Assoc. 90 (1995)
773)."""


@dataclass(frozen=True, slots=True)
class SegmentedArrhenius:
    """One line, and two where the Bayesian information criterion asks for them.

    `bic_one` and `bic_two` compare both; `segments` holds one fit, or two from low to high
    temperature; `break_K` lies midway between them. `reasons` holds ``"two-segments"`` where two
    lines win.
    """

    one: ArrheniusFit
    segments: tuple[ArrheniusFit, ...]
    bic_one: float
    bic_two: float
    break_K: float | None
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True)
class HeatingCooling:
    """Series measured on heating and on cooling, compared.

    `shift_ln` is ln(sigma_cooling / sigma_heating) at the common centre with its standard error,
    `ea_change_eV` the change of activation energy; `p_value` tests both at once.
    """

    heating: ArrheniusFit
    cooling: ArrheniusFit
    shift_ln: float
    shift_ln_se: float
    ea_change_eV: float
    ea_change_se_eV: float
    p_value: float
    differs: bool
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def fit_segments(
    temperature_K: ArrayLike,
    sigma_S_per_cm: ArrayLike,
    sigma_random: ArrayLike | None = None,
    *,
    sigma_systematic_relative: float = 0.0,
    temperature_se_K: float | ArrayLike = 0.0,
    convention: Convention = "ln(sigma T)",
) -> SegmentedArrhenius:
    """Fit one line and, with at least four points each, two; choose by BIC.

    The scatter is a free parameter of both models, so that errors given too small do not ask for a
    bend. Two lines have three more numbers to pay for: slope, intercept and place of the break (the
    scatter is common).

    Parameters
    ----------
    temperature_K, sigma_S_per_cm, sigma_random, sigma_systematic_relative, temperature_se_K
        As for `labkit.arrhenius.fit_arrhenius`.
    convention
        ``"ln(sigma T)"`` or ``"ln(sigma)"``.

    Returns
    -------
    SegmentedArrhenius

    Raises
    ------
    ArrheniusError
        As `fit_arrhenius`.
    """
    kelvin = np.atleast_1d(np.asarray(temperature_K, dtype=float))
    sigma = np.atleast_1d(np.asarray(sigma_S_per_cm, dtype=float))
    if kelvin.shape != sigma.shape:
        raise ArrheniusError(
            f"{kelvin.size} temperatures and {sigma.size} conductivities: one of each is needed"
        )
    error = (
        None
        if sigma_random is None
        else np.broadcast_to(np.asarray(sigma_random, dtype=float), kelvin.shape)
    )
    kelvin_se = np.broadcast_to(np.asarray(temperature_se_K, dtype=float), kelvin.shape)

    def line(which: NDArray[np.intp]) -> ArrheniusFit:
        return fit_arrhenius(
            kelvin[which],
            sigma[which],
            None if error is None else error[which],
            sigma_systematic_relative=sigma_systematic_relative,
            temperature_se_K=kelvin_se[which],
            convention=convention,
        )

    order = np.argsort(kelvin, kind="stable")
    one = line(order)
    n = kelvin.size
    bic_one = _bic(_squares(one), n, 3)
    best: tuple[float, ArrheniusFit, ArrheniusFit, float] | None = None
    for cut in range(MINIMUM_SEGMENT_POINTS, n - MINIMUM_SEGMENT_POINTS + 1):
        low, high = order[:cut], order[cut:]
        if kelvin[low[-1]] == kelvin[high[0]] or np.unique(kelvin[low]).size < 2:
            continue
        if np.unique(kelvin[high]).size < 2:
            continue
        pair = line(low), line(high)
        bic = _bic(_squares(pair[0]) + _squares(pair[1]), n, 6)
        if best is None or bic < best[0]:
            best = (bic, *pair, float(kelvin[low[-1]] + kelvin[high[0]]) / 2)
    if best is None or best[0] > bic_one - DECISIVE_BIC:
        return SegmentedArrhenius(one, (one,), bic_one, best[0] if best else math.nan, None, (), ())
    message = (
        f"two lines, {best[1].ea_eV:.3f} eV below and {best[2].ea_eV:.3f} eV above "
        f"{best[3]:.0f} K, describe the series better (BIC lower by {bic_one - best[0]:.0f})"
    )
    return SegmentedArrhenius(
        one, (best[1], best[2]), bic_one, best[0], best[3], ("two-segments",), (message,)
    )


def _squares(fit: ArrheniusFit) -> float:
    """Return the sum of squares, weighted where errors were given."""
    residual, error = np.asarray(fit.residual_ln), np.asarray(fit.ln_error)
    weight = np.where(error > 0, error, 1.0)
    return float(np.sum((residual / weight) ** 2))


def _bic(squares: float, n: int, parameters: int) -> float:
    """Return n ln(S/n) + k ln n; an exact fit counts as one of 1e-12 relative residuals."""
    return n * math.log(max(squares / n, 1e-24)) + parameters * math.log(n)


def compare_heating_cooling(
    temperature_K: ArrayLike,
    sigma_S_per_cm: ArrayLike,
    sigma_random: ArrayLike | None = None,
    *,
    temperature_se_K: float = 0.0,
    convention: Convention = "ln(sigma T)",
) -> HeatingCooling:
    """Split a series in the order of measurement at its hottest point and compare both ways.

    The hottest point, before or after what changed the sample, belongs to neither where both ways
    have three points without it, else to both. A difference is called one where p < 0.01 and sigma
    shifts by more than 5 %.

    Parameters
    ----------
    temperature_K, sigma_S_per_cm, sigma_random
        In the order of measurement, shape (n,).
    temperature_se_K, convention
        As for `labkit.arrhenius.fit_arrhenius`.

    Returns
    -------
    HeatingCooling

    Raises
    ------
    ArrheniusError
        If there are not three points each way.
    """
    kelvin = np.asarray(temperature_K, dtype=float)
    sigma = np.asarray(sigma_S_per_cm, dtype=float)
    error = None if sigma_random is None else np.asarray(sigma_random, dtype=float)
    top = int(np.argmax(kelvin)) if kelvin.size else 0
    if top < 2 or kelvin.size - top < 3:
        raise ArrheniusError(
            "heating and cooling need three points each, in the order of measurement; "
            f"the hottest is number {top + 1} of {kelvin.size}"
        )

    def line(which: slice) -> ArrheniusFit:
        return fit_arrhenius(
            kelvin[which],
            sigma[which],
            None if error is None else error[which],
            temperature_se_K=temperature_se_K,
            convention=convention,
        )

    apart = 1 if top >= 3 and kelvin.size - top >= 4 else 0
    heating, cooling = line(slice(0, top + 1 - apart)), line(slice(top + apart, kelvin.size))
    low = max(heating.temperature_range_K[0], cooling.temperature_range_K[0])
    high = min(heating.temperature_range_K[1], cooling.temperature_range_K[1])
    centre = 2 / (1 / low + 1 / high)
    (up,), (up_se,) = (np.atleast_1d(v) for v in heating.ln_sigma(centre))
    (down,), (down_se,) = (np.atleast_1d(v) for v in cooling.ln_sigma(centre))
    shift, shift_se = float(down - up), math.hypot(float(up_se), float(down_se))
    change = cooling.ea_eV - heating.ea_eV
    change_se = math.hypot(heating.ea_se_eV, cooling.ea_se_eV)
    p_value = _p_value(shift, shift_se, change, change_se, heating.n_points + cooling.n_points - 4)
    differs = p_value < 0.01 and abs(shift) > 0.05
    message = (
        f"cooling differs from heating: sigma by {math.expm1(shift):+.0%}, Ea by {change:+.3f} eV"
        if differs
        else "heating and cooling agree"
    )
    return HeatingCooling(
        heating, cooling, shift, shift_se, change, change_se, p_value, differs, message
    )


def _p_value(shift: float, shift_se: float, change: float, change_se: float, free: int) -> float:
    """Test shift and change of slope together (F with 2 and `free` degrees of freedom)."""
    from scipy.special import fdtrc

    if not (shift_se > 0 and change_se > 0):
        return 0.0 if abs(shift) > 1e-9 or abs(change) > 1e-9 else 1.0
    statistic = ((shift / shift_se) ** 2 + (change / change_se) ** 2) / 2
    return float(fdtrc(2, max(free, 1), statistic))
