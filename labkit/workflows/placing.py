"""Structures added since the tree was built, placed into it instead of building it anew.

A tree over the whole pool takes up to a minute; placing a few structures takes none. Each goes to
the cluster that costs least by Ward's criterion, and is marked where it is farther from the centre
than nearly all members: the tree knows nothing like it, and its score says little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import db.structures
from labkit.workflows.describing import (
    PlacedStructure,
    PoolTree,
    key_of,
    pool_hash_of,
    read_manifest,
    stored_tree,
    tree_of_pool,
)
from labkit.workflows.lab import Lab
from labkit.workflows.pool_entries import PoolEntry, StoredStructure, pool_entries
from screening.descriptors import OpenDescriptor
from screening.descriptors import descriptor as descriptor_of

__all__ = ["tree_with_new_structures"]

Progress = Callable[[int, int], None]

# beyond this share the tree would be another one; it is built anew
_NEW_SHARE = 0.05


def tree_with_new_structures(
    lab: Lab,
    *,
    descriptor: str = "soap",
    mode: str = "CAN",
    depth: int = 241,
    progress: Progress | None = None,
) -> PoolTree:
    """Return the tree of the pool; a few new structures are placed into the one there is.

    It is built anew when there is none for this representation, when a structure it rests on is
    gone or changed, or when more than a twentieth of the pool is new.

    Parameters
    ----------
    lab : Lab
    descriptor, mode : str
        Which representation.
    depth : int
        Depth of the cut at which a structure counts as inside the domain or not.
    progress : callable, optional
        Called with (done, total) while structures are described.

    Returns
    -------
    PoolTree
        With ``placed`` where structures were placed.
    """
    with lab.database.reading() as session:
        entries = pool_entries(session)
    key = key_of(descriptor, 0, None)
    trees = lab.cache_folder / "trees"
    exact = trees / f"{descriptor}-{mode}-{pool_hash_of(entries, key, mode)}"
    base = None
    if not exact.is_dir() and not isinstance(descriptor_of(descriptor), OpenDescriptor):
        base = _base(trees, descriptor, mode, key, entries)
    stored = None if base is None else stored_tree(base[0])
    if base is None or stored is None:
        return tree_of_pool(lab, descriptor=descriptor, mode=mode, progress=progress)
    new = [entry for entry in entries if entry.material_id not in base[1]]
    tree, features = stored
    assert tree.ids_ is not None
    formulas = {entry.material_id: entry.formula for entry in entries}
    digest = hashlib.sha256(
        "\n".join(f"{entry.material_id} {entry.content_hash}" for entry in new).encode()
    )
    pool = PoolTree(
        tree=tree,
        ids=tree.ids_,
        rows={name: row for row, name in enumerate(tree.ids_)},
        formulas=tuple(formulas[name] for name in tree.ids_),
        pool_hash=f"{base[0].name.rsplit('-', 1)[1]}+{digest.hexdigest()[:8]}",
        features=features,
    )
    return _placed(lab, pool, new, formulas, descriptor, mode, depth, progress)


def _base(
    trees: Path, descriptor: str, mode: str, key: str, entries: Sequence[PoolEntry]
) -> tuple[Path, dict[str, str]] | None:
    """Return the stored tree over most of the pool, with the structures it was built for."""
    now = {entry.material_id: entry.content_hash for entry in entries}
    best: tuple[Path, dict[str, str]] | None = None
    for folder in sorted(trees.glob(f"{descriptor}-{mode}-*")):
        known = read_manifest(folder, key, mode)
        if (
            known
            and len(now) - len(known) <= _NEW_SHARE * len(known)
            and all(now.get(name) == content for name, content in known.items())
            and (best is None or len(known) > len(best[1]))
        ):
            best = folder, known
    return best


def _placed(
    lab: Lab,
    pool: PoolTree,
    new: Sequence[PoolEntry],
    formulas: dict[str, str],
    descriptor: str,
    mode: str,
    depth: int,
    progress: Progress | None,
) -> PoolTree:
    from screening.featurize import featurize

    with lab.database.reading() as session:
        sources = [
            StoredStructure(
                entry.material_id,
                entry.content_hash,
                db.structures.cif_text(session, entry.material_id),
            )
            for entry in new
        ]
    table = featurize(
        sources, descriptor_of(descriptor), mode, lab.cache_folder / "screening", progress=progress
    )
    if not table.ids:
        return pool
    # the deepest cut decides: the clusters above it follow
    deepest = pool.tree.assign(table.values, depth=pool.tree.max_k).cluster
    judged = pool.tree.assign(table.values, depth=depth)
    member = np.asarray(pool.tree.clusters_at(pool.tree.max_k))
    _, first = np.unique(member, return_index=True)
    ids = (*pool.ids, *table.ids)
    tree = pool.tree.with_rows_like(first[deepest], ids)
    return replace(
        pool,
        tree=tree,
        ids=ids,
        rows={name: row for row, name in enumerate(ids)},
        formulas=tuple(formulas[name] for name in ids),
        features=np.vstack([pool.features, table.values]),
        placed={
            name: PlacedStructure(float(percentile), bool(outside))
            for name, percentile, outside in zip(
                table.ids, judged.percentile, judged.out_of_domain, strict=True
            )
        },
    )
