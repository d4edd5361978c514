"""One fit of a whole temperature series in which every arc has one exponent and one capacitance.

The assumption is that of a material whose arcs only change their resistance. It is tested, not
taken for granted: the joint fit is kept where the corrected Akaike criterion does not prefer the
separate fits and where the shared capacitances are far enough apart to tell whose arc is whose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from labkit.eis.circuit import CircuitFit
from labkit.eis.circuit_string import Circuit, parse_circuit
from labkit.eis.least_squares import BatchFit, minimise
from labkit.eis.spectrum import (
    ComplexArray,
    FloatArray,
    Points,
    SpectrumError,
    SpectrumLike,
    usable_points,
)
from labkit.eis.tracked_arcs import NOT_SEPARABLE, SeriesFit, TrackedArc, without_names

__all__ = ["JOINT_FIT_WORSE", "fit_jointly"]

CAPACITANCES_APART = 3.0
"""Shared capacitances closer than this factor do not tell a bulk from a grain boundary."""
DECISIVE_AICC = 10.0
"""Difference of AICc at which the worse model has essentially no support (Burnham and Anderson,
Model Selection and Multimodel Inference, 2002)."""
JOINT_FIT_WORSE = "joint-fit-worse"
"""Reason of a series whose spectra do not share exponents and capacitances."""


def fit_jointly(separate: SeriesFit, spectra: Sequence[SpectrumLike]) -> SeriesFit:
    """Fit all spectra at once with exponents and capacitances of arcs in common.

    Starts from the separate fits, each arc in its place by rising capacitance, whatever number it
    has in the circuit of its spectrum.

    Parameters
    ----------
    separate
        The separate fits with their arcs followed.
    spectra
        The same spectra, in the same order.

    Returns
    -------
    SeriesFit
        The joint fit; or the separate ones with a reason, where the capacitances are too close
        (``"arcs-not-separable"``, the arcs then have no names) or the data speak against shared
        ones (``"joint-fit-worse"``).

    Raises
    ------
    SpectrumError
        If the circuit has no arcs to share, or arcs that are no resistor beside a CPE.
    """
    if not separate.fits[0].arcs:
        raise SpectrumError(f"a joint fit shares capacitances of arcs; {separate.circuit} has none")
    model = _Model.of(separate, spectra)
    z = np.concatenate([points.z_ohm for points in model.points])
    weight = np.concatenate([1 / np.abs(points.smooth_ohm) for points in model.points])
    aligned = [_aligned(fit, separate.fits[0]) for fit in separate.fits]
    end = minimise(model, model.start(separate.fits, aligned), z, weight, rounds=200)
    residual = (z - model.separately(aligned)) * weight
    worse_by = _aicc(float(end.cost[0]), z.size, end.parameters.shape[1]) - _aicc(
        float(np.sum(np.abs(residual) ** 2)), z.size, len(aligned) * len(model.circuit.names)
    )
    tracks = model.tracks(separate, end)
    found = _doubts(tracks, worse_by)
    if not found:
        total = model.total(separate, end)
        return replace(separate, arcs=tracks, total=total, joint=True, reasons=(), messages=())
    arcs = without_names(separate.arcs) if NOT_SEPARABLE in found else separate.arcs
    return replace(
        separate,
        arcs=arcs,
        reasons=tuple(dict.fromkeys((*separate.reasons, *found))),
        messages=(*separate.messages, *found.values()),
    )


def _doubts(tracks: tuple[TrackedArc, ...], worse_by: float) -> dict[str, str]:
    """Say why a joint fit is not kept, by reason; nothing where it is."""
    found: dict[str, str] = {}
    of_pellet = sorted(arc.capacitance_F[0] for arc in tracks if arc.role != "electrode")
    for lower, upper in pairwise(of_pellet):
        if upper < CAPACITANCES_APART * lower:
            found[NOT_SEPARABLE] = (
                f"arcs of {lower:.1e} and {upper:.1e} F are too close in one fit of all "
                "temperatures to say which is bulk and which grain boundary: the separate fits "
                "are shown, without names"
            )
    if worse_by > DECISIVE_AICC:
        found[JOINT_FIT_WORSE] = (
            "one capacitance and one exponent per arc do not describe all temperatures (AICc worse "
            f"by {worse_by:.0f}): the separate fits are shown"
        )
    return found


def _aicc(squares: float, points: int, parameters: int) -> float:
    """Return the corrected Akaike criterion of a fit to complex points of unknown noise."""
    count = 2 * points
    free = max(count - parameters - 2, 1)
    penalty = 2 * (parameters + 1) * count / free
    return count * math.log(max(squares, 1e-300) / count) + penalty


def _aligned(fit: CircuitFit, reference: CircuitFit) -> FloatArray:
    """Return the values of a fit with its arcs in the places that they have in the reference."""
    values = dict(fit.values)
    for arc, place in zip(fit.arcs, reference.arcs, strict=True):
        for own, there in zip(_names_of_arc(arc.name), _names_of_arc(place.name), strict=True):
            values[there] = fit.values[own]
    return np.array([values[parameter.name] for parameter in fit.parameters])


def _names_of_arc(resistor: str) -> tuple[str, str, str]:
    """Return the parameters R, Q and n of an arc p(Rk,CPEk)."""
    number = resistor.removeprefix("R")
    return resistor, f"CPE{number}_0", f"CPE{number}_1"


@dataclass(frozen=True, slots=True)
class _Model:
    """All spectra as one function of shared (ln C, n) and each spectrum's own parameters.

    In logarithms ln Q = n ln C - (1 - n) ln R. A parameter set holds (ln C, n) of every arc first,
    then for each spectrum the parameters at `own`.
    """

    circuit: Circuit
    pairs: tuple[tuple[int, int, int], ...]
    own: tuple[int, ...]
    points: tuple[Points, ...]

    @classmethod
    def of(cls, separate: SeriesFit, spectra: Sequence[SpectrumLike]) -> _Model:
        circuit = parse_circuit(separate.circuit)
        names = circuit.names
        try:
            pairs = tuple(
                (names.index(r), names.index(q), names.index(n))
                for r, q, n in (_names_of_arc(arc.name) for arc in separate.fits[0].arcs)
            )
        except ValueError as error:
            raise SpectrumError(
                f"a joint fit needs arcs written p(R1,CPE1); {circuit.text} differs"
            ) from error
        shared = {position for _, q, n in pairs for position in (q, n)}
        points = tuple(
            usable_points(
                spectrum,
                mask={point.index: point.reason for point in fit.masked},
                keep_inductive="L0" in names,
            )
            for spectrum, fit in zip(spectra, separate.fits, strict=True)
        )
        own = tuple(k for k in range(len(names)) if k not in shared)
        return cls(circuit, pairs, own, points)

    @property
    def shared(self) -> int:
        return 2 * len(self.pairs)

    def begin(self, m: int) -> int:
        """Return the position of the first parameter of spectrum m."""
        return self.shared + m * len(self.own)

    def start(self, fits: Sequence[CircuitFit], aligned: Sequence[FloatArray]) -> FloatArray:
        """Return the separate fits as a parameter set, shape (1, parameters)."""
        start = np.zeros((1, self.shared + len(self.own) * len(aligned)))
        internal = np.array([self.circuit.to_internal(values) for values in aligned])
        for k, (_, _, n) in enumerate(self.pairs):
            start[0, 2 * k] = np.median([math.log(fit.arcs[k].capacitance_F) for fit in fits])
            start[0, 2 * k + 1] = np.median(internal[:, n])
        start[0, self.shared :] = internal[:, list(self.own)].ravel()
        return start

    def split(self, p: FloatArray, m: int) -> FloatArray:
        """Return the internal parameters of spectrum m, shape (starts, parameters)."""
        full = np.zeros((p.shape[0], len(self.circuit.names)))
        full[:, list(self.own)] = p[:, self.begin(m) : self.begin(m + 1)]
        for k, (r, q, n) in enumerate(self.pairs):
            full[:, n] = p[:, 2 * k + 1]
            exponent = self.circuit.to_values(full)[:, n]
            full[:, q] = exponent * p[:, 2 * k] - (1 - exponent) * full[:, r]
        return full

    def __call__(self, p: FloatArray) -> tuple[ComplexArray, ComplexArray]:
        sizes = [data.z_ohm.size for data in self.points]
        z = np.zeros((p.shape[0], sum(sizes)), dtype=complex)
        jacobian = np.zeros((p.shape[0], sum(sizes), p.shape[1]), dtype=complex)
        row = 0
        for m, data in enumerate(self.points):
            full = self.split(p, m)
            value, gradient = self.circuit.with_gradient(full, 2 * np.pi * data.frequency_hz)
            rows = slice(row, row + sizes[m])
            z[:, rows] = value
            begin = self.begin(m)
            jacobian[:, rows, begin : self.begin(m + 1)] = gradient[:, :, list(self.own)]
            values = self.circuit.to_values(full)
            slopes = self.circuit.internal_slope(values)
            for k, (r, q, n) in enumerate(self.pairs):
                exponent = values[:, n][:, None]
                by_q = gradient[:, :, q]
                jacobian[:, rows, 2 * k] += exponent * by_q
                log_sum = (p[:, 2 * k] + full[:, r])[:, None] * slopes[:, n][:, None]
                jacobian[:, rows, 2 * k + 1] += gradient[:, :, n] + log_sum * by_q
                jacobian[:, rows, begin + self.own.index(r)] -= (1 - exponent) * by_q
            row += sizes[m]
        return z, jacobian

    def separately(self, aligned: Sequence[FloatArray]) -> ComplexArray:
        """Return the impedance of the separate fits at the same points."""
        return np.concatenate(
            [
                self.circuit.impedance(values, data.frequency_hz)
                for values, data in zip(aligned, self.points, strict=True)
            ]
        )

    def covariance(self, end: BatchFit) -> FloatArray:
        count = 2 * sum(data.z_ohm.size for data in self.points)
        variance = float(end.cost[0]) / max(count - end.parameters.shape[1], 1)
        return np.asarray(np.linalg.pinv(end.normal[0], hermitian=True) * variance)

    def values(self, end: BatchFit) -> FloatArray:
        """Return the values of every spectrum, shape (spectra, parameters)."""
        p = end.parameters[:1]
        return np.array(
            [self.circuit.to_values(self.split(p, m))[0] for m in range(len(self.points))]
        )

    def tracks(self, separate: SeriesFit, end: BatchFit) -> tuple[TrackedArc, ...]:
        """Return every arc over temperature, by rising capacitance."""
        values, error = self.values(end), np.sqrt(np.diag(self.covariance(end)))
        count = len(self.points)
        tracks: list[TrackedArc] = []
        for k, (r, _, n) in enumerate(self.pairs):
            place = [self.begin(m) + self.own.index(r) for m in range(count)]
            tracks.append(
                TrackedArc(
                    role=separate.arcs[k].role,
                    temperature_K=separate.temperature_K,
                    resistance_ohm=tuple(values[:, r].tolist()),
                    resistance_se_ohm=tuple((values[:, r] * error[place]).tolist()),
                    capacitance_F=(math.exp(end.parameters[0, 2 * k]),) * count,
                    n=(float(values[0, n]),) * count,
                )
            )
        return tuple(sorted(tracks, key=lambda arc: arc.capacitance_F[0]))

    def total(self, separate: SeriesFit, end: BatchFit) -> TrackedArc:
        """Return the sum of the resistances of the pellet, with the covariance of all."""
        values, covariance = self.values(end), self.covariance(end)
        roles = [arc.role for arc in separate.arcs]
        counted = [r for (r, _, _), role in zip(self.pairs, roles) if role != "electrode"]
        counted += [k for k, name in enumerate(self.circuit.names) if name == "R0"]
        totals, errors = [], []
        for m in range(len(self.points)):
            gradient = np.zeros(end.parameters.shape[1])
            for k in counted:
                gradient[self.begin(m) + self.own.index(k)] = values[m, k]
            totals.append(float(values[m, counted].sum()))
            errors.append(math.sqrt(max(float(gradient @ covariance @ gradient), 0.0)))
        nothing = (math.nan,) * len(totals)
        return TrackedArc(
            "total", separate.temperature_K, tuple(totals), tuple(errors), nothing, nothing
        )
