"""What a label says, apart from what has been decided about it; and the hashes over both.

A label's content never changes: a revision is a new label. So one hash, taken when it is
proposed, tells for ever whether somebody edited it behind the back of its history.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from db.columns import canonical_json, plain_json, sha256_of_json
from db.errors import InvalidValueError
from db.formulas import formula_text, reduced_formula_or_none
from db.tables import Label, LabelEvent
from db.tables_evidence import QUALIFIERS
from db.tables_labels import CONTRIBUTIONS, EA_CONVENTIONS, METHODS, SOURCE_KINDS


class LabelFields(TypedDict, total=False):
    """The fields of a label; ``formula``, ``sigma_S_per_cm`` and ``source_kind`` are needed.

    ``qualifier`` is ``=``, ``<``, ``>`` or ``between`` (then ``sigma_upper_S_per_cm`` is the
    other end); ``contribution`` total, bulk, grain-boundary or unknown; ``method`` AC, DC or
    unknown; ``source_kind`` measurement, literature or computed; ``verbatim`` the source's cells
    by column.
    """

    formula: str
    reduced_formula: str | None
    polymorph: str | None
    space_group_number: int | None
    icsd_id: int | None
    material_id: str | None
    sigma_S_per_cm: float
    sigma_upper_S_per_cm: float | None
    qualifier: str
    sigma_random_S_per_cm: float | None
    sigma_systematic_S_per_cm: float | None
    n_replicates: int | None
    temperature_K: float | None
    temperature_assumed: bool
    extrapolated: bool
    contribution: str
    method: str
    electrode: str | None
    pressure_Pa: float | None
    relative_density: float | None
    ea_eV: float | None
    ea_se_eV: float | None
    ea_convention: str
    source_kind: str
    doi: str | None
    citation: str | None
    dataset_id: int | None
    source_row: int | None
    literature_entry_id: int | None
    evidence_row_id: int | None
    analysis_id: int | None
    pellet_id: int | None
    verbatim: dict[str, str]
    note: str | None


CONTENT_FIELDS = tuple(LabelFields.__annotations__)
_WORDS = {
    "qualifier": QUALIFIERS,
    "contribution": CONTRIBUTIONS,
    "method": METHODS,
    "source_kind": SOURCE_KINDS,
    "ea_convention": EA_CONVENTIONS,
}
_FLOATS = {name for name, kind in LabelFields.__annotations__.items() if "float" in str(kind)}
_WHOLE = {name for name, kind in LabelFields.__annotations__.items() if "int" in str(kind)}
_ABOVE_ZERO = ("sigma_S_per_cm", "sigma_upper_S_per_cm", "temperature_K", "ea_eV")
_NOT_BELOW_ZERO = ("sigma_random_S_per_cm", "sigma_systematic_S_per_cm", "ea_se_eV", "pressure_Pa")


def complete_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Check a label's fields and fill in what follows from them.

    Raises
    ------
    InvalidValueError
        Naming the field that is missing, unknown, or outside what a label can say.
    """
    unknown = sorted(set(fields) - set(CONTENT_FIELDS))
    if unknown:
        raise InvalidValueError(f"a label has no field {unknown[0]!r}")
    for needed in ("formula", "sigma_S_per_cm", "source_kind"):
        if fields.get(needed) in (None, ""):
            raise InvalidValueError(f"a label needs a {needed}")
    complete = dict(fields)
    for name, words in _WORDS.items():
        if name in complete and complete[name] not in words:
            raise InvalidValueError(
                f"the {name} of a label is one of {', '.join(words)}, not {complete[name]!r}"
            )
    for name in _ABOVE_ZERO:
        value = complete.get(name)
        if value is not None and not 0 < value < float("inf"):
            raise InvalidValueError(f"the {name} of a label must be above zero, not {value}")
    for name in _NOT_BELOW_ZERO:
        value = complete.get(name)
        if value is not None and not 0 <= value < float("inf"):
            raise InvalidValueError(f"the {name} of a label must not be {value}")
    upper = complete.get("sigma_upper_S_per_cm")
    if (complete.get("qualifier") == "between") != (upper is not None):
        raise InvalidValueError("an interval needs both ends, and only an interval has two")
    if upper is not None and upper <= complete["sigma_S_per_cm"]:
        raise InvalidValueError("the upper end of an interval must be above the lower one")
    group = complete.get("space_group_number")
    if group is not None and not 1 <= group <= 230:
        raise InvalidValueError(f"a space group number is 1 to 230, not {group}")
    # A whole number in a float column would come back as a float and change the hash.
    for name in _FLOATS & complete.keys():
        complete[name] = None if complete[name] is None else float(complete[name])
    for name in _WHOLE & complete.keys():
        complete[name] = None if complete[name] is None else int(complete[name])
    complete["formula"] = formula_text(str(complete["formula"]))
    if complete.get("reduced_formula") is None:
        complete["reduced_formula"] = reduced_formula_or_none(complete["formula"])
    return complete


def content_of(label: Label) -> dict[str, Any]:
    """Return what the label says, in plain JSON types: the thing that is hashed."""
    content: dict[str, Any] = plain_json({name: getattr(label, name) for name in CONTENT_FIELDS})
    content["version"] = label.version
    content["revises_id"] = label.revises_id
    return content


def content_hash_of(label: Label) -> str:
    """Return the SHA-256 over the canonical JSON of the label's content."""
    return sha256_of_json(content_of(label))


def event_hash_of(event: LabelEvent) -> str:
    """Return the SHA-256 that ties an event to the one before it."""
    return chained_hash(
        label_id=event.label_id,
        sequence=event.sequence,
        at=event.at,
        action=event.action,
        actor=event.actor,
        reason=event.reason,
        state_after=event.state_after,
        content_hash=event.content_hash,
        previous_hash=event.previous_hash,
    )


def chained_hash(
    *,
    label_id: int,
    sequence: int,
    at: datetime,
    action: str,
    actor: str,
    reason: str,
    state_after: str,
    content_hash: str,
    previous_hash: str | None,
) -> str:
    """Return the hash of an event from its fields, the hash of the previous event among them."""
    link = {
        "label_id": label_id,
        "sequence": sequence,
        "at": at.isoformat(),
        "action": action,
        "actor": actor,
        "reason": reason,
        "state_after": state_after,
        "content_hash": content_hash,
        "previous_hash": previous_hash,
    }
    return hashlib.sha256(canonical_json(link).encode("utf-8")).hexdigest()
