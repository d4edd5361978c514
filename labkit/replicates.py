"""Replicate pellets: the plain mean and standard deviation, and random effects beside it.

A replicate is a pellet, never a point of one pellet. The mean is that of ln sigma, since errors of
conductivities are relative. Random effects separate the scatter between pellets from the errors
within (DerSimonian and Laird, Control. Clin. Trials 7 (1986) 177; interval of Hartung and Knapp,
Stat. Med. 20 (2001) 3875).

What is random and what is common to all pellets is kept apart. Random, and smaller the more pellets
there are: the noise of the spectra, the geometry of each pellet, and what makes pellets differ.
Common, and not smaller with more pellets: the error of the temperatures, since pellets measured on
one thermostat share its thermometer.

Errors raised here::

    LabkitError
    └── ReplicateError     values of which no mean can be formed
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labkit.arrhenius import ArrheniusFit
from labkit.errors import LabkitError
from labkit.json_ready import json_ready

ROOM_K = 298.15
MINIMUM_PELLETS = 3
"""Two pellets fix no interval: Student's t with one degree of freedom is 12.7."""
WIDEST_INTERVAL = 1e3
"""An interval of sigma over more than this factor says nothing and is not given."""


class ReplicateError(LabkitError):
    """Values of which no mean can be formed."""


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """A mean over groups that differ by more than their own errors.

    Parameters
    ----------
    mean, standard_error, interval95
        Estimate, its standard error and interval (Student t with n - 1); None for two groups,
        which fix none.
    between_sd
        Standard deviation between groups beyond their own errors (tau).
    heterogeneity_p
        p value of the hypothesis that all groups are equal (Cochran's Q).
    n
        Number of groups.
    """

    mean: float
    standard_error: float
    interval95: tuple[float, float] | None
    between_sd: float
    heterogeneity_p: float
    n: int


@dataclass(frozen=True, slots=True)
class ReplicateSigma:
    """Conductivity of a batch from its pellets at one temperature.

    `mean_S_per_cm` and `sd_S_per_cm` are the plain ones that papers print, `geometric_...` come
    from ln sigma, `random_effects` works on ln sigma with each pellet's own error.
    `common_relative` is the relative error that all pellets share; `interval95_S_per_cm` holds
    both, and is None below three pellets or where it would span more than three decades.
    """

    n: int
    mean_S_per_cm: float
    sd_S_per_cm: float
    geometric_mean_S_per_cm: float
    sd_ln: float
    random_effects: RandomEffects
    random_effects_S_per_cm: float
    common_relative: float
    interval95_S_per_cm: tuple[float, float] | None
    temperature_K: float | None
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


@dataclass(frozen=True, slots=True)
class ReplicateArrhenius:
    """Activation energy of a batch: shared Ea, own prefactors, beside the plain mean and sd.

    Parameters
    ----------
    n
        Number of pellets.
    mean_ea_eV, sd_ea_eV
        Plain mean and standard deviation over the pellets.
    shared_ea_eV, shared_ea_random_eV, shared_ea_systematic_eV, shared_ea_se_eV
        Mean with random effects; its error from noise and from what makes pellets differ; its
        error from the temperatures, common to all pellets; both in quadrature.
    shared_ea_interval95_eV
        With both parts; None below three pellets.
    random_effects
        Of Ea, with each pellet's own error; `heterogeneity_p` with the temperature errors as well,
        so that pellets are called different only beyond both.
    sigma25
        Conductivity at 25 C.
    convention
        ``"ln(sigma T)"`` or ``"ln(sigma)"``.
    temperature_se_K
        The largest temperature error of the pellets.
    reasons, messages
        Codes and sentences.
    """

    n: int
    mean_ea_eV: float
    sd_ea_eV: float
    shared_ea_eV: float
    shared_ea_random_eV: float
    shared_ea_systematic_eV: float
    shared_ea_se_eV: float
    shared_ea_interval95_eV: tuple[float, float] | None
    random_effects: RandomEffects
    sigma25: ReplicateSigma
    convention: str
    temperature_se_K: float
    reasons: tuple[str, ...]
    messages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def random_effects(values: ArrayLike, standard_errors: ArrayLike) -> RandomEffects:
    """Combine estimates that scatter by more than their errors.

    Parameters
    ----------
    values, standard_errors
        Shape (n,), errors zero or above (zero: unknown, all then count alike).

    Returns
    -------
    RandomEffects

    Raises
    ------
    ReplicateError
        If there is no value, one is not finite, or shapes differ.
    """
    y = np.atleast_1d(np.asarray(values, dtype=float))
    error = np.atleast_1d(np.asarray(standard_errors, dtype=float))
    if y.shape != error.shape or not y.size:
        raise ReplicateError(f"{y.size} values and {error.size} errors: one of each is needed")
    if not (np.all(np.isfinite(y)) and np.all(error >= 0)):
        raise ReplicateError("every value must be a number and every error zero or above")
    n = y.size
    if n == 1:
        alone, own = float(y[0]), float(error[0])
        return RandomEffects(alone, own, _interval(alone, own, 0.0, 1), 0.0, 1.0, 1)
    known = bool(np.all(error > 0))
    within = error**2 if known else np.zeros(n)
    between, p_value = _between_variance(y, within) if known else (float(np.var(y, ddof=1)), 0.0)
    weight = 1 / (within + between) if known else np.ones(n)
    weight = weight / weight.sum()
    mean = float(weight @ y)
    # Hartung and Knapp: the weighted scatter about the mean, with n - 1 degrees of freedom.
    scatter = float(weight @ (y - mean) ** 2) / (n - 1)
    formal = 1 / float(np.sum(1 / (within + between))) if known else 0.0
    standard_error = math.sqrt(max(scatter, formal))
    interval = _interval(mean, standard_error, 0.0, n)
    return RandomEffects(mean, standard_error, interval, math.sqrt(between), p_value, n)


