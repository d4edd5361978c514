"""Run batches here, in worker processes or on any executor; survive workers that die."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Any

from screening.errors import ScreeningError

__all__ = ["run_batches"]

Result = list[bytes | tuple[str, str]]
IN_FLIGHT_PER_WORKER = 3


def run_batches(
    function: Callable[[Any], Result],
    jobs: Iterable[Any],
    *,
    executor: Executor | None = None,
    n_jobs: int = 1,
) -> Iterator[tuple[int, Result]]:
    """Apply a function to jobs and yield (number of the job, result) as they are done.

    Parameters
    ----------
    function : callable
        Must be importable by the workers.
    jobs : iterable
        Taken one by one, a few ahead of the workers, so that memory stays bounded. A job is a
        sequence of items, or a tuple whose last entry is one.
    executor : concurrent.futures.Executor, optional
        A future of it that raises ``BrokenExecutor`` has lost its worker.
    n_jobs : int
        Worker processes when no executor is given; 1 works in this process.

    Raises
    ------
    ScreeningError
        When a worker dies and with it the whole executor given, as a ``ProcessPoolExecutor`` does.

    Notes
    -----
    When a worker process of this machine dies, the pool dies with it. The batches that were under
    way are repeated in fresh workers, those lost a second time item by item, and the item that
    kills again is recorded as the failure ``worker-died``.
    """
    if executor is None and n_jobs <= 1:
        for number, job in enumerate(jobs):
            yield number, function(job)
        return
    yield from _run_on(executor, n_jobs, function, jobs)


def _pool(n_jobs: int) -> Executor:
    from joblib.externals.loky import get_reusable_executor

    pool: Executor = get_reusable_executor(max_workers=n_jobs, timeout=60)
    return pool


def _run_on(
    executor: Executor | None, n_jobs: int, function: Callable[[Any], Result], jobs: Iterable[Any]
) -> Iterator[tuple[int, Result]]:
    pool = executor if executor is not None else _pool(n_jobs)
    workers = int(getattr(pool, "_max_workers", None) or n_jobs or 1)
    pending: dict[Future[Result], tuple[int, Any]] = {}
    waiting = enumerate(jobs)
    lost_once: set[int] = set()
    exhausted = False
    while pending or not exhausted:
        while not exhausted and len(pending) < IN_FLIGHT_PER_WORKER * workers:
            try:
                number, job = next(waiting)
            except StopIteration:
                exhausted = True
                break
            pending[_submit(pool, function, job)] = (number, job)
        if not pending:
            break
        finished, _ = wait(pending, return_when=FIRST_COMPLETED)
        lost = []
        for future in finished:
            number, job = pending.pop(future)
            try:
                result = future.result()
            except BrokenExecutor:
                lost.append((number, job))
                continue
            yield number, result
        if not lost:
            continue
        innocent: list[tuple[int, Any]] = []
        if executor is None:
            # every batch under way went with the pool, and most had no part in it
            lost = sorted([*lost, *pending.values()], key=lambda entry: entry[0])
            pending.clear()
            innocent = [entry for entry in lost if entry[0] not in lost_once]
            lost = [entry for entry in lost if entry[0] in lost_once]
            lost_once.update(number for number, _ in innocent)
        for number, job in lost:
            yield number, _one_by_one(function, job, executor)
        if executor is None:
            pool = _pool(n_jobs)
        for number, job in innocent:
            pending[_submit(pool, function, job)] = (number, job)


def _submit(pool: Executor, function: Callable[[Any], Result], job: Any) -> Future[Result]:
    """Hand a job in; a pool that has broken meanwhile answers like one that breaks later."""
    try:
        return pool.submit(function, job)
    except BrokenExecutor as error:
        lost: Future[Result] = Future()
        lost.set_exception(error)
        return lost


def _one_by_one(function: Callable[[Any], Result], job: Any, executor: Executor | None) -> Result:
    """Repeat a batch with one item per task."""
    out: Result = []
    for single in _split(job):
        try:
            out += (executor or _pool(1)).submit(function, single).result()
        except BrokenExecutor:
            if executor is not None and not _still_works(executor):
                raise ScreeningError(
                    "a worker process died and ended its pool; run again with n_jobs instead of "
                    "an executor to find the structure that does it"
                ) from None
            out.append(("worker-died", "the worker process ended while computing this structure"))
    return out


def _still_works(executor: Executor) -> bool:
    try:
        return executor.submit(int).result() == 0
    except BrokenExecutor:
        return False


def _split(job: Any) -> Iterator[Any]:
    items: Sequence[Any] = job[-1] if isinstance(job, tuple) else job
    for item in items:
        yield (*job[:-1], [item]) if isinstance(job, tuple) else [item]
