"""The calculated pattern of several phases and its derivatives, all points at once.

A pattern is ``background + sum_k I_k sum_l w_l P(2theta - 2theta_kl)``: reflections k, lines l of
the source, P the pseudo-Voigt of `labkit.xrd.profile`. Reflection intensities are either free
(Pawley, J. Appl. Cryst. 14 (1981) 357) or follow from the structure by a scale and an overall
displacement factor (Rietveld, J. Appl. Cryst. 2 (1969) 65).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.background import chebyshev_design
from labkit.xrd.phase import Phase, Reflections
from labkit.xrd.profile import line_shapes, mix_widths, open_windows, reach_of
from labkit.xrd.radiation import Radiation
from labkit.xrd.single_peaks import SinglePeaks

__all__ = ["SMALLEST_WIDTH2", "Evaluation", "Intensities", "Model", "lorentz_polarisation"]

FloatArray: TypeAlias = NDArray[np.float64]
Intensities = Literal["free", "structure"]

# nodes of the axial divergence: the aberration grows with the square of the angle
_AXIAL_NODES, _AXIAL_WEIGHTS = np.polynomial.legendre.leggauss(5)
_AXIAL_NODES, _AXIAL_WEIGHTS = (_AXIAL_NODES + 1) / 2, _AXIAL_WEIGHTS / 2

SMALLEST_WIDTH2 = 1e-5
"""Least Gaussian width squared, deg^2: lines never become narrower than 0.003 degrees."""


def lorentz_polarisation(two_theta_deg: FloatArray, monochromator_deg: float = 0.0) -> FloatArray:
    """Return (1 + A cos^2 2theta) / (sin^2 theta cos theta) / (1 + A), A = cos^2 2theta_M."""
    angle = np.radians(two_theta_deg)
    share = math.cos(math.radians(monochromator_deg)) ** 2
    shape = (1 + share * np.cos(angle) ** 2) / (1 + share)
    return np.asarray(shape / (np.sin(angle / 2) ** 2 * np.cos(angle / 2)))


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The model at one set of parameters.

    Attributes
    ----------
    total, background : ndarray, shape (n,)
    shapes : sparse matrix (n, K)
        Column k is reflection k at unit intensity.
    jacobian : ndarray, shape (n, p)
        Derivatives with respect to the parameters of the model (not the free intensities).
    centre_deg : ndarray, shape (K,)
        Position of the first line of each reflection.
    intensity : ndarray, shape (K,)
        Area of each reflection in counts x degrees.
    """

    total: FloatArray
    background: FloatArray
    shapes: Any
    jacobian: FloatArray
    centre_deg: FloatArray
    intensity: FloatArray


