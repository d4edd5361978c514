"""Instrument parameters from a certified standard: measured once, stored by name, used again."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

import labkit
from db.measurements import NewAnalysis, data_hash_of, store_analysis_once
from db.tables import Analysis
from labkit.errors import NotFoundError, UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.pattern_files import SeriesItem, pattern_of
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.radiation import Radiation
from labkit.xrd.result import RefinementResult
from labkit.xrd.standards import Standard

__all__ = ["INSTRUMENT", "instrument_named", "measure_standard"]

INSTRUMENT = "instrument-profile"
"""Kind of the analysis that holds the parameters of one diffractometer."""

_KEPT = {"U": "U", "V": "V", "W": "W", "X 0": "X", "Y 0": "Y", "axial": "axial", "zero": "zero"}


def measure_standard(
    lab: Lab,
    name: str,
    item: SeriesItem,
    standard: Standard,
    *,
    radiation: Radiation | None = None,
    two_theta_range: tuple[float, float] | None = None,
) -> tuple[dict[str, Any], RefinementResult]:
    """Refine the pattern of a standard with its certified cell; store the instrument's parameters.

    Zero, displacement, axial divergence and the profile (U, V, W, X, Y) are refined. The
    displacement belongs to this mount of the standard and is told but not used again.

    Parameters
    ----------
    lab : Lab
    name : str
        Name of the instrument.
    item : SeriesItem
        The pattern, a file or a measurement (``M4``).

    Returns
    -------
    tuple
        The report (JSON-ready) and the result with its curves.

    Raises
    ------
    InstrumentFileError, XrdError, UsageError
        When the pattern cannot be used; ``UsageError`` also where it is not that of the standard.
    """
    stored = pattern_of(lab, item)
    options = BuiltinOptions(shift="both", axial=True, fixed_cells=(0,), search_cell=False)
    result = refine_pattern(
        stored.pattern,
        [standard.phase()],
        radiation=radiation,
        two_theta_range=two_theta_range,
        options=options,
    )
    if result.verdict == "rejected":
        raise UsageError(f"{stored.file_name}: not usable as {standard.name}: {result.messages[0]}")
    content = result.to_dict() | {
        "name": name,
        "instrument": {short: result.parameters[long] for long, short in _KEPT.items()},
        "instrument_esds": {short: result.parameter_esds[long] for long, short in _KEPT.items()},
        "standard": standard.name,
        "certified_a_angstrom": standard.a_angstrom,
        "expanded_uncertainty_angstrom": standard.expanded_uncertainty_angstrom,
        "source": standard.source,
    }
    parameters = {
        "name": name,
        "standard": standard.name,
        "wavelength_angstrom": [list(line) for line in result.wavelength_angstrom],
        "two_theta_range_deg": two_theta_range,
    }
    with lab.database.session() as session:
        analysis = store_analysis_once(
            session,
            NewAnalysis(
                kind=INSTRUMENT,
                result=content,
                verdict=result.verdict,
                reasons=result.reasons,
                parameters=parameters,
                input_hash=data_hash_of(session, stored.measurement_id),
                labkit_version=labkit.__version__,
            ),
            measurement_id=stored.measurement_id,
        )
        number = analysis.id
    told = {"measurement": f"M{stored.measurement_id}", "analysis": f"A{number}"}
    return told | {"file": stored.file_name} | content, result


def instrument_named(lab: Lab, name: str) -> tuple[tuple[tuple[str, float], ...], int, float]:
    """Return the newest parameters under a name, their analysis, and their wavelength in angstrom.

    Raises
    ------
    NotFoundError
        When the lab has none of this name.
    """
    with lab.database.reading() as session:
        statement = (
            select(Analysis).where(Analysis.kind == INSTRUMENT).order_by(col(Analysis.id).desc())
        )
        known: list[str] = []
        for analysis in session.exec(statement):
            if analysis.parameters["name"] == name:
                assert analysis.id is not None
                found = analysis.result["instrument"]
                values = tuple((key, float(value)) for key, value in found.items())
                return values, analysis.id, float(analysis.parameters["wavelength_angstrom"][0][0])
            known.append(str(analysis.parameters["name"]))
    has = f"it has {', '.join(dict.fromkeys(known))}" if known else "it has none yet"
    raise NotFoundError(
        f"the lab knows no instrument {name!r}; {has}; measure a standard with 'labkit xrd "
        f"standard --name {name} --standard LaB6 PATTERN'"
    )
