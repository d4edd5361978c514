"""Pellets: stored once under a unique name, found by name or by P-number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlmodel
from sqlmodel import col, func, select

from db.columns import plain_json
from db.errors import DuplicateError, InvalidValueError, UnknownPelletError
from db.formulas import formula_text, reduced_formula_or_none
from db.identifiers import RecordKind, looks_like_identifier, parse_identifier
from db.tables import Pellet


def add_pellet(
    session: sqlmodel.Session,
    *,
    name: str,
    formula: str,
    thickness_m: float,
    diameter_m: float,
    thickness_se_m: float = 0.0,
    diameter_se_m: float = 0.0,
    batch: str | None = None,
    electrode: str | None = None,
    stack_pressure_Pa: float | None = None,
    relative_density: float | None = None,
    polymorph: str | None = None,
    space_group_number: int | None = None,
    composition_x: float | None = None,
    note: str | None = None,
    details: Mapping[str, Any] | None = None,
    created_by: str | None = None,
) -> Pellet:
    """Store a pellet.

    Raises
    ------
    DuplicateError
        If the name is taken.
    InvalidValueError
        If the name is empty or reads like an identifier (``P4``), or a length is not positive.
    """
    name = checked_name(session, name)
    lengths = {"thickness_m": thickness_m, "diameter_m": diameter_m}
    errors = {"thickness_se_m": thickness_se_m, "diameter_se_m": diameter_se_m}
    check_lengths(name, lengths | errors)
    pellet = Pellet(
        name=name,
        formula=formula_text(formula),
        reduced_formula=reduced_formula_or_none(formula),
        batch=batch,
        thickness_m=thickness_m,
        thickness_se_m=thickness_se_m,
        diameter_m=diameter_m,
        diameter_se_m=diameter_se_m,
        electrode=electrode,
        stack_pressure_Pa=stack_pressure_Pa,
        relative_density=relative_density,
        polymorph=polymorph,
        space_group_number=space_group_number,
        composition_x=composition_x,
        note=note,
        details=plain_json(details or {}),
        created_by=created_by,
    )
    session.add(pellet)
    session.flush()
    return pellet


def checked_name(session: sqlmodel.Session, name: str) -> str:
    """Return a name that a pellet may have, without blanks around it.

    Raises
    ------
    DuplicateError
        If the name is taken.
    InvalidValueError
        If it is empty or reads like an identifier.
    """
    name = name.strip()
    if not name or any(ord(character) < 32 for character in name):
        raise InvalidValueError("a pellet needs a name of visible characters")
    if looks_like_identifier(name):
        raise InvalidValueError(
            f"a pellet cannot be named {name}: that is how records are numbered"
        )
    taken = session.exec(select(Pellet).where(Pellet.name == name)).first()
    if taken is not None:
        raise DuplicateError(
            f"a pellet named {name} is already there (P{taken.id}); what was typed wrong of it is "
            f"corrected with 'labkit pellet set {name}'"
        )
    return name


def check_lengths(name: str, lengths: Mapping[str, float]) -> None:
    """Check those lengths and standard errors of a pellet that are given, by column.

    Raises
    ------
    InvalidValueError
        If a length is not positive, or an error negative.
    """
    for what in ("thickness", "diameter"):
        value, error = lengths.get(f"{what}_m", 1.0), lengths.get(f"{what}_se_m", 0.0)
        if not 0 < value < float("inf"):
            raise InvalidValueError(
                f"the {what} of pellet {name} must be above zero, not {value} m"
            )
        if not 0 <= error < float("inf"):
            raise InvalidValueError(
                f"the standard error of the {what} of pellet {name} must not be {error} m"
            )


def get_pellet(session: sqlmodel.Session, name_or_identifier: str | int) -> Pellet:
    """Return the pellet of this name, or of this P-number.

    Raises
    ------
    UnknownPelletError
        With the closest names where there are any.
    """
    if isinstance(name_or_identifier, int):
        found = session.get(Pellet, name_or_identifier)
    else:
        identifier = parse_identifier(name_or_identifier, RecordKind.PELLET)
        if identifier.number is not None:
            found = session.get(Pellet, identifier.number)
        else:
            found = session.exec(select(Pellet).where(Pellet.name == identifier.text)).first()
    if found is None:
        number = isinstance(name_or_identifier, int)
        asked = f"P{name_or_identifier}" if number else str(name_or_identifier)
        raise UnknownPelletError(_not_found(session, asked))
    return found


def close_pellet_names(session: sqlmodel.Session, asked: str) -> list[str]:
    """Return pellets whose names a slip of the finger or another case tells from `asked`."""
    from difflib import get_close_matches

    newest = select(Pellet.name).order_by(col(Pellet.id).desc()).limit(2000)
    by_lower = {name.lower(): name for name in session.exec(newest)}
    close = get_close_matches(asked.lower(), by_lower, n=2, cutoff=0.75)
    return [by_lower[name] for name in close]


def _not_found(session: sqlmodel.Session, asked: str) -> str:
    names = list(session.exec(select(Pellet.name).order_by(col(Pellet.id).desc()).limit(5)))
    if not names:
        return f"there is no pellet {asked!r}: this lab has no pellets yet; add one first"
    close = close_pellet_names(session, asked)
    if close:
        return f"there is no pellet {asked!r}; did you mean {' or '.join(close)}?"
    count = session.exec(select(func.count()).select_from(Pellet)).one()
    known = ", ".join(names) + (f" and {count - 5} more" if count > 5 else "")
    return f"there is no pellet {asked!r}: this lab has {known}; add it with 'pellet add' first"


def list_pellets(session: sqlmodel.Session, *, batch: str | None = None) -> list[Pellet]:
    """Return all pellets, or those of one batch, by number."""
    statement = select(Pellet).order_by(col(Pellet.id))
    if batch is not None:
        statement = statement.where(Pellet.batch == batch)
    return list(session.exec(statement))
