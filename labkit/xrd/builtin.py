"""The engine that always works: Pawley lattice refinement, and Rietveld intensities from a CIF."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.asymmetry import edge_change_by_lean
from labkit.xrd.background import estimate_background
from labkit.xrd.foreign_peaks import lattice_ratios, set_aside
from labkit.xrd.least_squares import Fit, covariance, le_bail_cycles, refine
from labkit.xrd.model import Model
from labkit.xrd.peaks import Peak
from labkit.xrd.phase import Cell, Phase, cell_volume
from labkit.xrd.radiation import Radiation
from labkit.xrd.reflection_scatter import widened
from labkit.xrd.start import Resemblance

__all__ = ["BuiltinFit", "BuiltinOptions", "Shift", "fit_builtin", "scaled"]

FloatArray: TypeAlias = NDArray[np.float64]
Shift = Literal["displacement", "zero", "both", "none"]


@dataclass(frozen=True, slots=True)
class BuiltinOptions:
    """What may be chosen.

    Attributes
    ----------
    shift : {"displacement", "zero", "both", "none"}
        Error of the angles that is refined; both together need peaks over a wide range.
    intensities : {"free", "structure"}
        Pawley, or Rietveld intensities with a scale and an overall B per phase.
    background_terms : int or None
        Chebyshev terms; None: one per 12 degrees, between 6 and 14.
    axial : bool
        Refine the axial divergence that makes low-angle peaks lean to small angles.
    instrument : mapping of name to value, or None
        Parameters known from a standard (U, V, W, axial, zero); they are kept fixed. X and Y only
        start the widths of every phase, because size and strain of a sample add to them.
    profile : {"fixed", "start"}
        Whether U, V, W and axial of the instrument are kept or only start the refinement; its
        zero is always kept.
    fixed_cells : tuple of int
        Phases whose cell is known (a standard): it is not refined.
    search_cell : bool
        Look for the size of the cell before refining.
    monochromator_deg : float
    max_cycles : int
        Of the last stage; earlier ones take fewer.
    atoms : bool
        Refine coordinates and displacement parameters of the atoms; only GSAS-II does.
    single_peaks : bool
        Keep peaks that no phase explains from pulling the cell; see `labkit.xrd.foreign_peaks`.
    """

    shift: Shift = "displacement"
    intensities: Literal["free", "structure"] = "free"
    background_terms: int | None = None
    axial: bool = False
    instrument: tuple[tuple[str, float], ...] = ()
    profile: Literal["fixed", "start"] = "fixed"
    fixed_cells: tuple[int, ...] = ()
    search_cell: bool = True
    monochromator_deg: float = 0.0
    max_cycles: int = 40
    atoms: bool = False
    single_peaks: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class BuiltinFit:
    """What the engine found, before it is judged.

    Attributes
    ----------
    calculated : ndarray, shape (n,)
        Pattern of the phases alone, without the single peaks that stand for what they do not
        explain.
    left_out : tuple of (first, last)
        Ranges of 2-theta that did not count, because their reflections lie off the lattice.
    edge_change_by_lean : float or None
        See `labkit.xrd.asymmetry`.
    set_aside : tuple of Peak
        Unexplained peaks that became single peaks.
    """

    model: Model
    fit: Fit
    free: tuple[str, ...]
    covariance: FloatArray
    cells: tuple[Cell, ...]
    cell_esds: tuple[tuple[float | None, ...], ...]
    volumes: tuple[tuple[float, float | None], ...]
    start_cosine: float
    chi2_reduced: float
    n_parameters: int
    calculated: FloatArray
    left_out: tuple[tuple[float, float], ...]
    edge_change_by_lean: float | None
    set_aside: tuple[Peak, ...]


def fit_builtin(
    two_theta: FloatArray,
    observed: FloatArray,
    sigma: FloatArray,
    phases: Sequence[Phase],
    radiation: Radiation,
    options: BuiltinOptions,
    *,
    fwhm_deg: float,
    start: Resemblance,
) -> BuiltinFit:
    """Refine the lattice of every phase in one pattern.

    Parameters
    ----------
    two_theta, observed, sigma : ndarray, shape (n,)
    fwhm_deg : float
        Width of the peaks, to start with.
    start : Resemblance
        Its scales are where the cells start.
    """
    background = estimate_background(two_theta, observed)
    net = observed - background
    started = [
        phase if number in options.fixed_cells else phase.with_cell(scaled(phase.cell, scale))
        for number, (phase, scale) in enumerate(zip(phases, start.scales, strict=True))
    ]
    span = float(two_theta[-1] - two_theta[0])
    terms = options.background_terms or int(np.clip(round(span / 12), 6, 14))
    model = Model(
        two_theta,
        started,
        radiation,
        ["structure" if _by_structure(p, options) else "free" for p in started],
        background_terms=terms,
        monochromator_deg=options.monochromator_deg,
    )
    weight = 1 / sigma
    values = _start_values(model, options, background, fwhm_deg)
    fit, free = _stages(model, values, observed, weight, net, options)
    calculated = fit.evaluation.total
    left_out: tuple[tuple[float, float], ...] = ()
    foreign: tuple[Peak, ...] = ()
    if options.single_peaks and all(mode == "free" for mode in model.modes):
        setting_aside = set_aside(model, fit, free, observed, sigma)
        if setting_aside is not None:
            model, fit, free = setting_aside.model, setting_aside.fit, setting_aside.free
            weight, left_out = setting_aside.weight, setting_aside.left_out
            calculated, foreign = setting_aside.calculated, setting_aside.peaks
    n_parameters = len(free) + int((model.free_reflections & (fit.intensity > 0)).sum())
    spread = max(int((weight > 0).sum()) - n_parameters, 1)
    chi2_reduced = fit.chi2 / spread
    with np.errstate(over="ignore", invalid="ignore"):  # a parameter that nothing holds
        matrix = covariance(model, fit, observed, weight, free) * max(1.0, chi2_reduced)
    if foreign:
        matrix = widened(matrix, free, lattice_ratios(model, fit, free, observed, weight))
    cells, esds, volumes = _cells(started, model, fit, free, matrix)
    lean = None
    if options.max_cycles > 2 and not any(name == "axial" for name, _ in options.instrument):
        lean = edge_change_by_lean(model, fit, free, started[0], observed, weight, chi2_reduced)
    return BuiltinFit(
        model=model,
        fit=fit,
        free=free,
        covariance=matrix,
        cells=cells,
        cell_esds=esds,
        volumes=volumes,
        start_cosine=start.cosine,
        chi2_reduced=chi2_reduced,
        n_parameters=n_parameters,
        calculated=calculated,
        left_out=left_out,
        edge_change_by_lean=lean,
        set_aside=foreign,
    )


def _by_structure(phase: Phase, options: BuiltinOptions) -> bool:
    return options.intensities == "structure" and phase.atoms is not None


def scaled(cell: Cell, scale: float) -> Cell:
    """Return a cell with its edges multiplied."""
    return (cell[0] * scale, cell[1] * scale, cell[2] * scale, *cell[3:])


def _start_values(
    model: Model, options: BuiltinOptions, background: FloatArray, fwhm_deg: float
) -> FloatArray:
    values = np.zeros(len(model.names))
    terms = model.chebyshev.shape[1]
    values[:terms] = np.linalg.lstsq(model.chebyshev, background)[0]
    values[model.index["W"]] = (0.7 * fwhm_deg) ** 2
    for number, phase in enumerate(model.phases):
        values[model.index[f"X {number}"]] = 0.35 * fwhm_deg
        values[model.index[f"Y {number}"]] = 0.05 * fwhm_deg
        values[model.metric_of(number)] = phase.free_parameters()
        if model.modes[number] == "structure":
            values[model.index[f"scale {number}"]] = 1e-6
    for name, value in options.instrument:
        if name in ("X", "Y"):
            for number in range(len(model.phases)):
                values[model.index[f"{name} {number}"]] = value
        else:
            values[model.index[name]] = value
    return values


def _stages(
    model: Model,
    values: FloatArray,
    observed: FloatArray,
    weight: FloatArray,
    net: FloatArray,
    options: BuiltinOptions,
) -> tuple[Fit, tuple[str, ...]]:
    """Refine in steps: sizes first, with broad peaks; then positions; then shapes."""
    known = {name for name, _ in options.instrument if name == "zero" or options.profile == "fixed"}
    background = [name for name in model.names if name.startswith("background")]
    metric = [
        name
        for name in model.names
        if name.startswith("metric") and int(name.split()[1]) not in options.fixed_cells
    ]
    scales = [name for name in model.names if name.startswith("scale")]
    damping = [name for name in model.names if name.startswith("B ")]
    shifts = {
        "displacement": ["displacement"],
        "zero": ["zero"],
        "both": ["zero", "displacement"],
        "none": [],
    }[options.shift]
    shifts = [name for name in shifts if name not in known]
    size = [name for name in model.names if name.startswith("X ")]
    strain = [name for name in model.names if name.startswith("Y ")]
    gauss = [name for name in ("U", "V", "W") if name not in known]
    intensity = np.full(model.n_reflections, float(net.max()) * 0.1 + 1e-9)
    for number, span in enumerate(model.spans):
        if model.modes[number] == "structure":
            trial = model.structure_intensity(values, number)
            area = float(np.maximum(net, 0.0).sum()) * float(np.median(np.diff(model.two_theta)))
            values[model.index[f"scale {number}"]] = area / float(trial.sum()) / len(model.phases)
            intensity[span] = 0.0
    # broad peaks reach their reflections from further away
    final_w = values[model.index["W"]]
    values[model.index["W"]] = final_w * 9
    intensity = le_bail_cycles(model, values, intensity, observed, 8)
    broad = refine(
        model, values, intensity, observed, weight, [*background, *scales, *shifts, *metric],
        max_cycles=min(6, options.max_cycles), tolerance=1e-3,
    )  # fmt: skip
    values = broad.values
    values[model.index["W"]] = final_w
    intensity = le_bail_cycles(model, values, np.maximum(broad.intensity, 0.0), observed, 5)
    width = ["W"] if "W" in gauss else []
    positions = [*background, *scales, *shifts, *metric]
    fit = refine(
        model, values, intensity, observed, weight, [*background, *scales, *width, *size],
        max_cycles=min(6, options.max_cycles), tolerance=1e-3,
    )  # fmt: skip
    fit = refine(
        model, fit.values, fit.intensity, observed, weight, [*positions, *width, *size],
        max_cycles=min(10, options.max_cycles), tolerance=1e-3,
    )  # fmt: skip
    free = [*positions, *damping, *gauss, *size, *strain]
    fit = refine(
        model,
        fit.values,
        fit.intensity,
        observed,
        weight,
        free,
        max_cycles=min(40, options.max_cycles),
        tolerance=1e-5,
    )
    if options.axial and "axial" not in known and model.two_theta[0] < 50:
        start = fit.values.copy()
        start[model.index["axial"]] = start[model.index["axial"]] or 5e-4
        leaning = refine(
            model, start, fit.intensity, observed, weight, [*free, "axial"],
            max_cycles=min(40, options.max_cycles), tolerance=1e-5,
        )  # fmt: skip
        # a parameter more must be worth it; at zero it has no derivative to judge by
        if leaning.chi2 < fit.chi2 * (1 - 4 / model.two_theta.size) and (
            leaning.values[model.index["axial"]] > 1e-6
        ):
            fit, free = leaning, [*free, "axial"]
    return fit, tuple(_kept(fit, model, free))


def _kept(fit: Fit, model: Model, free: Sequence[str]) -> list[str]:
    """Leave out what ended at its bound: it has no error and must not widen the others'."""
    bound = ("X ", "Y ", "axial")
    return [n for n in free if not (n.startswith(bound) and fit.values[model.index[n]] <= 0)]


