"""What every engine returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from labkit.json_ready import json_ready
from labkit.xrd.peaks import Crystallinity, Peak
from labkit.xrd.phase import Cell

__all__ = ["PatternCurves", "PatternFit", "RefinedPhase", "RefinementResult", "Verdict"]

FloatArray: TypeAlias = NDArray[np.float64]
Verdict = Literal["accepted", "review", "rejected"]
CellEsd: TypeAlias = tuple[
    float | None, float | None, float | None, float | None, float | None, float | None
]


@dataclass(frozen=True, slots=True)
class RefinedPhase:
    """One phase after the refinement.

    Attributes
    ----------
    name, space_group, formula, z
        As its CIF says.
    cell, cell_esd : tuples of 6
        Angstrom and degrees; an esd is None where it is unknown or symmetry fixes the value.
    volume_angstrom3, volume_esd_angstrom3
    n_reflections : int
    intensity_share : float or None
        Part of the Bragg intensity that lies in its reflections; None where not told.
    weight_fraction, weight_fraction_esd : float or None
        From the scales of a Rietveld refinement (Hill & Howard, J. Appl. Cryst. 20 (1987) 467);
        None where intensities were free.
    intensities : {"free", "structure"}
    intensity_agreement : float or None
        Cosine between the square roots of extracted and computed intensities.
    start_cell : tuple of 6
        As the CIF says.
    """

    name: str
    space_group: str
    formula: str | None
    z: int | None
    cell: Cell
    cell_esd: CellEsd
    volume_angstrom3: float
    volume_esd_angstrom3: float | None
    n_reflections: int
    intensity_share: float | None
    weight_fraction: float | None
    weight_fraction_esd: float | None
    intensities: Literal["free", "structure"]
    intensity_agreement: float | None
    start_cell: Cell


@dataclass(frozen=True, slots=True, eq=False)
class PatternCurves:
    """What a figure draws, shape (n,) each; `reflections_deg` one array per phase."""

    two_theta_deg: FloatArray
    observed: FloatArray
    calculated: FloatArray
    background: FloatArray
    reflections_deg: tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PatternFit:
    """One of several patterns that were refined together.

    Attributes
    ----------
    radiation : {"x-ray", "neutron"}
    wavelength_angstrom, two_theta_range_deg, n_points, r_wp, r_exp, parameters, parameter_esds
        As in `RefinementResult`, for this pattern alone.
    curves : PatternCurves
        For figures; not stored.
    """

    radiation: Literal["x-ray", "neutron"]
    wavelength_angstrom: tuple[tuple[float, float], ...]
    two_theta_range_deg: tuple[float, float]
    n_points: int
    r_wp: float
    r_exp: float
    parameters: dict[str, float]
    parameter_esds: dict[str, float | None]
    curves: PatternCurves = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curves as JSON-ready values."""
        return {
            name: json_ready(getattr(self, name))
            for name in self.__dataclass_fields__
            if name != "curves"
        }


@dataclass(frozen=True, slots=True, eq=False)
class RefinementResult:
    """One refined pattern.

    Attributes
    ----------
    engine, engine_version : str
    phases : tuple of RefinedPhase
    r_wp, r_exp, gof
        Weighted profile residual and what counting statistics alone would give, as fractions, and
        their ratio, of the phases alone. `r_wp_without_background` has the background taken off
        the denominator.
    parameters, parameter_esds : dict
        Zero, displacement, profile by name; an esd is None where it was not refined.
    residual_peaks : tuple of Peak
        Maxima of the difference curve that no phase explains.
    crystallinity : Crystallinity
    wavelength_angstrom : tuple of (wavelength, weight)
    wavelength_source : str
        Who says so: an anode, the command line, the file.
    two_theta_range_deg, n_points, n_parameters, cycles, converged
    verdict, reasons, messages, warnings
    curves : PatternCurves
        For figures; not stored.
    artefact : str or None
        File that the engine leaves for the user (a GSAS-II project).
    patterns : tuple of PatternFit
        One each where several patterns were refined together, else empty. Rwp, GOF and the
        numbers of points and parameters above are then those of all together; curves, parameters,
        verdict and what else concerns one pattern are those of the first.
    """

    engine: str
    engine_version: str
    phases: tuple[RefinedPhase, ...]
    r_wp: float
    r_wp_without_background: float
    r_exp: float
    gof: float
    parameters: dict[str, float]
    parameter_esds: dict[str, float | None]
    residual_peaks: tuple[Peak, ...]
    crystallinity: Crystallinity
    wavelength_angstrom: tuple[tuple[float, float], ...]
    two_theta_range_deg: tuple[float, float]
    n_points: int
    n_parameters: int
    cycles: int
    converged: bool
    verdict: Verdict
    reasons: tuple[str, ...]
    messages: tuple[str, ...]
    curves: PatternCurves = field(repr=False)
    warnings: tuple[str, ...] = ()
    artefact: str | None = None
    wavelength_source: str = ""
    patterns: tuple[PatternFit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the curves as JSON-ready values."""
        found: dict[str, Any] = {
            name: json_ready(getattr(self, name))
            for name in self.__dataclass_fields__
            if name not in ("curves", "patterns")
        }
        found["patterns"] = [pattern.to_dict() for pattern in self.patterns]
        return found

    @classmethod
    def from_dict(cls, told: Mapping[str, Any], curves: PatternCurves) -> RefinementResult:
        """Return the result that `to_dict` told, with its curves beside it.

        Fits of further patterns have no curves of their own here and are left out.
        """
        values = {field.name: told[field.name] for field in fields(cls) if field.name in told}
        values |= {
            "phases": tuple(RefinedPhase(**phase) for phase in told["phases"]),
            "residual_peaks": tuple(Peak(**peak) for peak in told["residual_peaks"]),
            "crystallinity": Crystallinity(**told["crystallinity"]),
            "curves": curves,
            "patterns": (),
        }
        return cls(**values)
