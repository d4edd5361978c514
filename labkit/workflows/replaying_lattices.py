"""Stored lattice refinements computed again from the stored patterns."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from db.tables import Analysis
from labkit.workflows.lab import Lab
from labkit.workflows.pattern_files import stored_pattern
from labkit.xrd.builtin import BuiltinOptions
from labkit.xrd.engine import refine_pattern
from labkit.xrd.phase import phase_from_cif_text
from labkit.xrd.radiation import Radiation
from labkit.xrd.result import RefinementResult

__all__ = ["lattice_pairs", "refine_again"]


def refine_again(lab: Lab, stored: Analysis) -> RefinementResult:
    """Refine a stored pattern with the phases, radiation and options it was refined with.

    Parameters
    ----------
    stored : Analysis
        Of the builtin engine.
    """
    parameters = stored.parameters
    phases = [
        phase_from_cif_text(cif["text"], name=cif["name"]).with_cell(tuple(cell))
        for cif, cell in zip(parameters["cifs"], parameters["start_cells"], strict=True)
    ]
    lines = tuple((float(w), float(share)) for w, share in parameters["wavelength_angstrom"])
    span = parameters["two_theta_range_deg"]
    return refine_pattern(
        stored_pattern(lab, f"M{stored.measurement_id}").pattern,
        phases,
        radiation=Radiation(lines, "stored"),
        two_theta_range=None if span is None else (float(span[0]), float(span[1])),
        options=_options(parameters["options"]),
    )


def _options(stored: dict[str, Any]) -> BuiltinOptions:
    """Return the options as stored; one that was unknown then keeps its default."""
    known = {field.name for field in fields(BuiltinOptions)} & set(stored)
    values = {name: stored[name] for name in known}
    if "instrument" in values:
        values["instrument"] = tuple((name, float(v)) for name, v in values["instrument"])
    if "fixed_cells" in values:
        values["fixed_cells"] = tuple(int(number) for number in values["fixed_cells"])
    return BuiltinOptions(**values)


def lattice_pairs(lab: Lab, stored: Analysis) -> list[tuple[str, Any, Any]]:
    """Return (quantity, stored, now) for Rwp, verdict and every cell with its esds."""
    again = refine_again(lab, stored)
    before = stored.result
    pairs: list[tuple[str, Any, Any]] = [
        ("r_wp", before["r_wp"], again.r_wp),
        ("verdict", stored.verdict, again.verdict),
    ]
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    for old, new in zip(before["phases"], again.phases, strict=True):
        for number, name in enumerate(names):
            pairs.append((f"{new.name} {name}", old["cell"][number], new.cell[number]))
            pairs.append((f"{new.name} esd {name}", old["cell_esd"][number], new.cell_esd[number]))
    return pairs
