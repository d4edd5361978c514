"""What GSAS-II found, as the result that every engine returns, judged by the same rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.builtin import BuiltinOptions, scaled
from labkit.xrd.gsas import RADIUS_MM, GsasFit, run_gsas
from labkit.xrd.gsas_install import GsasInstallation
from labkit.xrd.phase import Phase
from labkit.xrd.prepared import PreparedPattern
from labkit.xrd.residuals import residual_peaks, unexplained_share
from labkit.xrd.result import PatternCurves, PatternFit, RefinedPhase, RefinementResult
from labkit.xrd.start import Resemblance
from labkit.xrd.verdict import Evidence, judge

__all__ = ["refine_with_gsas"]

FloatArray: TypeAlias = NDArray[np.float64]

# GSAS-II counts a displacement in micrometres: 2theta moves by -4 s cos(theta) / (2 R)
_DEG_PER_MICROMETRE = -0.36 / (math.pi * RADIUS_MM)
_VARIANCE_TO_WIDTH2 = 8 * math.log(2) * 1e-4
_CENTIDEGREE = 0.01

_NAMES = {
    "Zero": ("zero", 1.0),
    "Shift": ("displacement", _DEG_PER_MICROMETRE),
    "U": ("U", _VARIANCE_TO_WIDTH2),
    "V": ("V", _VARIANCE_TO_WIDTH2),
    "W": ("W", _VARIANCE_TO_WIDTH2),
    "X": ("X", _CENTIDEGREE),
    "Y": ("Y", _CENTIDEGREE),
    "SH/L": ("axial S/L + H/L", 1.0),
    "Lam": ("wavelength_angstrom", 1.0),
}
"""Names and units of GSAS-II to those of labkit: degrees, widths at half maximum."""


def refine_with_gsas(
    installation: GsasInstallation,
    patterns: Sequence[PreparedPattern],
    phases: Sequence[Phase],
    options: BuiltinOptions,
    *,
    start: Resemblance,
    other_anode: tuple[str, float] | None,
    artefact: Path | None,
) -> RefinementResult:
    """Refine with GSAS-II; see `labkit.xrd.engine.refine_pattern`."""
    started = [
        phase.with_cell(scaled(phase.cell, scale))
        for phase, scale in zip(phases, start.scales, strict=True)
    ]
    if any(phase.atoms is None for phase in phases):
        # there is nothing to compute intensities from
        options = replace(options, intensities="free", atoms=False)
    found = run_gsas(installation, patterns, started, options, artefact=artefact)
    refined = _phases(phases, options, found)
    fits = [_pattern_fit(found, number, one, len(phases)) for number, one in enumerate(patterns)]
    numbers, first, main = found.numbers, patterns[0], fits[0]
    curves = main.curves
    residual = residual_peaks(
        first.two_theta, first.observed, curves.calculated, curves.background, first.sigma
    )
    verdict, reasons, messages = judge(
        Evidence(
            crystallinity=first.crystallinity,
            start_cosine=start.cosine,
            unexplained=unexplained_share(first.two_theta, first.observed, curves.calculated),
            agreements=(),
            cell_changes=[
                (p.name, max(abs(p.cell[i] / p.start_cell[i] - 1) for i in range(3)))
                for p in refined
            ],
            shift_deg=main.parameters["zero"] + main.parameters.get("displacement", 0.0),
            other_anode=other_anode,
            residual_peaks=residual,
            strongest_counts=float(first.net.max()),
            converged=numbers["converged"],
            absent=(),
        )
    )
    problem = numbers["problem"]
    joint = len(patterns) > 1
    return RefinementResult(
        engine="gsas",
        engine_version=numbers["version"],
        phases=refined,
        r_wp=numbers["r_wp"] if joint else main.r_wp,
        r_wp_without_background=_without_background(patterns, fits),
        r_exp=numbers["r_wp"] / max(numbers["gof"], 1e-300),
        gof=numbers["gof"],
        parameters=main.parameters,
        parameter_esds=main.parameter_esds,
        residual_peaks=residual,
        crystallinity=first.crystallinity,
        wavelength_angstrom=first.lines.lines,
        wavelength_source=first.lines.source,
        two_theta_range_deg=main.two_theta_range_deg,
        n_points=sum(fit.n_points for fit in fits),
        n_parameters=numbers["n_parameters"],
        cycles=numbers["cycles"],
        converged=numbers["converged"],
        verdict=verdict,
        reasons=reasons,
        messages=messages,
        curves=curves,
        warnings=(
            *first.warnings,
            *([f"GSAS-II stopped early: {' '.join(problem.split())}"] if problem else []),
        ),
        artefact=None if artefact is None else str(artefact),
        patterns=tuple(fits) if joint else (),
    )


def _phases(
    phases: Sequence[Phase], options: BuiltinOptions, found: GsasFit
) -> tuple[RefinedPhase, ...]:
    fractions = found.numbers["mass_fractions"] or [[None, None]] * len(phases)
    refined = []
    for number, (phase, numbers) in enumerate(zip(phases, found.numbers["phases"], strict=True)):
        a, b, c, alpha, beta, gamma = numbers["cell"]
        esds = numbers["cell_esd"]
        refined.append(
            RefinedPhase(
                name=phase.name,
                space_group=phase.space_group,
                formula=phase.formula,
                z=phase.z,
                cell=(a, b, c, alpha, beta, gamma),
                cell_esd=(esds[0], esds[1], esds[2], esds[3], esds[4], esds[5]),
                volume_angstrom3=numbers["volume"],
                volume_esd_angstrom3=numbers["volume_esd"],
                n_reflections=int(found.curves[f"reflections0_{number}"].size),
                intensity_share=None,
                weight_fraction=fractions[number][0],
                weight_fraction_esd=fractions[number][1],
                intensities=options.intensities,
                intensity_agreement=None,
                start_cell=phase.cell,
            )
        )
    return tuple(refined)


def _pattern_fit(
    found: GsasFit, number: int, pattern: PreparedPattern, n_phases: int
) -> PatternFit:
    numbers: dict[str, Any] = found.numbers["patterns"][number]
    values = {
        _NAMES[name][0]: (value * _NAMES[name][1], esd and abs(esd * _NAMES[name][1]))
        for name, (value, esd) in numbers["values"].items()
    }
    chi2_observed = float(((pattern.observed / pattern.sigma) ** 2).sum())
    return PatternFit(
        radiation=pattern.lines.kind,
        wavelength_angstrom=pattern.lines.lines,
        two_theta_range_deg=(float(pattern.two_theta[0]), float(pattern.two_theta[-1])),
        n_points=int(pattern.two_theta.size),
        r_wp=numbers["r_wp"],
        r_exp=math.sqrt(pattern.two_theta.size / chi2_observed),
        parameters={name: value for name, (value, _) in values.items()},
        parameter_esds={name: esd for name, (_, esd) in values.items()},
        curves=PatternCurves(
            pattern.two_theta,
            pattern.observed,
            found.curves[f"calculated{number}"],
            found.curves[f"background{number}"],
            tuple(found.curves[f"reflections{number}_{at}"] for at in range(n_phases)),
        ),
    )


def _without_background(patterns: Sequence[PreparedPattern], fits: Sequence[PatternFit]) -> float:
    misfit = net = 0.0
    for pattern, fit in zip(patterns, fits, strict=True):
        curves = fit.curves
        misfit += float((((pattern.observed - curves.calculated) / pattern.sigma) ** 2).sum())
        net += float((((pattern.observed - curves.background) / pattern.sigma) ** 2).sum())
    return math.sqrt(misfit / max(net, 1e-300))
