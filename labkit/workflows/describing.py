"""The pool described, clustered and scored; every step is cached and goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines
from labkit.workflows.pool_entries import (
    PoolEntry,
    StoredStructure,
    pool_entries,
    sources_of_pool,
)
from labkit.workflows.screening_labels import labels_on_structures
from screening.descriptors import descriptor as descriptor_of
from screening.errors import CacheError
from screening.mixing import mix
from screening.store import KEY_BYTES
from screening.tree import WardTree

if TYPE_CHECKING:
    from screening.featurize import FeatureTable, PreparedTable

__all__ = [
    "Addition",
    "DescribedPool",
    "PlacedStructure",
    "PoolFeatures",
    "PoolTree",
    "StoredStructure",
    "describe_pool",
    "features_of_pool",
    "key_of",
    "pool_entries",
    "pool_hash_of",
    "read_manifest",
    "stored_tree",
    "tree_of_pool",
]

Progress = Callable[[int, int], None]
MAX_DEPTH = 300
#: more rows than this are clustered through so many representatives: all their distances would
#: take more than 3 GB
LARGEST_EXACT_POOL, N_REPRESENTATIVES = 28_000, 14_000
_FEATURES = "features.npy"
_MANIFEST = "pool.json"
# fewer representations make no tree worth ranking by
_FEWEST_STRUCTURES = 10


class Addition(NamedTuple):
    """A second representation beside the first, scaled by a weight."""

    descriptor: str
    mode: str
    weight: float


class PoolFeatures(NamedTuple):
    """The representation of the structures that have one."""

    ids: tuple[str, ...]
    values: npt.NDArray[np.float32]

    def of(self, names: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the rows of some structures."""
        where = {name: row for row, name in enumerate(self.ids)}
        return np.asarray(self.values[[where[name] for name in names]])


@dataclass(frozen=True)
class DescribedPool:
    """The representation of every structure of the lab.

    Attributes
    ----------
    table : FeatureTable
        Values, and the failures by name.
    n_structures : int
    charges : dict
        How many structures had their charges decided which way.
    charges_of_labelled : dict
        The same for structures that carry an accepted label.
    """

    table: FeatureTable
    n_structures: int
    charges: dict[str, int]
    charges_of_labelled: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """Return the counts for people and scripts."""
        return {
            "descriptor": self.table.descriptor,
            "mode": self.table.mode,
            "structures": self.n_structures,
            "described": len(self.table.ids),
            "length": int(self.table.values.shape[1]) if len(self.table.ids) else 0,
            "failed": len(self.table.failures),
            "failures_by_code": self.table.failure_counts(),
            "failures": [
                {"structure": f.material_id, "stage": f.stage, "code": f.code, "message": f.message}
                for f in self.table.failures
            ],
            "charges": self.charges,
            "charges_of_labelled": self.charges_of_labelled,
        }


class PlacedStructure(NamedTuple):
    """Where a structure lies that was placed into a tree built without it.

    Attributes
    ----------
    percentile : float
        Percentage of the members of its cluster that are closer to the centre.
    out_of_domain : bool
        Whether the tree knows nothing like it.
    """

    percentile: float
    out_of_domain: bool


@dataclass(frozen=True)
class PoolTree:
    """The cluster tree over the described structures.

    Attributes
    ----------
    tree : WardTree
    ids : tuple of str
        Structure of each row.
    rows : dict of str to int
        Row of each structure.
    formulas : tuple of str
        Formula of each row.
    pool_hash : str
        Names the structures and the representation; equal hashes mean equal trees.
    features : ndarray of float32, shape (n, d)
        The representations the tree was built on, memory-mapped.
    placed : dict of str to PlacedStructure
        Structures that were placed into a tree built without them.
    """

    tree: WardTree
    ids: tuple[str, ...]
    rows: dict[str, int]
    formulas: tuple[str, ...]
    pool_hash: str
    features: npt.NDArray[np.float32]
    placed: Mapping[str, PlacedStructure] = field(default_factory=dict)


