"""One call to refine a pattern, whichever engine does the work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

import labkit
from instruments.records import DiffractionPattern
from labkit.xrd.builtin import BuiltinFit, BuiltinOptions, fit_builtin
from labkit.xrd.errors import RefinementError
from labkit.xrd.gsas_install import find_gsas
from labkit.xrd.phase import Phase
from labkit.xrd.prepared import PreparedPattern, check_reflections, prepare
from labkit.xrd.radiation import Radiation
from labkit.xrd.residuals import residual_peaks, unexplained_share
from labkit.xrd.result import PatternCurves, RefinedPhase, RefinementResult
from labkit.xrd.start import best_anode, resemblance
from labkit.xrd.verdict import Evidence, judge

__all__ = ["ENGINES", "refine_pattern"]

FloatArray: TypeAlias = NDArray[np.float64]
EngineName = Literal["builtin", "gsas"]
Range: TypeAlias = tuple[float, float]

ENGINES: tuple[EngineName, ...] = ("builtin", "gsas")

_CLEAR_COSINE, _BETTER_BY, _SOME_COSINE = 0.75, 0.15, 0.55
"""Below the first, other anodes are tried; one wins if it explains that much more, and not only
less badly."""


def refine_pattern(
    pattern: DiffractionPattern | Sequence[DiffractionPattern],
    phases: Sequence[Phase],
    *,
    engine: EngineName = "builtin",
    radiation: Radiation | Sequence[Radiation | None] | None = None,
    two_theta_range: Range | Sequence[Range | None] | None = None,
    options: BuiltinOptions | None = None,
    artefact: Path | None = None,
    gsas_path: Path | None = None,
) -> RefinementResult:
    """Refine the lattice of every phase in a pattern.

    Parameters
    ----------
    pattern : DiffractionPattern, or a sequence of them
        Several patterns of one sample (X-rays and neutrons, two wavelengths) are refined
        together: they share phases, cells and atoms; each has its own background, shift and
        shapes. The first one is judged.
    phases : sequence of Phase
        At least one; the first is the main one.
    engine : {"builtin", "gsas"}
    radiation : Radiation, or one per pattern, optional
        Wins over what the file says.
    two_theta_range : tuple of float, or one per pattern, optional
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
    installation = find_gsas(gsas_path) if engine == "gsas" else None
    patterns = [pattern] if isinstance(pattern, DiffractionPattern) else list(pattern)
    prepared = [
        prepare(one, lines, span)
        for one, lines, span in zip(
            patterns,
            _per_pattern(radiation, Radiation, len(patterns), "radiation"),
            _per_pattern(two_theta_range, tuple, len(patterns), "range"),
            strict=True,
        )
    ]
    if not prepared:
        raise RefinementError("no pattern to refine")
    first = prepared[0]
    angle, observed, sigma, net = first.two_theta, first.observed, first.sigma, first.net
    lines, state = first.lines, first.crystallinity
    for one in prepared:
        check_reflections(phases, one.two_theta, one.lines)
    start = resemblance(angle, net, phases, lines, search=options.search_cell)
    other = best_anode(angle, net, phases, lines) if start.cosine < _CLEAR_COSINE else None
    if other is not None and other[1] < max(start.cosine + _BETTER_BY, _SOME_COSINE):
        other = None
    if other is not None or state.amorphous:
        # free intensities would follow any pattern; the structure shows that it does not fit
        options = replace(options, intensities="structure", max_cycles=2)
    if installation is not None:
        from labkit.xrd.gsas_result import refine_with_gsas

        return refine_with_gsas(
            installation,
            prepared,
            phases,
            options,
            start=start,
            other_anode=other,
            artefact=artefact,
        )
    if len(prepared) > 1:
        raise RefinementError(
            f"{len(prepared)} patterns together need --engine gsas; builtin refines one at a time"
        )
    if options.atoms:
        raise RefinementError("atoms are refined by --engine gsas; builtin refines the lattice")
    fit = fit_builtin(
        angle, observed, sigma, phases, lines, options, fwhm_deg=first.fwhm_deg, start=start
    )
    return _result(first, phases, fit, other)


_Kind = TypeVar("_Kind")


def _per_pattern(given: Any, kind: type[_Kind], count: int, what: str) -> list[_Kind | None]:
    """Return what was given for every pattern: nothing, one for all (by `kind`), or one each."""
    if given is None or (isinstance(given, kind) and not _holds(given, kind)):
        return [given] * count
    found = list(given)
    if len(found) != count:
        raise RefinementError(f"{count} patterns and {len(found)} times a {what}: give one each")
    return found


def _holds(given: Any, kind: type) -> bool:
    """Tell a tuple of ranges from a range."""
    return kind is tuple and all(one is None or isinstance(one, tuple) for one in given)


def _result(
    prepared: PreparedPattern,
    phases: Sequence[Phase],
    found: BuiltinFit,
    other_anode: tuple[str, float] | None,
) -> RefinementResult:
    model, fit = found.model, found.fit
    observed, sigma, state = prepared.observed, prepared.sigma, prepared.crystallinity
    angle, evaluation = model.two_theta, fit.evaluation
    net = observed - evaluation.background
    chi2 = float((((observed - found.calculated) / sigma) ** 2).sum())
    chi2_observed = float(((observed / sigma) ** 2).sum())
    free_points = max(angle.size - found.n_parameters, 1)
    r_exp = math.sqrt(free_points / chi2_observed)
    r_wp = math.sqrt(chi2 / chi2_observed)
    r_net = math.sqrt(chi2 / max(float(((net / sigma) ** 2).sum()), 1e-300))
    refined = _phases(phases, found)
    residual = found.set_aside or residual_peaks(
        angle, observed, found.calculated, evaluation.background, sigma
    )
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
        wavelength_angstrom=prepared.lines.lines,
        wavelength_source=prepared.lines.source,
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
        warnings=(*prepared.warnings, *_left_out(found), *_leaning(found)),
    )


def _leaning(found: BuiltinFit) -> tuple[str, ...]:
    """Tell where the cell rests on the model of the peaks more than on counting statistics."""
    change = found.edge_change_by_lean
    known = [
        esd / edge
        for edge, esd in zip(found.cells[0][:3], found.cell_esds[0][:3], strict=True)
        if esd
    ]
    if change is None or not known or change < 3 * max(known):
        return ()
    return (
        f"the peaks lean to low angles (axial divergence); with it refined the edges move by about "
        f"{change:.0e} of their length, more than their esds say: measure a standard (labkit xrd "
        "standard) for better",
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
