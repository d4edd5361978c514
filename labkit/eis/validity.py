"""Kramers-Kronig validity by linear fits, before anything else is read from a spectrum.

A spectrum that obeys Kramers-Kronig is matched to its noise by a chain of RC elements with fixed
time constants, which is one linear least-squares problem (Boukamp, J. Electrochem. Soc. 142 (1995)
1885). The number of elements is chosen by the mu criterion of Schoenleber, Klotz and Ivers-Tiffee
(Electrochim. Acta 131 (2014) 20): mu = 1 - sum|R_k < 0| / sum|R_k >= 0| falls when the chain begins
to fit noise. A cell between blocking electrodes gets a series capacitance, or the fit is made on
the admittance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from labkit.eis.spectrum import (
    ComplexArray,
    FloatArray,
    Points,
    SpectrumError,
    SpectrumLike,
    usable_points,
)
from labkit.eis.verdict import Reason
from labkit.json_ready import json_ready

Form = Literal["impedance", "admittance"]

MU_LIMIT = 0.85
REVIEW_RESIDUAL = 0.01
REJECT_RESIDUAL = 0.02
SMOOTHED_OVER = 5
ELEMENTS_PER_DECADE = (1.0, 3.0)
"""Fewest RC elements per decade of a first look and, where that leaves structure, of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class KramersKronig:
    """Residuals of a Kramers-Kronig fit.

    Parameters
    ----------
    frequency_hz
        Shape (n,), falling; the points that were fitted.
    residual_real, residual_imaginary
        (Z - fit)/|Z|, shape (n,).
    model_ohm
        The fitted impedance, shape (n,).
    form
        ``"impedance"`` or ``"admittance"``.
    elements, mu
        Number of RC elements and the mu that stopped them.
    rms
        Root mean square of both residuals.
    noise
        Noise of the spectrum estimated beforehand.
    systematic
        Largest mean residual over five neighbours beyond what the noise leaves there.
    at_low_end_only
        True where systematic residuals lie in the lowest quarter of the points alone: drift.
    reasons
        Findings for the verdict.
    """

    frequency_hz: FloatArray
    residual_real: FloatArray
    residual_imaginary: FloatArray
    model_ohm: ComplexArray
    form: Form
    elements: int
    mu: float
    rms: float
    noise: float
    systematic: float
    at_low_end_only: bool
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def check_kramers_kronig(
    spectrum: SpectrumLike | Points,
    *,
    form: Form | Literal["auto"] = "auto",
    elements: int | None = None,
    mu_limit: float = MU_LIMIT,
    maximum_elements: int | None = None,
) -> KramersKronig:
    """Test a spectrum for Kramers-Kronig consistency.

    Parameters
    ----------
    spectrum
        A record, the pair (frequency_hz, z_ohm), or points prepared by `usable_points`.
    form
        Fit the impedance (with series inductance and capacitance), the admittance (with parallel
        ones), or both and keep the better.
    elements
        Number of RC elements; None: the mu criterion chooses.
    mu_limit
        The chain grows until mu falls below this.
    maximum_elements
        Upper end of the search; None: as many as there are points, at most 60.

    Returns
    -------
    KramersKronig

    Raises
    ------
    SpectrumError
        If fewer than six points can be used.
    """
    points = spectrum if isinstance(spectrum, Points) else usable_points(spectrum, minimum=6)
    if points.frequency_hz.size < 6:
        raise SpectrumError(
            f"Kramers-Kronig needs at least 6 points, there are {points.frequency_hz.size}"
        )
    forms: tuple[Form, ...] = ("impedance", "admittance") if form == "auto" else (form,)
    best: tuple[float, Form, int, float, ComplexArray] | None = None
    decades = math.log10(float(points.frequency_hz[0] / points.frequency_hz[-1]))
    # mu also dips while the chain is too short to follow the spectrum: look again with more.
    attempts = [(one, density * decades) for density in ELEMENTS_PER_DECADE for one in forms]
    for one, fewest in attempts:
        count, mu, model = _fit_chain(
            points, one, elements, mu_limit, maximum_elements, math.ceil(fewest)
        )
        relative = (points.z_ohm - model) / np.abs(points.z_ohm)
        rms = float(np.sqrt(np.mean(np.abs(relative) ** 2) / 2))
        if best is None or rms < best[0]:
            best = (rms, one, count, mu, model)
        if rms < 1.3 * points.noise:
            break  # at the noise: nothing is left to explain
        if elements is not None and one == forms[-1]:
            break
    assert best is not None
    return _judge(points, *best)