class Model:
    """Several phases in one range of angles.

    Parameters
    ----------
    two_theta : ndarray, shape (n,)
        Degrees.
    phases : sequence of Phase or SinglePeaks
    radiation : Radiation
    intensities : sequence of {"free", "structure"}
        One per phase.
    background_terms : int
    monochromator_deg : float
        2-theta of a monochromator, for the polarisation of computed intensities.
    """

    def __init__(
        self,
        two_theta: FloatArray,
        phases: Sequence[Phase | SinglePeaks],
        radiation: Radiation,
        intensities: Sequence[Intensities],
        *,
        background_terms: int,
        monochromator_deg: float = 0.0,
    ) -> None:
        self.two_theta = two_theta
        self.phases = tuple(phases)
        self.radiation = radiation
        self.modes = tuple(intensities)
        self.monochromator_deg = monochromator_deg
        self.reflections = tuple(self._in_range(phase) for phase in phases)
        sizes = [r.hkl.shape[0] for r in self.reflections]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
        self.spans = tuple(slice(edges[i], edges[i + 1]) for i in range(len(sizes)))
        self.n_reflections = int(edges[-1])
        self.chebyshev = chebyshev_design(two_theta, background_terms)
        self.names = self._names(background_terms)
        self.index = {name: number for number, name in enumerate(self.names)}
        free = [mode == "free" for mode in self.modes]
        self.free_reflections = np.repeat(free, sizes)

    def _in_range(self, phase: Phase | SinglePeaks) -> Reflections:
        wavelength = self.radiation.wavelength_angstrom
        low, high = max(float(self.two_theta[0]) - 0.3, 0.5), float(self.two_theta[-1]) + 0.3
        d_max = wavelength / (2 * math.sin(math.radians(low / 2)))
        d_min = wavelength / (2 * math.sin(math.radians(min(high, 179.0) / 2)))
        return phase.reflections(d_min, d_max, self.radiation.energy_eV)

    def _names(self, background_terms: int) -> tuple[str, ...]:
        names = [f"background {i}" for i in range(background_terms)]
        names += ["zero", "displacement", "axial", "U", "V", "W"]
        for number, phase in enumerate(self.phases):
            names += [f"X {number}", f"Y {number}"]
            names += [f"metric {number} {i}" for i in range(phase.basis.shape[1])]
            if self.modes[number] == "structure":
                names += [f"scale {number}", f"B {number}"]
        return tuple(names)

    def metric_of(self, number: int) -> list[int]:
        """Return the indices of the metric parameters of a phase."""
        k = self.phases[number].basis.shape[1]
        return [self.index[f"metric {number} {i}"] for i in range(k)]

    def inverse_d2(self, values: FloatArray) -> FloatArray:
        """Return 1/d^2 of every reflection, shape (K,)."""
        parts = [
            reflections.metric @ values[self.metric_of(number)]
            for number, reflections in enumerate(self.reflections)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def structure_intensity(self, values: FloatArray, number: int) -> FloatArray:
        """Return the computed intensity of a phase's reflections at scale 1 and B = 0."""
        squared = self.reflections[number].intensity
        assert squared is not None
        q2 = self.reflections[number].metric @ values[self.metric_of(number)]
        wavelength = self.radiation.wavelength_angstrom
        sine = np.clip(wavelength * np.sqrt(np.maximum(q2, 1e-12)) / 2, 1e-6, 0.99999)
        angle = np.degrees(2 * np.arcsin(sine))
        return squared * lorentz_polarisation(angle, self.monochromator_deg)

    def evaluate(self, values: FloatArray, free_intensity: FloatArray) -> Evaluation:
        """Compute pattern and derivatives.

        Parameters
        ----------
        values : ndarray, shape (p,)
            Parameters in the order of `names`.
        free_intensity : ndarray, shape (K,)
            Areas in counts x degrees; entries of phases in structure mode are not used.
        """
        from scipy.sparse import csr_array

        q2 = self.inverse_d2(values)
        intensity = free_intensity.copy()
        by_scale: list[tuple[int, FloatArray]] = []
        for number, span in enumerate(self.spans):
            if self.modes[number] == "structure":
                s2 = q2[span] / 4
                damping = np.exp(-2 * values[self.index[f"B {number}"]] * s2)
                one = self.structure_intensity(values, number) * damping
                scale = values[self.index[f"scale {number}"]]
                intensity[span] = scale * one
                by_scale += [
                    (self.index[f"scale {number}"], one),
                    (self.index[f"B {number}"], -2 * s2 * scale * one),
                ]
        lines = self._lines(values, q2)
        windows = open_windows(self.two_theta, lines.centre, reach_of(lines.gamma, lines.eta))
        shapes = line_shapes(self.two_theta, windows, lines.centre, lines.gamma, lines.eta)
        share = lines.weight[windows.line]
        of = lines.reflection[windows.line]
        size = (self.two_theta.size, self.n_reflections)

        def per_reflection(entries: FloatArray) -> Any:
            return csr_array((entries * share, (windows.point, of)), shape=size)

        unit = per_reflection(shapes.value)
        line_size = (self.two_theta.size, lines.centre.size)
        strength = (lines.weight * intensity[lines.reflection])[:, None]

        def per_line(entries: FloatArray, by: FloatArray) -> FloatArray:
            matrix = csr_array((entries, (windows.point, windows.line)), shape=line_size)
            return np.asarray(matrix @ (strength * by))

        jacobian = per_line(shapes.by_centre, lines.centre_by)
        jacobian += per_line(shapes.by_gamma, lines.gamma_by)
        jacobian += per_line(shapes.by_eta, lines.eta_by)
        terms = self.chebyshev.shape[1]
        jacobian[:, :terms] = self.chebyshev
        for column, derivative in by_scale:
            number = int(self.names[column].split()[1])
            full = np.zeros(self.n_reflections)
            full[self.spans[number]] = derivative
            jacobian[:, column] = unit @ full
        background = self.chebyshev @ values[:terms]
        return Evaluation(
            total=background + unit @ intensity,
            background=background,
            shapes=unit,
            jacobian=jacobian,
            centre_deg=lines.first_centre,
            intensity=intensity,
        )

    def centres_by(self, values: FloatArray) -> FloatArray:
        """Return the derivatives of `Evaluation.centre_deg` by the parameters, shape (K, p).

        Rows of reflections that the wavelength does not reach are zero.
        """
        lines = self._lines(values, self.inverse_d2(values))
        of, first = np.unique(lines.reflection, return_index=True)
        by = np.zeros((self.n_reflections, len(self.names)))
        by[of] = lines.centre_by[first]
        return by

    def moved_shapes(self, values: FloatArray, shift_deg: float) -> Any:
        """Return the shapes of `Evaluation` with every reflection moved by `shift_deg`."""
        from scipy.sparse import csr_array

        lines = self._lines(values, self.inverse_d2(values))
        centre = lines.centre + shift_deg
        windows = open_windows(self.two_theta, lines.centre, reach_of(lines.gamma, lines.eta))
        shapes = line_shapes(self.two_theta, windows, centre, lines.gamma, lines.eta)
        entries = shapes.value * lines.weight[windows.line]
        size = (self.two_theta.size, self.n_reflections)
        return csr_array((entries, (windows.point, lines.reflection[windows.line])), shape=size)

    def _lines(self, values: FloatArray, q2: FloatArray) -> _Lines:
        n_parameters = len(self.names)
        zero, displacement, axial = (
            values[self.index[name]] for name in ("zero", "displacement", "axial")
        )
        centres, reflection, weights, by_list = [], [], [], []
        thetas = []
        metric = np.zeros((self.n_reflections, n_parameters))
        for number, span in enumerate(self.spans):
            metric[span, self.metric_of(number)] = self.reflections[number].metric
        root = np.sqrt(np.maximum(q2, 1e-12))
        nodes = [(0.0, 1.0)]
        if axial > 0:
            nodes = [(float(n) ** 2, float(w)) for n, w in zip(_AXIAL_NODES, _AXIAL_WEIGHTS)]
        first_centre = np.empty(0)
        for order, (wavelength, weight) in enumerate(self.radiation.lines):
            sine = wavelength * root / 2
            seen = np.flatnonzero(sine < 0.99999)
            theta = np.arcsin(sine[seen])
            base = np.degrees(2 * theta) + zero + displacement * np.cos(theta)
            by = metric[seen] * np.degrees(wavelength / (2 * root[seen] * np.cos(theta)))[:, None]
            slope = np.radians(displacement) * np.sin(theta) / 2
            by = by * (1 - slope)[:, None]
            by[:, self.index["zero"]] = 1.0
            by[:, self.index["displacement"]] = np.cos(theta)
            cot = 1 / np.tan(2 * theta)
            for node, node_weight in nodes:
                moved = by.copy()
                moved[:, self.index["axial"]] = -node * np.degrees(cot) / 2
                centres.append(base - axial * node * np.degrees(cot) / 2)
                reflection.append(seen)
                weights.append(np.full(seen.size, weight * node_weight))
                by_list.append(moved)
                thetas.append(theta)
            if order == 0:
                first_centre = np.full(self.n_reflections, np.nan)
                first_centre[seen] = base
        theta = np.concatenate(thetas)
        of = np.concatenate(reflection)
        gamma, eta, gamma_by, eta_by = self._widths(values, theta, of)
        return _Lines(
            centre=np.concatenate(centres),
            gamma=gamma,
            eta=eta,
            weight=np.concatenate(weights),
            reflection=of,
            centre_by=np.concatenate(by_list),
            gamma_by=gamma_by,
            eta_by=eta_by,
            first_centre=first_centre,
        )

    def _widths(
        self, values: FloatArray, theta: FloatArray, of: NDArray[np.int64]
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        tangent, secant = np.tan(theta), 1 / np.cos(theta)
        u, v, w = (self.index[name] for name in ("U", "V", "W"))
        gauss2 = values[u] * tangent**2 + values[v] * tangent + values[w]
        gauss_by = np.zeros((theta.size, len(self.names)))
        gauss_by[:, u], gauss_by[:, v], gauss_by[:, w] = tangent**2, tangent, 1.0
        low = gauss2 < SMALLEST_WIDTH2
        gauss2 = np.where(low, SMALLEST_WIDTH2, gauss2)
        gauss_by[low] = 0.0
        lorentz = np.zeros(theta.size)
        lorentz_by = np.zeros_like(gauss_by)
        for number, span in enumerate(self.spans):
            inside = (of >= span.start) & (of < span.stop)
            x, y = self.index[f"X {number}"], self.index[f"Y {number}"]
            lorentz += inside * (values[x] * secant + values[y] * tangent)
            lorentz_by[:, x], lorentz_by[:, y] = inside * secant, inside * tangent
        tiny = lorentz < 1e-5
        lorentz = np.where(tiny, 1e-5, lorentz)
        gamma, eta, gamma_g, gamma_l, eta_g, eta_l = mix_widths(gauss2, lorentz)
        return (
            gamma,
            eta,
            gamma_g[:, None] * gauss_by + gamma_l[:, None] * lorentz_by,
            eta_g[:, None] * gauss_by + eta_l[:, None] * lorentz_by,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Every line of every reflection (and node of the axial divergence), shape (L,) or (L, p)."""

    centre: FloatArray
    gamma: FloatArray
    eta: FloatArray
    weight: FloatArray
    reflection: NDArray[np.int64]
    centre_by: FloatArray
    gamma_by: FloatArray
    eta_by: FloatArray
    first_centre: FloatArray
