"""Structures asked from the Materials Project by its API.

Needs the client ``mp-api`` (extra ``mp``) and a key, which its web site gives to registered users.
Entries are those of Laskowski et al. (2023): with lithium and at least one other element.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from typing import Any

from screening.errors import MissingLibraryError, SourceError
from screening.structures import StructureRecord

__all__ = ["API_KEY_VARIABLE", "read_materials_project"]

API_KEY_VARIABLE = "MP_API_KEY"
_FIELDS = [
    "material_id",
    "formula_pretty",
    "nsites",
    "structure",
    "symmetry",
    "band_gap",
    "energy_above_hull",
    "database_IDs",
]
_MOST_ELEMENTS = 20


def read_materials_project(
    *,
    element: str = "Li",
    ids: Collection[str] | None = None,
    api_key: str | None = None,
    client: Any = None,
) -> Iterator[StructureRecord]:
    """Iterate over the structures of the Materials Project that hold an element.

    Parameters
    ----------
    element : str
    ids : collection of str, optional
        Only these materials.
    api_key : str, optional
        The environment variable ``MP_API_KEY`` by default.
    client : object, optional
        An open ``mp_api.client.MPRester``; made and closed here when absent.

    Yields
    ------
    StructureRecord
        ``metadata["icsd_ids"]`` holds the ICSD numbers that the entry names, separated by blanks.

    Raises
    ------
    MissingLibraryError
        When ``mp-api`` is not installed.
    SourceError
        When there is no key, or the service does not answer.
    """
    if client is not None:
        yield from _records(client, element, ids)
        return
    key = api_key or os.environ.get(API_KEY_VARIABLE, "").strip()
    if not key:
        raise SourceError(
            f"the Materials Project wants a key: set {API_KEY_VARIABLE} to the one of your account "
            "(materialsproject.org, Dashboard)"
        )
    try:
        from mp_api.client import MPRester
    except ImportError as error:
        raise MissingLibraryError(
            "asking the Materials Project needs mp-api, which is not installed; "
            "install it with 'python -m pip install \".[mp]\"'"
        ) from error
    try:
        opened = MPRester(key)
    except Exception as error:  # the client raises errors of several libraries
        raise _no_answer(error) from error
    with opened:
        yield from _records(opened, element, ids)


def _records(client: Any, element: str, ids: Collection[str] | None) -> Iterator[StructureRecord]:
    asked: dict[str, Any] = {
        "elements": [element],
        "num_elements": (2, _MOST_ELEMENTS),
        "fields": _FIELDS,
        # hypothetical crystals under another licence, unknown to the published study
        "include_gnome": False,
    }
    if ids is not None:
        asked["material_ids"] = sorted(ids)
    try:
        found = client.materials.summary.search(**asked)
    except Exception as error:  # the client raises errors of several libraries
        raise _no_answer(error) from error
    for entry in found:
        yield _record(entry)


def _no_answer(error: Exception) -> SourceError:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    return SourceError(f"the Materials Project did not answer: {said}")


def _record(entry: Any) -> StructureRecord:
    from pymatgen.io.cif import CifWriter

    numbers = [int(digits) for digits in _icsd_numbers(getattr(entry, "database_IDs", None))]
    symmetry = getattr(entry, "symmetry", None)
    group = getattr(symmetry, "number", None)
    return StructureRecord(
        material_id=str(entry.material_id),
        formula=str(entry.formula_pretty),
        n_sites=int(entry.nsites),
        band_gap_eV=_number(entry.band_gap),
        e_above_hull_eV=_number(entry.energy_above_hull),
        cif=str(CifWriter(entry.structure, significant_figures=10)),
        space_group_number=None if group is None else int(group),
        metadata={"icsd_ids": " ".join(str(number) for number in numbers)},
    )


def _icsd_numbers(database_ids: Any) -> list[str]:
    """Digits of names such as ``icsd-12345``, in the order given."""
    told = (database_ids or {}).get("icsd", [])
    return [found[0] for name in told if (found := re.search(r"\d+", str(name)))]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