def _design(points: Points, form: Form, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the weighted real design matrix, the weighted data, and the weights."""
    omega = 2 * np.pi * points.frequency_hz
    tau = np.geomspace(1 / omega.max(), 1 / omega.min(), count)
    jw = 1j * omega[:, None]
    data = points.z_ohm if form == "impedance" else 1 / points.z_ohm
    kernel = 1 / (1 + jw * tau) if form == "impedance" else jw * tau / (1 + jw * tau)
    one = np.ones((omega.size, 1), dtype=complex)
    # Scaled so that all columns have size near one.
    rising, falling = jw / omega.max(), omega.min() / jw
    columns = np.concatenate([one, rising, falling, kernel], axis=1)
    weight = 1 / np.abs(data)
    weighted = columns * weight[:, None]
    matrix = np.concatenate([weighted.real, weighted.imag])
    right = np.concatenate([(data * weight).real, (data * weight).imag])
    return matrix, right, weight


def _solve(points: Points, form: Form, count: int) -> tuple[float, ComplexArray]:
    """Fit a chain of `count` elements; return mu and the fitted impedance."""
    matrix, right, weight = _design(points, form, count)
    solution, *_ = np.linalg.lstsq(matrix, right, rcond=1e-12)
    chain = solution[3:]
    positive, negative = chain[chain >= 0].sum(), -chain[chain < 0].sum()
    mu = 1 - negative / positive if positive > 0 else 0.0
    fitted = matrix @ solution
    n = points.z_ohm.size
    value = (fitted[:n] + 1j * fitted[n:]) / weight
    return float(mu), value if form == "impedance" else 1 / value


def _fit_chain(
    points: Points,
    form: Form,
    elements: int | None,
    mu_limit: float,
    maximum_elements: int | None,
    fewest: int,
) -> tuple[int, float, ComplexArray]:
    """Find the number of elements where mu first falls below the limit.

    mu falls almost steadily with the number of elements, so that a bisection between the last
    good and the first bad of a doubling sequence finds the place in a few linear solutions.
    """
    if elements is not None:
        mu, model = _solve(points, form, elements)
        return elements, mu, model
    largest = min(maximum_elements or 60, points.z_ohm.size)
    good, count = max(1, fewest - 1), max(4, fewest)
    while count < largest:
        mu, model = _solve(points, form, count)
        if mu < mu_limit:
            break
        good, count = count, int(count * 1.6)
    else:
        count = largest
        mu, model = _solve(points, form, count)
        if mu >= mu_limit:
            return count, mu, model
    bad = count
    result = (bad, mu, model)
    while bad - good > 1:
        middle = (good + bad) // 2
        mu, model = _solve(points, form, middle)
        if mu < mu_limit:
            bad, result = middle, (middle, mu, model)
        else:
            good = middle
    return result


def _judge(
    points: Points, rms: float, form: Form, count: int, mu: float, model: ComplexArray
) -> KramersKronig:
    relative = (points.z_ohm - model) / np.abs(points.z_ohm)
    kernel = np.ones(SMOOTHED_OVER) / SMOOTHED_OVER
    means = np.stack(
        [np.convolve(part, kernel, mode="valid") for part in (relative.real, relative.imag)]
    )
    size = np.sqrt(np.mean(means**2, axis=0))
    expected = points.noise / math.sqrt(SMOOTHED_OVER)
    # The largest of many means of pure noise is about twice its standard deviation.
    beyond = np.sqrt(np.maximum(size**2 - (2.0 * expected) ** 2, 0.0))
    systematic = float(beyond.max())
    quarter = max(1, beyond.size // 4)
    elsewhere = float(beyond[:-quarter].max(initial=0.0))
    low_only = systematic > REVIEW_RESIDUAL and elsewhere < REVIEW_RESIDUAL / 2
    reasons: list[Reason] = []
    if systematic > REVIEW_RESIDUAL:
        where = float(points.frequency_hz[int(np.argmax(beyond)) + SMOOTHED_OVER // 2])
        text = f"Kramers-Kronig residuals reach {systematic:.1%} beyond the noise at {where:.3g} Hz"
        if low_only:
            text += ", at the low end alone: the sample changed during the sweep"
        reasons.append(
            Reason(
                "rejected" if systematic > REJECT_RESIDUAL and not low_only else "review",
                "kramers-kronig-drift" if low_only else "kramers-kronig",
                text,
            )
        )
    return KramersKronig(
        frequency_hz=points.frequency_hz,
        residual_real=relative.real,
        residual_imaginary=relative.imag,
        model_ohm=model,
        form=form,
        elements=count,
        mu=mu,
        rms=rms,
        noise=points.noise,
        systematic=systematic,
        at_low_end_only=low_only,
        reasons=tuple(reasons),
    )
