"""Migration barriers of many structures of the lab: computed and kept, or from a table."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import db.structures
from labkit.errors import UsageError
from labkit.workflows.barriers import BarrierRequest, barrier_key, parameters_of
from labkit.workflows.describing import StoredStructure, pool_entries
from labkit.workflows.kept_results import results_by_key
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines

__all__ = ["PoolBarriers", "barriers_of_pool", "read_barrier_table"]

Progress = Callable[[int, int], None]
# a barrier takes a twentieth of a second, or minutes in a large cell
_BATCH = 16
_ID_COLUMN, _BARRIER_COLUMN = "material_id", "Ea_eV"


@dataclass(frozen=True)
class PoolBarriers:
    """Barriers of the structures that have one.

    Attributes
    ----------
    barrier_eV : dict
        By structure; infinite where the paths of the ion do not connect.
    missing : dict
        How many structures have none, by reason.
    """

    barrier_eV: dict[str, float]
    missing: dict[str, int]


def barriers_of_pool(
    lab: Lab,
    wanted: Collection[str],
    request: BarrierRequest,
    *,
    dimension: int = 3,
    machines: Machines = HERE,
    progress: Progress | None = None,
) -> PoolBarriers:
    """Compute the barriers of some structures; goes on where it stopped.

    Parameters
    ----------
    lab : Lab
    wanted : collection of str
        Structures.
    request : BarrierRequest
    dimension : {1, 2, 3}
        Directions in which paths must connect.
    machines : Machines
        Where barriers are computed.
    progress : callable, optional
        Called with (done, total).

    Raises
    ------
    MissingParametersError
        When the parameters cannot be read at all.
    UsageError
        When they hold nothing for the mobile ion.
    """
    from screening.barrier_batches import barriers_of_batch
    from screening.featurize import prepare_structures
    from screening.prepare import pack_crystal
    from screening.store import KEY_BYTES

    parameters = parameters_of(request)
    if request.ion not in {symbol for symbol, _ in parameters.mobile_ions()}:
        raise UsageError(
            f"no parameters for {request.ion!r} as the mobile ion: give the symbol of an element, "
            "such as Li, Na or Mg"
        )
    asked = set(wanted)
    with lab.database.reading() as session:
        hashes = {entry.material_id: entry.content_hash for entry in pool_entries(session)}
        sources = [
            StoredStructure(name, hashes[name], cif)
            for name, cif in db.structures.iterate_cifs(session)
            if name in asked and name in hashes
        ]
    key_of: dict[str, str] = {}
    work: dict[str, bytes] = {}
    missing: Counter[str] = Counter()
    with machines.open(lab.settings.slurm) as workers:
        cache = lab.cache_folder / "screening"
        prepared = prepare_structures(sources, cache, **workers._asdict())
        for source in sources:
            content = source.content_hash[:KEY_BYTES]
            if content in prepared.failures:
                missing["not-prepared"] += 1
                continue
            one = prepared.get(content)
            key = barrier_key(one.crystal.content_hash, request, parameters)
            key_of[source.material_id], work[key] = key, pack_crystal(one)
        results = results_by_key(
            barriers_of_batch,
            work,
            lab.cache_folder / "barriers",
            workers,
            settings=(request.ion, request.spacing_angstrom, request.faithful, parameters),
            batch=_BATCH,
            progress=progress,
        )
    found: dict[str, float] = {}
    for name, key in key_of.items():
        result = results[key]
        if isinstance(result, dict):
            barrier = result[f"barrier_{dimension}d_eV"]
            found[name] = float("inf") if barrier is None else float(barrier)
        else:
            missing[result[0]] += 1
    return PoolBarriers(found, dict(missing.most_common()))


def read_barrier_table(path: Path) -> dict[str, float]:
    """Read barriers by structure from a CSV file with the columns ``material_id`` and ``Ea_eV``.

    Structures with several different values are left out: which one belongs to the structure
    cannot be told.

    Raises
    ------
    UsageError
        When the file cannot be read, or lacks a column, or holds something else than a number.
    """
    values: dict[str, set[float]] = defaultdict(set)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            lacking = {_ID_COLUMN, _BARRIER_COLUMN} - set(reader.fieldnames or ())
            if lacking:
                raise UsageError(f"{path}: needs the column {' and '.join(sorted(lacking))}")
            for row in reader:
                if row[_ID_COLUMN]:
                    try:
                        values[row[_ID_COLUMN]].add(float(row[_BARRIER_COLUMN]))
                    except (TypeError, ValueError):
                        raise UsageError(
                            f"{path}:{reader.line_num}: {_BARRIER_COLUMN} "
                            f"{row[_BARRIER_COLUMN]!r} is no number"
                        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error
    return {name: found.pop() for name, found in values.items() if len(found) == 1}
