"""Arcs across a temperature series: the same arc has the same capacitance at every temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from labkit.eis.circuit import CircuitFit, FittedArc, fit_circuit
from labkit.eis.circuit_string import parse_circuit
from labkit.eis.least_squares import minimise
from labkit.eis.spectrum import ComplexArray, FloatArray, SpectrumError, SpectrumLike, usable_points
from labkit.geometry import Measured
from labkit.json_ready import json_ready

SAME_ARC_DECADES = 1.0
"""Two arcs of neighbouring temperatures are the same if their capacitances differ by less."""


@dataclass(frozen=True, slots=True)
class TrackedArc:
    """One arc through a series: resistance, capacitance and exponent per temperature.

    A temperature where the arc was not resolved has NaN.
    """

    role: str
    temperature_K: tuple[float, ...]
    resistance_ohm: tuple[float, ...]
    resistance_se_ohm: tuple[float, ...]
    capacitance_F: tuple[float, ...]
    n: tuple[float, ...]

    def measured(self) -> list[tuple[float, Measured]]:
        """Return (temperature in K, resistance) where the arc was resolved."""
        return [
            (t, Measured(r, se))
            for t, r, se in zip(self.temperature_K, self.resistance_ohm, self.resistance_se_ohm)
            if math.isfinite(r)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFit:
    """Circuit fits of a temperature series with its arcs tracked.

    `joint` says that exponents and capacitances were shared by all temperatures.
    """

    circuit: str
    temperature_K: tuple[float, ...]
    fits: tuple[CircuitFit, ...]
    arcs: tuple[TrackedArc, ...]
    total: TrackedArc
    joint: bool

    def to_dict(self) -> dict[str, Any]:
        """Return arcs and totals as JSON-ready values."""
        result: dict[str, Any] = json_ready(
            {
                "circuit": self.circuit,
                "temperature_K": self.temperature_K,
                "arcs": self.arcs,
                "total": self.total,
                "joint": self.joint,
            }
        )
        return result


def fit_temperature_series(
    temperature_K: Sequence[float],
    spectra: Sequence[SpectrumLike],
    circuit: str = "auto",
    *,
    joint: bool = False,
    seed: int = 0,
) -> SeriesFit:
    """Fit one circuit to every spectrum of a series and track its arcs.

    With ``"auto"`` each spectrum votes for a circuit and the commonest one is fitted to all. Every
    spectrum is then fitted again from the values of its neighbours, so that one arc does not jump
    to another minimum.

    Parameters
    ----------
    temperature_K
        Shape (m,).
    spectra
        One per temperature.
    circuit
        A circuit string or ``"auto"``.
    joint
        One fit of all spectra in which every arc has one exponent and one capacitance; only the
        resistances and the electrode change with temperature. Fewer parameters, smaller errors of
        small arcs, if the assumption holds.

    Returns
    -------
    SeriesFit
        In the order given.

    Raises
    ------
    SpectrumError
        If numbers of temperatures and spectra differ, or a joint fit has no arcs to share.
    """
    if len(temperature_K) != len(spectra) or not spectra:
        raise SpectrumError(
            f"{len(temperature_K)} temperatures and {len(spectra)} spectra: one of each is needed"
        )
    fits = [fit_circuit(spectrum, circuit, seed=seed) for spectrum in spectra]
    name = circuit if circuit != "auto" else _commonest([fit.circuit for fit in fits])
    order = np.argsort(temperature_K)
    fits = [
        fit if fit.circuit == name else fit_circuit(spectrum, name, seed=seed)
        for fit, spectrum in zip(fits, spectra)
    ]
    for direction in (order, order[::-1]):
        for previous, current in pairwise(direction):
            again = fit_circuit(
                spectra[current], name, guess=fits[previous].values, starts=2, seed=seed
            )
            if again.rms < fits[current].rms * 0.999:
                fits[current] = again
    if joint:
        return _joint(temperature_K, spectra, fits, name)
    return _tracked(temperature_K, fits, name, joint=False)


def _commonest(names: list[str]) -> str:
    """Return the name with most votes; of equals the longer circuit."""
    return max(set(names), key=lambda name: (names.count(name), len(name)))


def _tracked(
    temperature_K: Sequence[float], fits: Sequence[CircuitFit], name: str, *, joint: bool
) -> SeriesFit:
    """Follow every arc by its capacitance, starting from the spectrum with most of them."""
    reference = max(fits, key=lambda fit: (len(fit.arcs), -fit.rms))
    tracks = [_follow(temperature_K, fits, arc) for arc in reference.arcs]
    total = TrackedArc(
        role="total",
        temperature_K=tuple(float(t) for t in temperature_K),
        resistance_ohm=tuple(fit.resistance_ohm for fit in fits),
        resistance_se_ohm=tuple(fit.resistance_se_ohm for fit in fits),
        capacitance_F=(math.nan,) * len(fits),
        n=(math.nan,) * len(fits),
    )
    return SeriesFit(
        circuit=name,
        temperature_K=total.temperature_K,
        fits=tuple(fits),
        arcs=tuple(tracks),
        total=total,
        joint=joint,
    )


def _follow(
    temperature_K: Sequence[float], fits: Sequence[CircuitFit], arc: FittedArc
) -> TrackedArc:
    found: list[FittedArc | None] = []
    for fit in fits:
        near = min(
            fit.arcs,
            key=lambda other: abs(math.log10(other.capacitance_F / arc.capacitance_F)),
            default=None,
        )
        same = near is not None and (
            abs(math.log10(near.capacitance_F / arc.capacitance_F)) < SAME_ARC_DECADES
        )
        found.append(near if same else None)
    return TrackedArc(
        role=arc.role,
        temperature_K=tuple(float(t) for t in temperature_K),
        resistance_ohm=tuple(a.resistance_ohm if a else math.nan for a in found),
        resistance_se_ohm=tuple(a.resistance_se_ohm if a else math.nan for a in found),
        capacitance_F=tuple(a.capacitance_F if a else math.nan for a in found),
        n=tuple(a.n if a else math.nan for a in found),
    )


def _joint(
    temperature_K: Sequence[float],
    spectra: Sequence[SpectrumLike],
    fits: list[CircuitFit],
    name: str,
) -> SeriesFit:
    """Fit all spectra at once with exponents and capacitances of arcs in common.

    In logarithms ln Q = n ln C - (1 - n) ln R, so every spectrum's parameters are a smooth function
    of the shared (ln C, n) and its own resistances.
    """
    circuit = parse_circuit(name)
    arcs = fits[0].arcs
    if not arcs:
        raise SpectrumError(f"a joint fit shares capacitances of arcs; {name} has none")
    names = circuit.names
    pairs = [_arc_positions(names, arc.name) for arc in arcs]
    own = [k for k in range(len(names)) if all(k not in (q, n) for _, q, n in pairs)]
    points = [usable_points(s, keep_inductive="L0" in names) for s in spectra]
    sizes = [p.z_ohm.size for p in points]
    shared = 2 * len(pairs)

    def split(p: FloatArray, m: int) -> FloatArray:
        """Return the internal parameters of spectrum m, shape (starts, parameters)."""
        full = np.zeros((p.shape[0], len(names)))
        begin = shared + m * len(own)
        full[:, own] = p[:, begin : begin + len(own)]
        for k, (r, q, n) in enumerate(pairs):
            full[:, n] = p[:, 2 * k + 1]
            exponent = circuit.to_values(full)[:, n]
            full[:, q] = exponent * p[:, 2 * k] - (1 - exponent) * full[:, r]
        return full

    def model(p: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        z = np.zeros((p.shape[0], sum(sizes)), dtype=complex)
        jacobian = np.zeros((p.shape[0], sum(sizes), p.shape[1]), dtype=complex)
        row = 0
        for m, data in enumerate(points):
            full = split(p, m)
            value, gradient = circuit.with_gradient(full, 2 * np.pi * data.frequency_hz)
            rows = slice(row, row + sizes[m])
            z[:, rows] = value
            begin = shared + m * len(own)
            jacobian[:, rows, begin : begin + len(own)] = gradient[:, :, own]
            values = circuit.to_values(full)
            slopes = circuit.internal_slope(values)
            for k, (r, q, n) in enumerate(pairs):
                exponent = values[:, n][:, None]
                by_q = gradient[:, :, q]
                jacobian[:, rows, 2 * k] += exponent * by_q
                log_sum = (p[:, 2 * k] + full[:, r])[:, None] * slopes[:, n][:, None]
                jacobian[:, rows, 2 * k + 1] += gradient[:, :, n] + log_sum * by_q
                jacobian[:, rows, begin + own.index(r)] -= (1 - exponent) * by_q
            row += sizes[m]
        return z, jacobian

    start = np.zeros((1, shared + len(own) * len(fits)))
    internal = [circuit.to_internal(np.array([p.value for p in fit.parameters])) for fit in fits]
    for k, (_, _, n) in enumerate(pairs):
        tracked = _follow(temperature_K, fits, arcs[k])
        start[0, 2 * k] = np.nanmedian(np.log(tracked.capacitance_F))
        start[0, 2 * k + 1] = np.median([values[n] for values in internal])
    for m, values in enumerate(internal):
        start[0, shared + m * len(own) : shared + (m + 1) * len(own)] = values[own]
    z = np.concatenate([p.z_ohm for p in points])
    weight = np.concatenate([1 / np.abs(p.smooth_ohm) for p in points])
    end = minimise(model, start, z, weight, rounds=200)
    return _from_joint(
        temperature_K,
        fits,
        name,
        pairs,
        own,
        shared,
        end.parameters[0],
        (
            np.linalg.pinv(end.normal[0], hermitian=True)
            * float(end.cost[0])
            / max(2 * z.size - start.size, 1)
        ),
        split,
    )


def _arc_positions(names: tuple[str, ...], resistor: str) -> tuple[int, int, int]:
    """Return the positions of R, Q and n of an arc p(Rk,CPEk)."""
    number = resistor.removeprefix("R")
    try:
        return (
            names.index(resistor),
            names.index(f"CPE{number}_0"),
            names.index(f"CPE{number}_1"),
        )
    except ValueError as error:
        raise SpectrumError(
            f"a joint fit needs arcs written p(R{number},CPE{number}); {', '.join(names)} differs"
        ) from error


def _from_joint(
    temperature_K: Sequence[float],
    fits: Sequence[CircuitFit],
    name: str,
    pairs: list[tuple[int, int, int]],
    own: list[int],
    shared: int,
    p: FloatArray,
    covariance: FloatArray,
    split: Any,
) -> SeriesFit:
    """Turn the parameters of a joint fit into tracked arcs."""
    circuit = parse_circuit(name)
    kelvin = tuple(float(t) for t in temperature_K)
    tracks: list[TrackedArc] = []
    count = len(fits)
    values = [circuit.to_values(split(p[None], m))[0] for m in range(count)]
    place = [[shared + m * len(own) + own.index(r) for m in range(count)] for r, _, _ in pairs]
    for k, (r, _, n) in enumerate(pairs):
        resistance = np.array([value[r] for value in values])
        tracks.append(
            TrackedArc(
                role=fits[0].arcs[k].role,
                temperature_K=kelvin,
                resistance_ohm=tuple(resistance.tolist()),
                resistance_se_ohm=tuple(
                    (resistance * np.sqrt(np.diag(covariance)[place[k]])).tolist()
                ),
                capacitance_F=(math.exp(p[2 * k]),) * count,
                n=(float(values[0][n]),) * count,
            )
        )
    counted = [k for k in range(len(pairs)) if fits[0].arcs[k].role != "electrode"]
    alone = [k for k, text in enumerate(circuit.names) if text == "R0"]
    totals, errors = [], []
    for m in range(count):
        gradient = np.zeros(p.size)
        total = 0.0
        for k in counted:
            gradient[place[k][m]] = values[m][pairs[k][0]]
            total += values[m][pairs[k][0]]
        for k in alone:
            gradient[shared + m * len(own) + own.index(k)] = values[m][k]
            total += values[m][k]
        totals.append(float(total))
        errors.append(math.sqrt(max(float(gradient @ covariance @ gradient), 0.0)))
    nothing = (math.nan,) * count
    return SeriesFit(
        circuit=name,
        temperature_K=kelvin,
        fits=tuple(fits),
        arcs=tuple(tracks),
        total=TrackedArc("total", kelvin, tuple(totals), tuple(errors), nothing, nothing),
        joint=True,
    )
