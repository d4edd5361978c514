"""Accepted labels as the screening sees them: a structure, a log10 conductivity, a bound or not.

The screening works with conductivities at room temperature. A label measured more than ten
kelvin below 25 C is a lower bound there, as if reported as "more than"; one measured more than ten
kelvin above is an upper bound, as if reported as "less than". A bound that is thereby one on both
sides ("less than" measured cold) says nothing at room temperature and is left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from db.tables import Label, LabelStructure, Structure
from labkit.wording import celsius
from labkit.workflows.lab import Lab
from screening.rank import Labels

__all__ = ["LabelOnStructure", "labels_of", "labels_on_structures"]

_ROOM_TEMPERATURE_K = 298.15
_ROOM_TOLERANCE_K = 10.0


@dataclass(frozen=True)
class LabelOnStructure:
    """One accepted label on one structure.

    Attributes
    ----------
    name : str
        ``L7``; with the structure behind it where a label belongs to several.
    label_id : int
    material_id : str
    log_sigma : float
        log10 of the conductivity in S/cm.
    is_upper_bound, is_lower_bound : bool
        At room temperature.
    temperature_K : float or None
        Told only where it is not room temperature.
    """

    name: str
    label_id: int
    material_id: str
    log_sigma: float
    is_upper_bound: bool
    is_lower_bound: bool = False
    temperature_K: float | None = None

    def words(self) -> str:
        """Return the label as people read it, such as ``L7 (<1e-10 S/cm)``."""
        mark = "<" if self.is_upper_bound else ">" if self.is_lower_bound else ""
        value = f"{mark}{10**self.log_sigma:.1e} S/cm"
        if self.temperature_K is not None:
            value += f", measured at {celsius(self.temperature_K)}"
        return f"{self.name} ({value})"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for storage with a ranking."""
        return asdict(self)


def labels_on_structures(lab: Lab, pool: Collection[str]) -> list[LabelOnStructure]:
    """Return the accepted labels of structures in the pool, in the order of their ids.

    A match that somebody broke, or that is ambiguous and not confirmed, does not count. Of
    several matches of one label those with the highest confidence count.
    """
    statement = (
        sa.select(
            col(LabelStructure.label_id),
            col(Label.sigma_S_per_cm),
            col(Label.qualifier),
            col(Label.temperature_K),
            col(Structure.material_id),
            col(LabelStructure.confidence),
        )
        .join(LabelStructure, col(LabelStructure.label_id) == col(Label.id))
        .join(Structure, col(Structure.id) == col(LabelStructure.structure_id))
        .where(
            col(Label.state) == "accepted",
            col(LabelStructure.status) != "broken",
            col(LabelStructure.ambiguous).is_(False) | (col(LabelStructure.status) == "confirmed"),
        )
        .order_by(col(Label.id), col(Structure.id))
    )
    with lab.database.reading() as session:
        rows = [row for row in session.connection().execute(statement) if row[4] in pool]
    best: dict[int, float] = {}
    for label_id, *_, confidence in rows:
        best[label_id] = max(best.get(label_id, 0.0), confidence)
    chosen = {
        (label_id, material_id): (sigma, qualifier, kelvin)
        for label_id, sigma, qualifier, kelvin, material_id, confidence in rows
        if confidence >= best[label_id]
    }
    matches = Counter(label_id for label_id, _ in chosen)
    found = []
    for (label_id, material_id), (sigma, qualifier, kelvin) in chosen.items():
        away = 0.0 if kelvin is None else kelvin - _ROOM_TEMPERATURE_K
        is_upper = qualifier == "<" or away > _ROOM_TOLERANCE_K
        is_lower = qualifier == ">" or away < -_ROOM_TOLERANCE_K
        if is_upper and is_lower:
            continue
        found.append(
            LabelOnStructure(
                name=f"L{label_id}" if matches[label_id] == 1 else f"L{label_id} {material_id}",
                label_id=label_id,
                material_id=material_id,
                log_sigma=math.log10(sigma),
                is_upper_bound=is_upper,
                is_lower_bound=is_lower,
                temperature_K=kelvin if abs(away) > _ROOM_TOLERANCE_K else None,
            )
        )
    return found


def labels_of(found: Iterable[LabelOnStructure], rows: Mapping[str, int]) -> Labels:
    """Return the labels as a ranking takes them; those of structures without a row are left out.

    Parameters
    ----------
    found : iterable of LabelOnStructure
    rows : mapping
        Row of each structure of the pool by its id.
    """
    inside = [label for label in found if label.material_id in rows]
    return Labels.of(
        [rows[label.material_id] for label in inside],
        [label.log_sigma for label in inside],
        [label.name for label in inside],
        [label.is_upper_bound for label in inside],
        [label.is_lower_bound for label in inside],
    )
