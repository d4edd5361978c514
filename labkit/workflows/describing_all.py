"""The pool described in many representations in one pass over the structures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.machines import HERE, Machines
from labkit.workflows.pool_entries import sources_of_pool
from screening.descriptors import Descriptor, descriptor, descriptor_names
from screening.errors import MissingLibraryError

__all__ = ["ALL", "describe_all"]

ALL = "all"
Progress = Callable[[int, int], None]


def describe_all(
    lab: Lab,
    *,
    descriptor_name: str = ALL,
    mode: str = ALL,
    machines: Machines = HERE,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compute several representations of every structure; what they share is computed once.

    Parameters
    ----------
    lab : Lab
    descriptor_name, mode : str
        One, or ``all`` that there are.
    machines, progress
        As in `labkit.workflows.describing.describe_pool`.

    Returns
    -------
    dict
        ``structures``; ``representations``, one summary each; ``left_out``, the descriptors whose
        library is not installed, with what to do.

    Raises
    ------
    UsageError
        When the lab holds no structure, or the descriptor asked for has no such mode.
    """
    from screening.featurize import featurize_all, prepare_structures

    sources = sources_of_pool(lab)
    if not sources:
        raise UsageError(
            "this lab holds no structure; add some with 'labkit structures add materials-project'"
        )
    names = descriptor_names() if descriptor_name == ALL else (descriptor_name,)
    chosen: list[tuple[Descriptor, str]] = []
    left_out = {}
    for name in names:
        made = descriptor(name)
        try:
            _ = made.key
        except MissingLibraryError as error:
            left_out[name] = str(error)
            continue
        chosen += [(made, one) for one in made.modes if mode in (ALL, one)]
    if not chosen:
        reason = next(iter(left_out.values()), f"{descriptor_name} has no mode {mode}")
        raise UsageError(reason)
    cache = lab.cache_folder / "screening"
    with machines.open(lab.settings.slurm) as opened:
        workers: dict[str, Any] = opened._asdict()
        prepare_structures(sources, cache, progress=progress, **workers)
        tables = featurize_all(sources, chosen, cache, progress=progress, **workers)
    return {
        "structures": len(sources),
        "representations": [
            {
                "descriptor": table.descriptor,
                "mode": table.mode,
                "described": len(table.ids),
                "length": int(table.values.shape[1]),
                "failed": len(table.failures),
                "failures_by_code": table.failure_counts(),
            }
            for table in tables
        ],
        "left_out": left_out,
    }
