"""What GSAS-II found, as the result that every engine returns, judged by the same rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.xrd.background import estimate_background
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.gsas import run_gsas
from labkit.xrd.peaks import Crystallinity, Peak
from labkit.xrd.phase import Phase
from labkit.xrd.radiation import Radiation
from labkit.xrd.residuals import residual_peaks, unexplained_share
from labkit.xrd.result import PatternCurves, RefinedPhase, RefinementResult
from labkit.xrd.verdict import Evidence, judge

__all__ = ["refine_with_gsas"]

FloatArray: TypeAlias = NDArray[np.float64]


def refine_with_gsas(
    angle: FloatArray,
    observed: FloatArray,
    sigma: FloatArray,
    phases: Sequence[Phase],
    lines: Radiation,
    options: BuiltinOptions,
    *,
    fwhm_deg: float,
    state: Crystallinity,
    start_cosine: float,
    other_anode: tuple[str, float] | None,
    artefact: Path | None,
    gsas_path: Path | None,
) -> RefinementResult:
    """Refine with GSAS-II; see `labkit.xrd.engine.refine_pattern`."""
    found = run_gsas(
        angle,
        observed,
        sigma,
        phases,
        lines,
        options,
        fwhm_deg=fwhm_deg,
        artefact=artefact,
        gsas_path=gsas_path,
    )
    calculated, background = found["calculated"], found["background"]
    chi2_observed = float(((observed / sigma) ** 2).sum())
    chi2 = float((((observed - calculated) / sigma) ** 2).sum())
    net = float((((observed - background) / sigma) ** 2).sum())
    refined = tuple(
        RefinedPhase(
            name=phase.name,
            space_group=phase.space_group,
            formula=phase.formula,
            z=phase.z,
            cell=found["cells"][number],
            cell_esd=found["esds"][number],
            volume_angstrom3=found["volumes"][number][0],
            volume_esd_angstrom3=found["volumes"][number][1],
            n_reflections=int(found["reflections"][number].size),
            intensity_share=None,
            weight_fraction=None,
            weight_fraction_esd=None,
            intensities=options.intensities,
            intensity_agreement=None,
            start_cell=phase.cell,
        )
        for number, phase in enumerate(phases)
    )
    residual: tuple[Peak, ...] = residual_peaks(angle, observed, calculated, background, sigma)
    verdict, reasons, messages = judge(
        Evidence(
            crystallinity=state,
            start_cosine=start_cosine,
            unexplained=unexplained_share(angle, observed, calculated),
            agreements=(),
            cell_changes=[
                (p.name, max(abs(p.cell[i] / p.start_cell[i] - 1) for i in range(3)))
                for p in refined
            ],
            shift_deg=0.0,
            other_anode=other_anode,
            residual_peaks=residual,
            strongest_counts=float((observed - estimate_background(angle, observed)).max()),
            converged=found["converged"],
            absent=(),
        )
    )
    free_points = max(angle.size - found["n_parameters"], 1)
    return RefinementResult(
        engine="gsas",
        engine_version=found["version"],
        phases=refined,
        r_wp=found["r_wp"],
        r_wp_without_background=math.sqrt(chi2 / max(net, 1e-300)),
        r_exp=math.sqrt(free_points / chi2_observed),
        gof=found["gof"],
        parameters={},
        parameter_esds={},
        residual_peaks=residual,
        crystallinity=state,
        wavelength_angstrom=lines.lines,
        two_theta_range_deg=(float(angle[0]), float(angle[-1])),
        n_points=int(angle.size),
        n_parameters=found["n_parameters"],
        cycles=0,
        converged=found["converged"],
        verdict=verdict,
        reasons=reasons,
        messages=messages,
        curves=PatternCurves(angle, observed, calculated, background, tuple(found["reflections"])),
        artefact=None if artefact is None else str(artefact),
    )