def describe_pool(
    lab: Lab,
    *,
    descriptor: str = "soap",
    mode: str = "CAN",
    orderings: int = 0,
    machines: Machines = HERE,
    progress: Progress | None = None,
) -> DescribedPool:
    """Compute the representation of every structure, or take it from the cache.

    Parameters
    ----------
    lab : Lab
    descriptor, mode : str
        Which representation.
    orderings : int
        Describe disordered structures by the mean over so many random orderings; 0 takes the one
        that the fixed rule picks.
    machines : Machines
        Where the work is done.
    progress : callable, optional
        Called with (done, total).

    Raises
    ------
    UsageError
        When the lab holds no structure.
    """
    from screening.featurize import featurize, prepare_structures
    from screening.sampled import featurize_sampled

    sources = sources_of_pool(lab)
    if not sources:
        raise UsageError(
            "this lab holds no structure; add some with 'labkit structures add materials-project'"
        )
    cache = lab.cache_folder / "screening"
    with machines.open(lab.settings.slurm) as opened:
        workers: dict[str, Any] = opened._asdict()
        prepared = prepare_structures(sources, cache, progress=progress, **workers)
        chosen = descriptor_of(descriptor)
        if orderings:
            table = featurize_sampled(
                sources, chosen, mode, cache, orderings=orderings, progress=progress, **workers
            )
        else:
            table = featurize(sources, chosen, mode, cache, progress=progress, **workers)
    methods = _charge_methods(sources, prepared)
    labelled = {label.material_id for label in labels_on_structures(lab, methods)}
    return DescribedPool(
        table,
        len(sources),
        dict(Counter(methods.values()).most_common()),
        dict(Counter(methods[name] for name in sorted(labelled)).most_common()),
    )


def _charge_methods(sources: Sequence[StoredStructure], prepared: PreparedTable) -> dict[str, str]:
    """How the charges of every prepared structure were decided, by its id."""
    good = (s.material_id for s in sources if s.content_hash[:KEY_BYTES] not in prepared.failures)
    return {name: crystal.charge_method for name, crystal in zip(good, prepared, strict=True)}


def features_of_pool(
    lab: Lab,
    *,
    descriptor: str = "soap",
    mode: str = "CAN",
    orderings: int = 0,
    addition: Addition | None = None,
    progress: Progress | None = None,
) -> PoolFeatures:
    """Return the representation of every structure that has one.

    Parameters
    ----------
    lab : Lab
    descriptor, mode : str
        Which representation.
    orderings : int
        As in `describe_pool`.
    addition : Addition, optional
        A second one beside it; a structure must have both.
    progress : callable, optional
        Called with (done, total) while structures are described.
    """
    table = describe_pool(
        lab, descriptor=descriptor, mode=mode, orderings=orderings, progress=progress
    ).table
    if addition is None:
        return PoolFeatures(table.ids, table.values)
    second = describe_pool(
        lab,
        descriptor=addition.descriptor,
        mode=addition.mode,
        orderings=orderings,
        progress=progress,
    ).table
    return PoolFeatures(*mix(table.ids, table.values, second.ids, second.values, addition.weight))