def _interval(mean: float, random: float, common: float, n: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over n groups with an error common to all."""
    if n == 1:
        quantile = 1.959964
    elif n < MINIMUM_PELLETS:
        return None
    else:
        from scipy.special import stdtrit

        quantile = float(stdtrit(n - 1, 0.975))
    half = math.hypot(quantile * random, 1.959964 * common)
    return (mean - half, mean + half)


def _between_variance(y: NDArray[np.float64], within: NDArray[np.float64]) -> tuple[float, float]:
    """Return tau^2 of DerSimonian and Laird, and the p value of Cochran's Q."""
    from scipy.special import chdtrc

    weight = 1 / within
    mean = float(weight @ y / weight.sum())
    q = float(weight @ (y - mean) ** 2)
    free = y.size - 1
    scale = float(weight.sum() - (weight**2).sum() / weight.sum())
    return max((q - free) / scale, 0.0), float(chdtrc(free, q))


def combine_sigma(
    sigma_S_per_cm: ArrayLike,
    total_S_per_cm: ArrayLike,
    *,
    common_relative: float = 0.0,
    temperature_K: float | None = None,
) -> ReplicateSigma:
    """Combine the conductivities of replicate pellets at one temperature.

    Parameters
    ----------
    sigma_S_per_cm
        One per pellet, shape (n,).
    total_S_per_cm
        Standard error of each, geometry included: between pellets it is independent.
    common_relative
        Relative standard error that all pellets share, such as that of the thermometer.
    temperature_K
        Temperature, carried along.

    Returns
    -------
    ReplicateSigma
        With one pellet the standard deviation is NaN and the reasons say so.

    Raises
    ------
    ReplicateError
        If a conductivity is not above zero.
    """
    sigma = np.atleast_1d(np.asarray(sigma_S_per_cm, dtype=float))
    error = np.atleast_1d(np.asarray(total_S_per_cm, dtype=float))
    if sigma.size == 0 or not (np.all(np.isfinite(sigma)) and np.all(sigma > 0)):
        raise ReplicateError("conductivities of replicates must be above zero")
    if error.shape != sigma.shape:
        raise ReplicateError(f"{sigma.size} conductivities and {error.size} errors")
    n = sigma.size
    log = np.log(sigma)
    effects = random_effects(log, error / sigma)
    between = _interval(effects.mean, effects.standard_error, common_relative, n)
    reasons: list[str] = []
    if n < MINIMUM_PELLETS:
        reasons.append("few-replicates")
    if n > 1 and _differ(log, np.hypot(error / sigma, common_relative)):
        reasons.append("pellets-differ")
    if between is not None and between[1] - between[0] > math.log(WIDEST_INTERVAL):
        between = None
        reasons.append("interval-too-wide")
    return ReplicateSigma(
        n=n,
        mean_S_per_cm=float(sigma.mean()),
        sd_S_per_cm=float(sigma.std(ddof=1)) if n > 1 else math.nan,
        geometric_mean_S_per_cm=math.exp(float(log.mean())),
        sd_ln=float(log.std(ddof=1)) if n > 1 else math.nan,
        random_effects=effects,
        random_effects_S_per_cm=math.exp(effects.mean),
        common_relative=common_relative,
        interval95_S_per_cm=None
        if between is None
        else (math.exp(between[0]), math.exp(between[1])),
        temperature_K=temperature_K,
        reasons=tuple(reasons),
    )


def _differ(values: NDArray[np.float64], total: NDArray[np.float64]) -> bool:
    """Say whether values scatter beyond all of their errors."""
    return random_effects(values, total).heterogeneity_p < 0.01


def combine_arrhenius(fits: Sequence[ArrheniusFit]) -> ReplicateArrhenius:
    """Combine the Arrhenius lines of replicate pellets.

    Shared Ea with own prefactors: each pellet's prefactor drops out of its slope, so that the
    shared Ea is a mean of the slopes; random effects let the slopes differ too. Errors of the
    temperatures are taken as common to all pellets: those of the slopes for Ea, and for
    sigma(25 C) that of a thermometer which is wrong by the same amount everywhere.

    Parameters
    ----------
    fits
        One per pellet, all with the same convention.

    Returns
    -------
    ReplicateArrhenius

    Raises
    ------
    ReplicateError
        If there are no fits or they mix conventions.
    """
    if not fits:
        raise ReplicateError("no Arrhenius lines to combine")
    conventions = {fit.convention for fit in fits}
    if len(conventions) > 1:
        raise ReplicateError(
            "lines of ln(sigma T) and of ln(sigma) cannot be combined; fit all with one convention"
        )
    n = len(fits)
    ea = np.array([fit.ea_eV for fit in fits])
    effects = random_effects(ea, _known([fit.ea_own_se_eV for fit in fits]))
    together = random_effects(ea, _known([fit.ea_se_eV for fit in fits]))
    effects = replace(effects, heterogeneity_p=together.heterogeneity_p)
    systematic = float(np.mean([fit.ea_temperature_se_eV for fit in fits]))
    interval = _interval(effects.mean, effects.standard_error, systematic, n)
    sigma25 = _sigma_at_room(fits)
    reasons = ["few-replicates"] if n < MINIMUM_PELLETS else []
    if n > 1 and effects.heterogeneity_p < 0.01:
        reasons.append("activation-energies-differ")
    kelvin_se = max(fit.temperature_se_K for fit in fits)
    return ReplicateArrhenius(
        n=n,
        mean_ea_eV=float(ea.mean()),
        sd_ea_eV=float(ea.std(ddof=1)) if n > 1 else math.nan,
        shared_ea_eV=effects.mean,
        shared_ea_random_eV=effects.standard_error,
        shared_ea_systematic_eV=systematic,
        shared_ea_se_eV=math.hypot(effects.standard_error, systematic),
        shared_ea_interval95_eV=interval,
        random_effects=effects,
        sigma25=sigma25,
        convention=conventions.pop(),
        temperature_se_K=kelvin_se,
        reasons=tuple(reasons),
        messages=tuple(_sentences(n, [*reasons, *sigma25.reasons], kelvin_se)),
    )


def _known(errors: Sequence[float]) -> NDArray[np.float64]:
    """Return errors with zero, which means unknown, for those that are no number."""
    values = np.asarray(errors, dtype=float)
    return np.where(np.isfinite(values), values, 0.0)


def _sigma_at_room(fits: Sequence[ArrheniusFit]) -> ReplicateSigma:
    at25 = [fit.sigma_at(ROOM_K) for fit in fits]
    own = [math.hypot(fit.ln_sigma_own_se(ROOM_K), fit.sigma_systematic_relative) for fit in fits]
    sigma = np.array([point.sigma_S_per_cm for point in at25])
    common = [abs(fit.ln_sigma_per_K(ROOM_K)) * fit.temperature_se_K for fit in fits]
    return combine_sigma(
        sigma, sigma * _known(own), common_relative=float(np.mean(common)), temperature_K=ROOM_K
    )


def _sentences(n: int, reasons: Sequence[str], kelvin_se: float) -> Iterator[str]:
    """Say in words what the codes mean."""
    if n < MINIMUM_PELLETS:
        yield f"{n} pellets give a mean and a standard deviation; an interval needs three"
    if "activation-energies-differ" in reasons:
        yield "the activation energies differ by more than their errors"
    if "pellets-differ" in reasons:
        yield "the conductivities at 25 C differ by more than their errors"
    if "interval-too-wide" in reasons:
        yield "the pellets differ so much that the interval of sigma(25 C) says nothing"
    if n > 1 and kelvin_se > 0:
        where = "is not in the s.d." if n < MINIMUM_PELLETS else "is the systematic part"
        yield (
            f"the temperature error, {kelvin_se:g} K, is common to pellets on one thermostat: it "
            f"does not average out and {where}"
        )
