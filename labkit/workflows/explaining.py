"""Why a number is what it is: the chain from a label or a ranking down to the raw file."""

from __future__ import annotations

from typing import Any

from db.columns import plain_json
from db.provenance import Link, chain
from labkit.workflows.lab import Lab

__all__ = ["explain"]


def explain(lab: Lab, identifier: str) -> dict[str, Any]:
    """Return the chain behind a label, analysis, measurement, ranking or structure.

    Parameters
    ----------
    lab : Lab
    identifier : str
        ``L7``, ``A3``, ``M12``, ``R2``, a pellet's name or a structure's id.

    Returns
    -------
    dict
        ``identifier``, ``summary``, ``details`` and ``inputs``, each input of the same form.

    Raises
    ------
    IdentifierError, UnknownRecordError
        When nothing in the lab has it.
    """
    with lab.database.reading() as session:
        return _node(chain(session, identifier))


def _node(link: Link) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "identifier": link.identifier or link.kind,
        "summary": link.title,
        "details": plain_json(link.facts),
        "inputs": [_node(source) for source in link.sources],
    }
