"""Long work on a Dask cluster gives what it gives here, also when a worker dies."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import pytest

from labkit.errors import SettingsError, UsageError
from labkit.settings import SlurmSettings, read_settings
from labkit.workflows.machines import DaskExecutor, open_machines, slurm_cluster, write_slurm_files
from screening.batches import run_batches

distributed = pytest.importorskip("distributed", reason="Dask is not installed")


def encode(items: list[int]) -> list[bytes | tuple[str, str]]:
    time.sleep(0.01)
    return [str(item).encode() for item in items]


def encode_or_die(items: list[int]) -> list[bytes | tuple[str, str]]:
    if 13 in items:
        os._exit(1)
    return encode(items)


JOBS = [list(range(start, start + 4)) for start in range(0, 40, 4)]
EXPECTED = {number: encode(job) for number, job in enumerate(JOBS)}


def test_this_machine_needs_no_executor() -> None:
    with open_machines(None, SlurmSettings()) as executor:
        assert executor is None


@pytest.mark.parametrize("where", ["local", "local:0", "local:x", "http://host:1", "pbs"])
def test_what_is_no_cluster_is_refused_with_the_forms(where: str) -> None:
    with pytest.raises(UsageError, match=r"local:N"), open_machines(where, SlurmSettings()):
        pass


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as made:
        yield made


def test_a_scheduler_that_listens_does_the_work(cluster: Any) -> None:
    with distributed.Client(cluster) as client:
        assert dict(run_batches(encode, iter(JOBS), executor=DaskExecutor(client))) == EXPECTED


def test_an_error_of_a_task_comes_back(cluster: Any) -> None:
    with distributed.Client(cluster) as client, pytest.raises(ZeroDivisionError):
        DaskExecutor(client).submit(divmod, 1, 0).result()


def test_a_task_that_ends_its_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killing:
        def get_executor(self, **_: Any) -> Any:
            from concurrent.futures import ThreadPoolExecutor

            return ThreadPoolExecutor(1)

    def killed() -> None:
        raise distributed.KilledWorker("a task", None, 3)

    with pytest.raises(BrokenExecutor):
        DaskExecutor(Killing()).submit(killed).result()


@pytest.mark.slow
def test_worker_processes_that_die_cost_one_structure() -> None:
    with open_machines("local:2", SlurmSettings()) as executor:
        result = dict(run_batches(encode_or_die, iter(JOBS), executor=executor))
    assert result[3][1][0] == "worker-died"
    assert result[3][0] == b"12"
    assert {k: v for k, v in result.items() if k != 3} == {
        k: v for k, v in EXPECTED.items() if k != 3
    }


def test_the_script_of_a_job_asks_for_what_the_lab_wrote_down(tmp_path: Path) -> None:
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    path = tmp_path / "lab.toml"
    path.write_text(
        '[slurm]\nqueue = "long"\naccount = "ions"\ncores = 8\nmemory = "16GB"\n'
        'walltime = "02:30:00"\nprologue = ["module load python"]\n',
        encoding="utf-8",
    )
    cluster = slurm_cluster(read_settings(path).slurm)
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    for line in ("-p long", "-A ions", "--cpus-per-task=8", "-t 02:30:00", "module load python"):
        assert line in script
    assert "distributed.cli.dask_worker" in script


@pytest.mark.parametrize("line", ["queue = 3", "cores = 0", "prologue = [1]", "colour = 'red'"])
def test_a_wrong_setting_of_the_queue_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(f"[slurm]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=line.split(" ")[0]):
        read_settings(path)


def test_the_files_for_a_queue_say_the_same_to_dask_jobqueue(tmp_path: Path) -> None:
    dask_jobqueue = pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    import dask
    import yaml

    slurm = SlurmSettings(queue="long", cores=8, memory="16GB", prologue=("module load python",))
    script, settings = write_slurm_files(tmp_path / "cluster", slurm, "tcp://login1:8786")
    written = yaml.safe_load(settings.read_text(encoding="utf-8"))
    job = written["jobqueue"]["slurm"]
    with (
        dask.config.set({f"jobqueue.slurm.{name}": value for name, value in job.items()}),
        dask_jobqueue.SLURMCluster() as cluster,
    ):
        theirs = cluster.job_script().replace(cluster.scheduler_address, "tcp://login1:8786")
    assert script.read_text(encoding="utf-8") == theirs.replace("--name dummy-name ", "")
    assert "dask_worker tcp://login1:8786 " in theirs


def test_files_for_a_queue_need_an_address(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tcp://host:8786"):
        write_slurm_files(tmp_path, SlurmSettings(), "login1")