def tree_of_pool(
    lab: Lab,
    *,
    descriptor: str = "soap",
    mode: str = "CAN",
    orderings: int = 0,
    addition: Addition | None = None,
    without: Collection[str] = (),
    progress: Progress | None = None,
) -> PoolTree:
    """Return the cluster tree of the pool; build it only when structures have changed.

    Parameters
    ----------
    lab : Lab
    descriptor, mode : str
        Which representation.
    orderings : int
        As in `describe_pool`.
    addition : Addition, optional
        A second one beside it.
    without : collection of str
        Structures that the tree must not see.
    progress : callable, optional
        Called with (done, total) while structures are described.

    Raises
    ------
    UsageError
        When the lab holds too few structures for a tree.
    """
    with lab.database.reading() as session:
        left_out = frozenset(without)
        entries = [entry for entry in pool_entries(session) if entry.material_id not in left_out]
    key = key_of(descriptor, orderings, addition)
    pool_hash = pool_hash_of(entries, key, mode)
    folder = lab.cache_folder / "trees" / f"{descriptor}-{mode}-{pool_hash}"
    stored = stored_tree(folder)
    if stored is None:
        described = features_of_pool(
            lab,
            descriptor=descriptor,
            mode=mode,
            orderings=orderings,
            addition=addition,
            progress=progress,
        )
        kept = np.array([name not in left_out for name in described.ids], dtype=np.bool_)
        ids = tuple(name for name in described.ids if name not in left_out)
        if len(ids) < _FEWEST_STRUCTURES:
            raise UsageError(
                f"{len(ids)} structures described by {descriptor} {mode} are too few to cluster; "
                "add more with 'labkit structures add'"
            )
        values = described.values if kept.all() else described.values[kept]
        few = N_REPRESENTATIVES if len(ids) > LARGEST_EXACT_POOL else None
        tree = WardTree().fit(values, max_k=MAX_DEPTH, ids=ids, n_representatives=few)
        _save_features(folder, values)
        tree.save(folder)
        if not left_out:
            _save_manifest(folder, key, mode, entries)
        stored = tree, values
    tree, features = stored
    assert tree.ids_ is not None
    formulas = {entry.material_id: entry.formula for entry in entries}
    return PoolTree(
        tree=tree,
        ids=tree.ids_,
        rows={material_id: row for row, material_id in enumerate(tree.ids_)},
        formulas=tuple(formulas[material_id] for material_id in tree.ids_),
        pool_hash=pool_hash,
        features=features,
    )


def key_of(descriptor: str, orderings: int, addition: Addition | None) -> str:
    """Return what determines the values of a representation, as one text."""
    key = descriptor_of(descriptor).key + (f"\n{orderings} orderings" if orderings else "")
    if addition is None:
        return key
    second = descriptor_of(addition.descriptor).key
    return f"{key}\n{second}\n{addition.mode}\n{addition.weight!r}"


def _save_manifest(folder: Path, key: str, mode: str, entries: Sequence[PoolEntry]) -> None:
    """Write which structures a tree was built for, described or not."""
    structures = {entry.material_id: entry.content_hash for entry in entries}
    partial = folder / f".{_MANIFEST}.{os.getpid()}.part"
    text = json.dumps({"key": key, "mode": mode, "structures": structures})
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / _MANIFEST)


def read_manifest(folder: Path, key: str, mode: str) -> dict[str, str] | None:
    """Return the structures (id and hash) of a stored tree of this representation, or None."""
    try:
        told = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if (told["key"], told["mode"]) == (key, mode):
            return dict(told["structures"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a tree without one, or a write that was stopped
    return None


def stored_tree(folder: Path) -> tuple[WardTree, npt.NDArray[np.float32]] | None:
    """Open a stored tree with its representations; None when there is no whole one."""
    if not folder.is_dir():
        return None
    try:
        return WardTree.load(folder), np.load(folder / _FEATURES, mmap_mode="r")
    except (CacheError, OSError, ValueError):
        return None  # an interrupted write, or a tree of an older form: build it again


def _save_features(folder: Path, values: npt.NDArray[np.float32]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{_FEATURES}.{os.getpid()}.part"
    with partial.open("wb") as handle:
        np.save(handle, np.ascontiguousarray(values))
    partial.replace(folder / _FEATURES)


def pool_hash_of(entries: Sequence[PoolEntry], descriptor_key: str, mode: str) -> str:
    """Name a pool in a representation: equal structures in equal order, equal hash."""
    digest = hashlib.sha256(f"{descriptor_key}\n{mode}\n{MAX_DEPTH}\n".encode())
    for entry in entries:
        digest.update(f"{entry.material_id} {entry.content_hash}\n".encode())
    return digest.hexdigest()[:16]
