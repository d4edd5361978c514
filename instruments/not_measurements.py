"""Files that lie beside measurements and hold none: named for what they are."""

from __future__ import annotations

from instruments.errors import NoMeasurementError
from instruments.reader import Parsed, Source, register

__all__ = ["refuse"]

_CIF = "a structure (CIF); add it to a refinement as a phase, or to the structures"
_EXPERIMENT = "a GSAS experiment file; the pattern is in the .gsas, .fxye, .raw or .XRA beside it"
_INSTRUMENT = "a GSAS instrument parameter file; give it beside the pattern, not as the pattern"
_MARKS = (
    (b"\n_cell_length_a", _CIF),
    (b"\n_atom_site", _CIF),
    (b" EXPR  NPHAS", _EXPERIMENT),
    (b"EXPEDT", _EXPERIMENT),
    (b"INS   BANK", _INSTRUMENT),
    (b"INS  1 ICONS", _INSTRUMENT),
    (b"#GSAS-II instrument", _INSTRUMENT),
)


def _kind(content: bytes) -> str | None:
    head = content[:20_000]
    return next((what for mark, what in _MARKS if mark in head), None)


def _sniff(source: Source) -> bool:
    return _kind(source.content) is not None


@register(
    "not-a-measurement", suffixes=(".cif", ".exp", ".prm", ".instprm"), sniff=_sniff, version="1"
)
def refuse(source: Source) -> Parsed:
    """Structures, models and instrument parameters: refused, with what they are.

    Raises
    ------
    NoMeasurementError
        Always.
    """
    what = _kind(source.content) or "a structure, a model or instrument parameters"
    raise NoMeasurementError(f"holds no measurement: it is {what}")
