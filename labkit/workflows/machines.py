"""Where long work runs: this machine, a Dask cluster, or jobs of a SLURM queue.

Every one of them is a `concurrent.futures.Executor`; what is computed is the same, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from labkit.errors import UsageError
from labkit.settings import SlurmSettings

__all__ = [
    "HERE",
    "DaskExecutor",
    "Machines",
    "Workers",
    "local_cluster",
    "open_machines",
    "slurm_cluster",
    "write_slurm_files",
]

Result = TypeVar("Result")
_SCHEDULERS = ("tcp://", "tls://", "ws://", "wss://")
_FORMS = "give the address of a scheduler (tcp://host:8786), local:N for N processes, or slurm"


class Workers(NamedTuple):
    """What `screening.batches.run_batches` needs to know of the machines.

    Attributes
    ----------
    executor : concurrent.futures.Executor or None
        None stands for processes of this machine.
    n_jobs : int
        So many, where there is no executor.
    """

    executor: Executor | None
    n_jobs: int


@dataclass(frozen=True)
class Machines:
    """Where long work is to run.

    Attributes
    ----------
    jobs : int, optional
        Worker processes on this machine; as many as there are cores by default.
    dask : str, optional
        A cluster that does the work instead, see `open_machines`.
    """

    jobs: int | None = None
    dask: str | None = None

    @contextmanager
    def open(self, slurm: SlurmSettings, *, jobs: int | None = None) -> Iterator[Workers]:
        """Open the machines, and release them afterwards.

        Parameters
        ----------
        slurm : SlurmSettings
        jobs : int, optional
            Processes on this machine where none were asked for.

        Raises
        ------
        UsageError
            As `open_machines`.
        """
        with open_machines(self.dask, slurm) as executor:
            yield Workers(executor, self.jobs or jobs or max(1, os.cpu_count() or 1))


HERE = Machines()
"""All cores of this machine."""


class DaskExecutor(Executor):
    """Tasks on a Dask cluster.

    Dask repeats the tasks of a worker that died on another one. A task that ends several workers
    in a row raises ``BrokenExecutor``, and the cluster goes on.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._executor = client.get_executor(pure=False)

    @property
    def _max_workers(self) -> int:
        return max(1, int(sum(self._client.nthreads().values())))

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Run a call on some worker."""
        from distributed import KilledWorker

        outer: Future[Result] = Future()
        outer.set_running_or_notify_cancel()

        def hand_on(inner: Future[Result]) -> None:
            try:
                outer.set_result(inner.result())
            except KilledWorker:
                outer.set_exception(BrokenExecutor("a task ended every worker that took it"))
            except BaseException as error:
                outer.set_exception(error)

        self._executor.submit(fn, *args, **kwargs).add_done_callback(hand_on)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Take no more tasks; the cluster itself stays."""
        self._executor.shutdown(wait=wait)


@contextmanager
def open_machines(where: str | None, slurm: SlurmSettings) -> Iterator[Executor | None]:
    """Open the machines that long work runs on, and release them afterwards.

    Parameters
    ----------
    where : str or None
        Address of a Dask scheduler; ``local:N`` for a cluster of N processes here; ``slurm`` for
        jobs as the lab's settings describe them; None for the cores of this machine by joblib.
    slurm : SlurmSettings

    Yields
    ------
    concurrent.futures.Executor or None
        None stands for this machine.

    Raises
    ------
    UsageError
        When `where` has none of these forms, no scheduler answers, or the packages of the extra
        ``cluster`` are not installed.
    """
    if where is None:
        yield None
        return
    kind, _, count = where.partition(":")
    if (
        not where.startswith(_SCHEDULERS)
        and where != "slurm"
        and not (kind == "local" and count.isdigit() and int(count) > 0)
    ):
        raise UsageError(f"--dask {where}: no cluster; {_FORMS}")
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            'working on a cluster needs Dask; install it with: python -m pip install ".[cluster]"'
        ) from None
    cluster: Any = None
    if kind == "local":
        cluster = local_cluster(int(count))
    elif where == "slurm":
        cluster = slurm_cluster(slurm)
        cluster.scale(jobs=slurm.jobs)
    try:
        try:
            client = Client(where if cluster is None else cluster, timeout="10s")
        except (OSError, TimeoutError):
            raise UsageError(
                f"--dask {where}: no scheduler answers there; is it running?"
            ) from None
        with client:
            yield DaskExecutor(client)
    finally:
        if cluster is not None:
            cluster.close()


def local_cluster(count: int) -> Any:
    """Return a Dask cluster of so many worker processes on this machine."""
    import dask
    from distributed import LocalCluster

    # nobody looks at the profile that each worker takes of itself a hundred times a second
    with dask.config.set({"distributed.worker.profile.enabled": False}):
        return LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address=None, processes=True
        )


def slurm_cluster(slurm: SlurmSettings) -> Any:
    """Return the cluster whose workers are SLURM jobs; none is submitted yet.

    Raises
    ------
    UsageError
        Without dask-jobqueue.
    """
    try:
        from dask_jobqueue import SLURMCluster
    except ImportError:
        raise UsageError(
            "jobs of a SLURM queue need dask-jobqueue; install it with: "
            'python -m pip install ".[cluster]"'
        ) from None
    return SLURMCluster(**_job_of(slurm))


def _job_of(slurm: SlurmSettings) -> dict[str, Any]:
    """Return one job in the words of dask-jobqueue."""
    return {
        "queue": slurm.queue,
        "account": slurm.account,
        "cores": slurm.cores,
        "processes": slurm.cores,
        "memory": slurm.memory,
        "walltime": slurm.walltime,
        "job_script_prologue": list(slurm.prologue),
        "job_extra_directives": list(slurm.directives),
    }


def write_slurm_files(folder: Path, slurm: SlurmSettings, scheduler: str) -> list[Path]:
    """Write what a group needs to start workers by hand.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    slurm : SlurmSettings
    scheduler : str
        Address at which the workers will find the scheduler.

    Returns
    -------
    list of Path
        ``worker-job.sh`` for ``sbatch``, and ``jobqueue.yaml`` for ``~/.config/dask``, so that
        dask-jobqueue makes the same jobs in other programs.

    Raises
    ------
    UsageError
        Without dask-jobqueue, or when the address is none.
    """
    if not scheduler.startswith(_SCHEDULERS):
        raise UsageError(f"--scheduler {scheduler}: no address; write it as tcp://host:8786")
    cluster = slurm_cluster(slurm)
    try:
        script = cluster.job_script().replace(cluster.scheduler_address, scheduler)
    finally:
        cluster.close()
    import yaml

    job = {name: value for name, value in _job_of(slurm).items() if value not in (None, [])}
    texts = {
        "worker-job.sh": script.replace("--name dummy-name ", ""),
        "jobqueue.yaml": yaml.safe_dump({"jobqueue": {"slurm": job}}, sort_keys=False),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in texts.items():
        partial = folder / f".{name}.part"
        partial.write_text(text, encoding="utf-8", newline="\n")
        written.append(partial.replace(folder / name))
    return written
