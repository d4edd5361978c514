"""Disordered structures described by several orderings instead of one.

A partly occupied site can be ordered in many ways. Instead of the one that the fixed rule picks,
K are drawn at random (each by its own seed, so that they are the same in every run) and the values
of a structure are the mean over them. Ordered structures have the values they always have.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.descriptors.base import Descriptor
from screening.featurize import (
    FeatureFailure,
    FeatureTable,
    Progress,
    featurize,
    prepare_structures,
)
from screening.ordering import order_crystal
from screening.prepare import StructureSource
from screening.store import KEY_BYTES

__all__ = ["SampledStructure", "featurize_sampled"]


@dataclass(frozen=True)
class SampledStructure:
    """One random ordering of a disordered structure.

    Attributes
    ----------
    source : StructureSource
    sample : int
        1, 2, ...: the seed.
    """

    source: StructureSource
    sample: int

    @property
    def material_id(self) -> str:
        """Name of the structure and number of the ordering."""
        return f"{self.source.material_id} ordering {self.sample}"

    @property
    def content_hash(self) -> str:
        """Hash of the structure's hash and the number of the ordering."""
        text = f"{self.source.content_hash} ordering {self.sample}"
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_BYTES]

    def crystal(self) -> Crystal:
        """Return the ordered crystal."""
        return order_crystal(self.source.crystal(), sample=self.sample)


def featurize_sampled(
    sources: Sequence[StructureSource],
    descriptor: Descriptor,
    mode: str,
    cache: str | os.PathLike[str],
    *,
    orderings: int,
    executor: Executor | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> FeatureTable:
    """Describe structures, disordered ones by the mean over several orderings.

    Parameters
    ----------
    sources, descriptor, mode, cache, executor, n_jobs, progress
        As in `screening.featurize.featurize`.
    orderings : int
        How many orderings are drawn of each disordered structure; one that cannot be described is
        left out of the mean, and a structure fails when all of them do.

    Returns
    -------
    FeatureTable
    """
    prepared = prepare_structures(sources, cache, executor=executor, n_jobs=n_jobs)
    good = [row for row, key in enumerate(prepared.keys) if key not in prepared.failures]
    disordered = [
        row for row, crystal in zip(good, prepared, strict=True) if crystal.was_disordered
    ]
    sampled = [
        SampledStructure(sources[row], sample)
        for row in disordered
        for sample in range(1, orderings + 1)
    ]
    # together, because the columns of some descriptors are those that occur anywhere
    table = featurize(
        [*sources, *sampled],
        descriptor,
        mode,
        cache,
        executor=executor,
        n_jobs=n_jobs,
        progress=progress,
    )
    return _averaged(table, sources, disordered, orderings)


def _averaged(
    table: FeatureTable,
    sources: Sequence[StructureSource],
    disordered: Sequence[int],
    orderings: int,
) -> FeatureTable:
    n = len(sources)
    row_of = {int(index): row for row, index in enumerate(table.source_index)}
    failures = [failure for failure in table.failures if " ordering " not in failure.material_id]
    failed_samples = {
        failure.material_id: failure
        for failure in table.failures
        if " ordering " in failure.material_id
    }
    means: dict[int, npt.NDArray[np.float32]] = {}
    for place, source in enumerate(disordered):
        drawn = range(n + place * orderings, n + (place + 1) * orderings)
        rows = [row_of[index] for index in drawn if index in row_of]
        name = sources[source].material_id
        if rows:
            means[source] = table.values[rows].mean(axis=0, dtype=np.float64).astype(np.float32)
            failures = [failure for failure in failures if failure.material_id != name]
        elif source in row_of:
            first = failed_samples[f"{name} ordering 1"]
            failures.append(FeatureFailure(name, first.stage, first.code, first.message))
    all_of = set(disordered)
    index = [i for i in range(n) if (i in means if i in all_of else i in row_of)]
    values = np.empty((len(index), table.values.shape[1]), dtype=np.float32)
    for row, i in enumerate(index):
        values[row] = means[i] if i in means else table.values[row_of[i]]
    return replace(
        table,
        ids=tuple(sources[i].material_id for i in index),
        values=values,
        source_index=np.array(index, dtype=np.int64),
        failures=tuple(failures),
        key=f"{table.key} {orderings} orderings",
    )
