"""The curves of stored refinements: what a figure draws, kept at hand, made again where missing.

A refinement is stored as numbers; its curves follow from the stored pattern and these numbers. They
lie in the cache folder, which may be deleted: the builtin engine makes them again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from db.columns import plain_json
from db.tables import Analysis
from labkit.errors import NotFoundError
from labkit.whole_files import whole_file
from labkit.workflows.lab import Lab
from labkit.workflows.replaying_lattices import refine_again
from labkit.xrd.result import PatternCurves, RefinementResult

__all__ = ["curves_of", "keep_curves"]

_NAMES = ("two_theta_deg", "observed", "calculated", "background")


def curves_of(lab: Lab, stored: Analysis) -> PatternCurves:
    """Return the curves of a stored refinement.

    Parameters
    ----------
    lab : Lab
    stored : Analysis
        That holds a lattice refinement.

    Raises
    ------
    NotFoundError
        When only another engine could make them again.
    """
    path = _path(lab, stored.result)
    known = _read(path)
    if known is not None:
        return known
    if stored.parameters.get("engine") != "builtin":
        raise NotFoundError(
            f"the curves of A{stored.id} are not at hand: GSAS-II made them, refine M"
            f"{stored.measurement_id} again to see them"
        )
    curves = refine_again(lab, stored).curves
    _keep(path, curves)
    return curves


def keep_curves(lab: Lab, result: RefinementResult) -> None:
    """Keep the curves of a fresh refinement at hand."""
    _keep(_path(lab, plain_json(result.to_dict())), result.curves)


def _path(lab: Lab, told: dict[str, Any]) -> Path:
    """Name the curves by the numbers they belong to."""
    said = json.dumps(told, sort_keys=True)
    return lab.cache_folder / "curves" / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.npz"


def _read(path: Path) -> PatternCurves | None:
    try:
        with np.load(path) as kept:
            places = sorted(
                (name for name in kept.files if name.startswith("reflections")),
                key=lambda name: int(name.rpartition(" ")[2]),
            )
            two_theta, observed, calculated, background = (kept[name] for name in _NAMES)
            reflections = tuple(kept[name] for name in places)
            return PatternCurves(two_theta, observed, calculated, background, reflections)
    except (OSError, KeyError, ValueError, EOFError, BadZipFile):
        return None


def _keep(path: Path, curves: PatternCurves) -> None:
    """Write curves where that is possible; without them nothing is lost but time."""
    with contextlib.suppress(OSError):
        _write(path, curves)


def _write(path: Path, curves: PatternCurves) -> None:
    arrays = {name: getattr(curves, name) for name in _NAMES}
    arrays |= {f"reflections {k}": places for k, places in enumerate(curves.reflections_deg)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, private=True) as part, part.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
