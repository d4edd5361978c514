"""``--jobs`` and ``--dask``: where a command's long work runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

__all__ = ["machine_options"]


def machine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options ``--jobs`` and ``--dask``, as its argument ``machines``."""

    @click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=None,
        help="Worker processes on this machine (default: all cores).",
    )
    @click.option(
        "--dask",
        default=None,
        metavar="CLUSTER",
        help="Work on a cluster: tcp://HOST:PORT of a Dask scheduler, local:N, or slurm (as "
        "described in lab.toml).",
    )
    @wraps(command)
    def with_machines(*arguments: Any, jobs: int | None, dask: str | None, **options: Any) -> Any:
        from labkit.workflows.machines import Machines

        if jobs is not None and dask is not None:
            raise click.UsageError("--jobs is for this machine; the cluster knows its own workers")
        return command(*arguments, machines=Machines(jobs, dask), **options)

    return with_machines
