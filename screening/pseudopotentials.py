"""Pseudopotential files in the UPF format: which element, which functional, which cut-offs.

Cut-offs are those that the file recommends: the attributes ``wfc_cutoff`` and ``rho_cutoff`` of
``PP_HEADER`` (Ry), the sentence "Suggested minimum cutoff" of ``PP_INFO``, or the line "Suggested
cutoff for wfc and rho" of version 1. A zero there means that nothing is recommended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from screening.errors import ScreeningError

__all__ = ["Pseudopotential", "PseudopotentialError", "find_pseudopotentials", "read_upf_header"]

_NUMBER = r"([-+]?[0-9.]+(?:[EeDd][-+]?[0-9]+)?)"
_HEADER_BYTES = 200_000
# the same functional is written in several ways
_FUNCTIONALS = {
    "SLA PZ NOGX NOGC": "PZ",
    "LDA": "PZ",
    "SLA PW PBX PBC": "PBE",
    "SLA PW PBE PBE": "PBE",
    "SLA PW PSX PSC": "PBESOL",
    "SLA PW TPSS TPSS": "TPSS",
    "SLA LYP B88 BLYP": "BLYP",
}
_KINDS = {"PAW": "PAW", "US": "ultrasoft", "USPP": "ultrasoft", "NC": "norm-conserving"}


class PseudopotentialError(ScreeningError):
    """A pseudopotential is missing, cannot be read, or does not fit the others."""


@dataclass(frozen=True, slots=True)
class Pseudopotential:
    """What the head of a UPF file says.

    Attributes
    ----------
    path : Path
    element : str
    kind : str
        ``PAW``, ``ultrasoft`` or ``norm-conserving``.
    functional : str
        Its short name where it is known: ``PBE``, not ``SLA PW PBX PBC``.
    z_valence : float
        Electrons that are treated.
    wfc_cutoff_Ry, rho_cutoff_Ry : float or None
        Recommended for wave functions and for the density.
    """

    path: Path
    element: str
    kind: str
    functional: str
    z_valence: float
    wfc_cutoff_Ry: float | None
    rho_cutoff_Ry: float | None


def read_upf_header(path: Path) -> Pseudopotential:
    """Read the head of a UPF file, of version 1 or 2.

    Parameters
    ----------
    path : Path

    Raises
    ------
    PseudopotentialError
        When it is no UPF file, or its head names no element.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(_HEADER_BYTES).decode("latin-1")
    except OSError as error:
        raise PseudopotentialError(f"{path}: cannot be read ({error.strerror})") from error
    head = re.search(r"<PP_HEADER(.*?)(?:/>|</PP_HEADER>)", text, re.DOTALL)
    if head is None:
        raise PseudopotentialError(f"{path}: has no PP_HEADER, so it is no UPF file")
    fields = dict(re.findall(r'(\w+)\s*=\s*"\s*(.*?)\s*"', head[1]))
    found = _version_2(path, fields) if fields else _version_1(path, head[1])
    wfc, rho = found.wfc_cutoff_Ry, found.rho_cutoff_Ry
    return Pseudopotential(
        path,
        found.element,
        found.kind,
        found.functional,
        found.z_valence,
        wfc or _suggested(text, "wavefunctions"),
        rho or _suggested(text, "charge density"),
    )


def _version_2(path: Path, fields: dict[str, str]) -> Pseudopotential:
    element = fields.get("element", "").capitalize()
    if not element.isalpha():
        raise PseudopotentialError(f"{path}: its head names no element")
    return Pseudopotential(
        path,
        element,
        _KINDS.get(fields.get("pseudo_type", "").upper(), fields.get("pseudo_type", "unknown")),
        _functional(fields.get("functional", "").split()),
        _number(path, fields.get("z_valence", "0")),
        _number(path, fields.get("wfc_cutoff", "0")) or None,
        _number(path, fields.get("rho_cutoff", "0")) or None,
    )


def _version_1(path: Path, head: str) -> Pseudopotential:
    def line_with(words: str) -> list[str]:
        line = next((row for row in head.splitlines() if words in row), "")
        return line.split(words)[0].split()

    element = (line_with("Element") or [""])[0]
    if not element.isalpha():
        raise PseudopotentialError(f"{path}: its head names no element")
    kind = (line_with("pseudo") or ["unknown"])[0]
    cutoffs = [_number(path, word) for word in line_with("Suggested cutoff")] or [0.0, 0.0]
    return Pseudopotential(
        path,
        element.capitalize(),
        _KINDS.get(kind.upper(), kind),
        _functional(line_with("Exchange-Correlation")),
        _number(path, (line_with("Z valence") or ["0"])[0]),
        cutoffs[0] or None,
        cutoffs[-1] or None,
    )


def _functional(words: list[str]) -> str:
    """Short name of a functional given as exchange, correlation and their gradients."""
    written = " ".join(words[:4]).upper()
    return _FUNCTIONALS.get(written, written)


def _number(path: Path, text: str) -> float:
    try:
        return float(text.replace("D", "E").replace("d", "e"))
    except ValueError:
        raise PseudopotentialError(f"{path}: {text!r} in its head is no number") from None


def _suggested(text: str, what: str) -> float | None:
    found = re.search(rf"Suggested minimum cutoff for {what}:\s*{_NUMBER}", text)
    return (float(found[1].rstrip(".")) or None) if found else None


def find_pseudopotentials(folder: Path, elements: Iterable[str]) -> dict[str, Pseudopotential]:
    """Find one pseudopotential of each element in a folder.

    Parameters
    ----------
    folder : Path
        Holds files ending in ``.UPF`` (any case).
    elements : iterable of str

    Returns
    -------
    dict
        By element, sorted.

    Raises
    ------
    PseudopotentialError
        When the folder holds none, one is missing, several would do, or they were made with
        different functionals.
    """
    if not folder.is_dir():
        raise PseudopotentialError(f"{folder}: there is no such folder of pseudopotentials")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".upf")
    if not files:
        raise PseudopotentialError(f"{folder}: holds no .UPF file; name a folder that does")
    known: dict[str, list[Pseudopotential]] = {}
    for file in files:
        found = read_upf_header(file)
        known.setdefault(found.element, []).append(found)
    wanted = sorted(set(elements))
    missing = [element for element in wanted if element not in known]
    if missing:
        raise PseudopotentialError(
            f"{folder}: holds no pseudopotential for {', '.join(missing)} "
            f"(only for {', '.join(sorted(known))})"
        )
    for element in wanted:
        if len(known[element]) > 1:
            names = ", ".join(found.path.name for found in known[element])
            raise PseudopotentialError(
                f"{folder}: several pseudopotentials for {element} ({names}); leave one of them"
            )
    chosen = {element: known[element][0] for element in wanted}
    if len({found.functional for found in chosen.values()}) > 1:
        told = ", ".join(f"{e} {found.functional}" for e, found in chosen.items())
        raise PseudopotentialError(f"{folder}: made with different functionals ({told})")
    return chosen
