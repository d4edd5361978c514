"""Results of long work by key: those at hand are read, the others computed batch by batch.

Each result is a JSON file, written as soon as its batch is done and there completely or not at
all. That folder is all that runs share: one that is killed goes on where it was.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labkit.whole_files import whole_file
from labkit.workflows.machines import Workers
from screening.batches import run_batches

__all__ = ["Failure", "keep_result", "kept_result", "results_by_key"]

Failure = tuple[str, str]
_MAY_ONLY_BE_READ = (errno.EACCES, errno.EPERM, errno.EROFS)

Progress = Callable[[int, int], None]
Result = dict[str, Any]


def kept_result(path: Path) -> Result | None:
    """Return a result that was kept, or None."""
    import orjson

    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return content if isinstance(content, dict) else None


def keep_result(path: Path, content: bytes) -> None:
    """Write the JSON of a result under its name, completely or not at all.

    Where the folder may only be read nothing is kept, and nothing is lost but the time of a
    second computation.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, private=True) as part:
            part.write_bytes(content)
    except OSError as error:
        if error.errno not in _MAY_ONLY_BE_READ:
            raise


def results_by_key(
    function: Callable[[Any], list[bytes | Failure]],
    work: Mapping[str, Any],
    folder: Path | None,
    workers: Workers,
    *,
    settings: Sequence[Any] = (),
    batch: int = 1,
    worth_keeping: Callable[[Result], bool] = bool,
    progress: Progress | None = None,
) -> dict[str, Result | Failure]:
    """Return the result of every item, from the folder or computed on any machines.

    Parameters
    ----------
    function : callable
        Takes ``(*settings, [item, ...])`` and returns per item the JSON of its result, or code
        and message of what went wrong. Workers import it.
    work : mapping
        Items by key; equal keys must mean equal results.
    folder : Path or None
        Where results are kept, as ``KEY.json``; None keeps none.
    workers : Workers
    settings : sequence
        What all items share.
    batch : int
        Items of one task: what a worker that dies costs at most.
    worth_keeping : callable
        Whether a result is to be kept; failures never are.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    dict
        By key, in the order of `work`.
    """
    import orjson

    found: dict[str, Result | Failure] = {}
    if folder is not None:
        kept = ((key, kept_result(folder / f"{key}.json")) for key in work)
        found = {key: result for key, result in kept if result is not None}
    todo = [key for key in work if key not in found]
    parts = [todo[i : i + batch] for i in range(0, len(todo), batch)]
    jobs = ((*settings, [work[key] for key in part]) for part in parts)
    for number, results in run_batches(function, jobs, **workers._asdict()):
        for key, result in zip(parts[number], results, strict=True):
            if not isinstance(result, bytes):
                found[key] = result
                continue
            found[key] = value = orjson.loads(result)
            if folder is not None and worth_keeping(value):
                keep_result(folder / f"{key}.json", result)
        if progress is not None:
            progress(len(found), len(work))
    return {key: found[key] for key in work}