def _cells(
    phases: Sequence[Phase], model: Model, fit: Fit, free: tuple[str, ...], matrix: FloatArray
) -> tuple[
    tuple[Cell, ...],
    tuple[tuple[float | None, ...], ...],
    tuple[tuple[float, float | None], ...],
]:
    cells: list[Cell] = []
    esds: list[tuple[float | None, ...]] = []
    volumes: list[tuple[float, float | None]] = []
    for number, phase in enumerate(phases):
        columns = model.metric_of(number)
        metric = fit.values[columns]
        cell = phase.cell_of(metric)
        if model.names[columns[0]] not in free:  # a standard, its cell is known
            cells.append(cell)
            esds.append((None,) * 6)
            volumes.append((cell_volume(cell), None))
            continue
        places = [free.index(model.names[c]) for c in columns]
        local = matrix[np.ix_(places, places)]
        by_cell, by_volume = _jacobians(phase, metric)
        variance = np.einsum("ip,pq,iq->i", by_cell, local, by_cell)
        fixed = np.abs(by_cell).max(axis=1) * np.abs(metric).max() < 1e-7
        esds.append(
            tuple(
                None if still or not v > 0 else float(math.sqrt(v))
                for still, v in zip(fixed, variance, strict=True)
            )
        )
        cells.append(cell)
        v_variance = float(by_volume @ local @ by_volume)
        volumes.append((cell_volume(cell), math.sqrt(v_variance) if v_variance > 0 else None))
    return tuple(cells), tuple(esds), tuple(volumes)


def _jacobians(phase: Phase, metric: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the derivatives of the cell (6, k) and of its volume (k,) by the metric parameters."""
    by_cell, by_volume = np.empty((6, metric.size)), np.empty(metric.size)
    for column in range(metric.size):
        step = 1e-6 * float(np.abs(metric).max())
        up, down = metric.copy(), metric.copy()
        up[column] += step
        down[column] -= step
        above, below = phase.cell_of(up), phase.cell_of(down)
        by_cell[:, column] = (np.array(above) - np.array(below)) / (2 * step)
        by_volume[column] = (cell_volume(above) - cell_volume(below)) / (2 * step)
    return by_cell, by_volume
