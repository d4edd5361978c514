"""One call to refine a pattern, whichever engine does the work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

import labkit
from instruments.records import DiffractionPattern
from labkit.xrd.background import estimate_background, sigma_of, usable_points
from labkit.xrd.builtin import BuiltinFit, BuiltinOptions, fit_builtin, scaled
from labkit.xrd.errors import RefinementError
from labkit.xrd.gsas import gsas_scripting
from labkit.xrd.peaks import Crystallinity, crystallinity, find_peaks
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import Radiation, radiation_of
from labkit.xrd.residuals import residual_peaks, unexplained_share
from labkit.xrd.result import PatternCurves, RefinedPhase, RefinementResult
from labkit.xrd.start import best_anode, resemblance
from labkit.xrd.verdict import Evidence, judge

__all__ = ["ENGINES", "refine_pattern"]

FloatArray: TypeAlias = NDArray[np.float64]
EngineName = Literal["builtin", "gsas"]

ENGINES: tuple[EngineName, ...] = ("builtin", "gsas")

_CLEAR_COSINE, _BETTER_BY = 0.75, 0.15
"""Below the first, other anodes are tried; one wins if it explains that much more."""


def refine_pattern(
    pattern: DiffractionPattern,
    phases: Sequence[Phase],
    *,
    engine: EngineName = "builtin",
    radiation: Radiation | None = None,
    two_theta_range: tuple[float, float] | None = None,
    options: BuiltinOptions | None = None,
    artefact: Path | None = None,
    gsas_path: Path | None = None,
) -> RefinementResult:
    """Refine the lattice of every phase in a pattern.

    Parameters
    ----------
    pattern : DiffractionPattern
    phases : sequence of Phase
        At least one; the first is the main one.
    engine : {"builtin", "gsas"}
    radiation : Radiation, optional
        Wins over what the file says.
    two_theta_range : tuple of float, optional
        Degrees; the whole pattern otherwise.
    options : BuiltinOptions, optional
    artefact : Path, optional
        Where the engine leaves its own project file, if it has one.
    gsas_path : Path, optional
        Folder that holds the GSASII package where it is not importable.

    Returns
    -------
    RefinementResult

    Raises
    ------
    PatternError, WavelengthError, RefinementError, EngineMissingError
        When the pattern holds nothing, the wavelength is unknown, no reflection lies in the
        range, or the engine is not installed.
    """
    if not phases:
        raise RefinementError("a refinement needs a phase; name its CIF with --cif PHASE.cif")
    options = options or BuiltinOptions()
    if engine == "gsas":
        gsas_scripting(gsas_path)
    used = usable_points(pattern, two_theta_range)
    lines = radiation_of(pattern, radiation)
    angle, observed = pattern.two_theta_deg[used], pattern.intensity_counts[used]
    sigma = sigma_of(pattern)[used]
    state = crystallinity(pattern, two_theta_range=two_theta_range)
    fwhm = _typical_width(angle, observed, sigma)
    net = observed - estimate_background(angle, observed)
    start = resemblance(angle, net, phases, lines, search=options.search_cell)
    other = best_anode(angle, net, phases, lines) if start.cosine < _CLEAR_COSINE else None
    if other is not None and other[1] < start.cosine + _BETTER_BY:
        other = None
    if other is not None or state.amorphous:
        # free intensities would follow any pattern; the structure shows that it does not fit
        options = replace(options, intensities="structure", max_cycles=2)
    if engine == "gsas":
        from labkit.xrd.gsas_result import refine_with_gsas

        return refine_with_gsas(
            angle,
            observed,
            sigma,
            [p.with_cell(scaled(p.cell, f)) for p, f in zip(phases, start.scales, strict=True)],
            lines,
            options,
            fwhm_deg=fwhm,
            state=state,
            start_cosine=start.cosine,
            other_anode=other,
            artefact=artefact,
            gsas_path=gsas_path,
        )
    fit = fit_builtin(angle, observed, sigma, phases, lines, options, fwhm_deg=fwhm, start=start)
    return _result(pattern, phases, lines, fit, state, other, observed, sigma)


def _typical_width(angle: FloatArray, observed: FloatArray, sigma: FloatArray) -> float:
    """Return the width of the strongest peaks in degrees, the smoothing taken off."""
    smoothing = max(5 * float(np.median(np.diff(angle))), 0.06)
    peaks = find_peaks(angle, observed - estimate_background(angle, observed), sigma)
    strong = sorted(peaks, key=lambda peak: -peak.height_counts)[:8]
    if not strong:
        return 0.2
    seen = float(np.median([peak.fwhm_deg for peak in strong]))
    return float(np.clip(math.sqrt(max(seen**2 - smoothing**2, 0.0)), 0.04, 1.5))


def _result(
    pattern: DiffractionPattern,
    phases: Sequence[Phase],
    lines: Radiation,
    found: BuiltinFit,
    state: Crystallinity,
    other_anode: tuple[str, float] | None,
    observed: FloatArray,
    sigma: FloatArray,
) -> RefinementResult:
    model, fit = found.model, found.fit
    angle, evaluation = model.two_theta, fit.evaluation
    net = observed - evaluation.background
    chi2 = float((((observed - found.calculated) / sigma) ** 2).sum())
    chi2_observed = float(((observed / sigma) ** 2).sum())
    free_points = max(angle.size - found.n_parameters, 1)
    r_exp = math.sqrt(free_points / chi2_observed)
    r_wp = math.sqrt(chi2 / chi2_observed)
    r_net = math.sqrt(chi2 / max(float(((net / sigma) ** 2).sum()), 1e-300))
    refined = _phases(phases, found)
    residual = residual_peaks(angle, observed, found.calculated, evaluation.background, sigma)
    unexplained = unexplained_share(angle, observed, found.calculated)
    shift = found.fit.values[model.index["zero"]] + found.fit.values[model.index["displacement"]]
    evidence = Evidence(
        crystallinity=state,
        start_cosine=found.start_cosine,
        unexplained=unexplained,
        agreements=[(p.name, p.intensity_agreement) for p in refined],
        cell_changes=[
            (p.name, max(abs(p.cell[i] / p.start_cell[i] - 1) for i in range(3))) for p in refined
        ],
        shift_deg=float(shift),
        other_anode=other_anode,
        residual_peaks=residual,
        strongest_counts=float(net.max()),
        converged=fit.converged,
        absent=[p.name for p in refined if len(refined) > 1 and (p.intensity_share or 0.0) < 0.002],
    )
    verdict, reasons, messages = judge(evidence)
    names = [n for n in model.names if not n.startswith(("background", "metric"))]
    esds = {
        name: float(math.sqrt(max(found.covariance[i, i], 0.0)))
        for i, name in enumerate(found.free)
    }
    return RefinementResult(
        engine="builtin",
        engine_version=labkit.__version__,
        phases=refined,
        r_wp=r_wp,
        r_wp_without_background=r_net,
        r_exp=r_exp,
        gof=math.sqrt(chi2 / free_points),
        parameters={n: float(fit.values[model.index[n]]) for n in names},
        parameter_esds={n: esds.get(n) or None for n in names},
        residual_peaks=residual,
        crystallinity=state,
        wavelength_angstrom=lines.lines,
        two_theta_range_deg=(float(angle[0]), float(angle[-1])),
        n_points=int(angle.size),
        n_parameters=found.n_parameters,
        cycles=fit.cycles,
        converged=fit.converged,
        verdict=verdict,
        reasons=reasons,
        messages=messages,
        curves=PatternCurves(
            angle,
            observed,
            found.calculated,
            evaluation.background,
            tuple(evaluation.centre_deg[model.spans[i]] for i in range(len(phases))),
        ),
        warnings=(*pattern.warnings, *_left_out(found)),
    )


def _left_out(found: BuiltinFit) -> tuple[str, ...]:
    if not found.left_out:
        return ()
    places = ", ".join(f"{low:.2f} to {high:.2f}" for low, high in found.left_out)
    return (
        f"left out of the fit, because reflections there lie off the lattice of all others (hidden "
        f"lines of an impurity?): {places} deg",
    )


def _phases(phases: Sequence[Phase], found: BuiltinFit) -> tuple[RefinedPhase, ...]:
    model, fit = found.model, found.fit
    intensity = fit.evaluation.intensity
    in_range = (fit.evaluation.centre_deg >= model.two_theta[0]) & (
        fit.evaluation.centre_deg <= model.two_theta[-1]
    )
    total = float(intensity[in_range].sum()) or 1.0
    weights = _weight_fractions(phases, found)
    refined = []
    for number, phase in enumerate(phases):
        span = model.spans[number]
        volume, volume_esd = found.volumes[number]
        esds = found.cell_esds[number]
        share, share_esd = weights[number]
        refined.append(
            RefinedPhase(
                name=phase.name,
                space_group=phase.space_group,
                formula=phase.formula,
                z=phase.z,
                cell=found.cells[number],
                cell_esd=(esds[0], esds[1], esds[2], esds[3], esds[4], esds[5]),
                volume_angstrom3=volume,
                volume_esd_angstrom3=volume_esd,
                n_reflections=int(in_range[span].sum()),
                intensity_share=float(intensity[span][in_range[span]].sum()) / total,
                weight_fraction=share,
                weight_fraction_esd=share_esd,
                intensities=model.modes[number],
                intensity_agreement=_agreement(found, number, in_range[span]),
                start_cell=phase.cell,
            )
        )
    return tuple(refined)


def _agreement(found: BuiltinFit, number: int, in_range: NDArray[np.bool_]) -> float | None:
    """Cosine between roots of extracted and computed intensities, overlapping ones summed."""
    model, fit = found.model, found.fit
    if model.modes[number] == "structure" or model.reflections[number].intensity is None:
        return None
    span = model.spans[number]
    computed = model.structure_intensity(fit.values, number)[in_range]
    extracted = fit.intensity[span][in_range]
    centre = fit.evaluation.centre_deg[span][in_range]
    if centre.size < 3:
        return None
    group = np.concatenate([[0], np.cumsum(np.diff(centre) > 0.25)])
    a, b = np.sqrt(np.bincount(group, computed)), np.sqrt(np.bincount(group, extracted))
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))


def _weight_fractions(
    phases: Sequence[Phase], found: BuiltinFit
) -> list[tuple[float | None, float | None]]:
    model, values = found.model, found.fit.values
    unknown: list[tuple[float | None, float | None]] = [(None, None)] * len(phases)
    masses = [phase.mass_per_cell for phase in phases]
    if any(mode == "free" for mode in model.modes) or any(mass is None for mass in masses):
        return unknown
    scales = np.array([values[model.index[f"scale {i}"]] for i in range(len(phases))])
    # computed intensities are those of one cell; the scattering volume holds scale x V^2 of them
    parts = np.array(
        [
            scale * (mass or 0.0) * volume[0]
            for scale, mass, volume in zip(scales, masses, found.volumes, strict=True)
        ]
    )
    if not parts.sum() > 0:
        return unknown
    places = [found.free.index(f"scale {i}") for i in range(len(phases))]
    variance = found.covariance[np.ix_(places, places)]
    per_scale = parts / np.maximum(scales, 1e-300)
    fractions = parts / parts.sum()
    jacobian = (np.diag(per_scale) - np.outer(fractions, per_scale)) / parts.sum()
    esd = np.sqrt(np.maximum(np.einsum("ip,pq,iq->i", jacobian, variance, jacobian), 0.0))
    return [(float(f), float(e) if e > 0 else None) for f, e in zip(fractions, esd, strict=True)]
