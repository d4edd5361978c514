"""Barriers, bands and back-tests: the same bytes on every engine, kept batch by batch."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labkit import whole_files
from labkit.workflows.kept_results import Failure, keep_result, kept_result, results_by_key
from labkit.workflows.machines import DaskExecutor, Machines, Workers
from screening.prepare import PreparedCrystal, pack_crystal, prepare
from screening.prototypes import prototypes

SERIAL = Workers(None, 1)


@pytest.fixture(scope="module")
def loky() -> Workers:
    return Workers(None, 2)


@pytest.fixture(scope="module")
def dask() -> Iterator[Workers]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield Workers(DaskExecutor(client), 1)


@pytest.fixture(scope="module")
def prepared() -> dict[str, PreparedCrystal]:
    """Small lithium crystals with charges, by formula."""
    wanted = ("LiCl", "Li2S", "Li3N", "LiFePO4")
    return {e.formula: prepare(e.record()) for e in prototypes() if e.formula in wanted}


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def everywhere(folder: Path, loky: Workers, dask: Workers, run: Any) -> dict[str, bytes]:
    """Run on every engine into a folder each, and return what is equal in all of them."""
    for name, workers in (("serial", SERIAL), ("loky", loky), ("dask", dask)):
        run(folder / name, workers)
    serial = kept(folder / "serial")
    assert kept(folder / "loky") == serial
    assert kept(folder / "dask") == serial
    return serial


def test_barriers_are_the_same_bytes_on_every_engine(
    prepared: dict[str, PreparedCrystal], loky: Workers, dask: Workers, tmp_path: Path
) -> None:
    pytest.importorskip("bvlain")
    from screening.barrier_batches import barriers_of_batch
    from screening.bvse_parameters import library_parameters

    work = {formula: pack_crystal(one) for formula, one in prepared.items()}
    settings = ("Li", 0.5, False, library_parameters())

    def run(folder: Path, workers: Workers) -> None:
        found = results_by_key(barriers_of_batch, work, folder, workers, settings=settings, batch=2)
        assert set(found) == set(prepared)

    assert len(everywhere(tmp_path, loky, dask, run)) == len(prepared)


def test_back_tests_are_the_same_bytes_on_every_engine(
    loky: Workers, dask: Workers, tmp_path: Path
) -> None:
    from screening.backtest import held_out_in_clusters, leave_group_out
    from screening.backtest_batches import BacktestTask, backtest_from, backtests_of_batch
    from screening.forest import forest_leave_group_out
    from screening.rank import Labels
    from screening.tree import WardTree

    rng = np.random.default_rng(3)
    family = np.repeat(np.arange(8), 20)
    points = rng.normal(size=(160, 3)) + 20 * rng.normal(size=(8, 3))[family]
    tree = WardTree().fit(points, max_k=30)
    rows = rng.choice(160, 60, replace=False)
    labels = Labels.of(rows, rng.uniform(-10, -2, 60))
    small, here = tree.on_rows(rows), replace(labels, index=np.arange(60))
    groups = [f"family {family[row]}" for row in rows]
    placed = tree.assign(points[:5], depth=30).cluster
    tasks = [
        BacktestTask("means", leave_group_out, (small, here, groups)),
        BacktestTask("rule", leave_group_out, (small, here, groups), {"method": "cluster-rule"}),
        BacktestTask("placed", held_out_in_clusters, (small, here, placed, np.full(5, -4.0))),
        BacktestTask("forest", forest_leave_group_out, (points[rows], labels.log_sigma, groups)),
    ]
    work = {task.key: task for task in tasks}
    assert len(work) == len(tasks)

    def run(folder: Path, workers: Workers) -> None:
        found = results_by_key(backtests_of_batch, work, folder, workers)
        result = found[tasks[0].key]
        assert isinstance(result, dict)
        # the tree of the labelled rows alone predicts what the whole one does
        whole = leave_group_out(tree, labels, groups)
        np.testing.assert_array_equal(backtest_from(result).score, whole.score)

    assert len(everywhere(tmp_path, loky, dask, run)) == len(tasks)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a pair potential as an engine, for this process and all that it starts."""
    info = tmp_path / "site" / "pairs-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pairs\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[labkit.calculators]\npairs = pairs:make\n", "utf-8")
    (tmp_path / "site" / "pairs.py").write_text(
        "from ase.calculators.lj import LennardJones\n"
        "def make():\n"
        "    return LennardJones(sigma=2.2, epsilon=0.1, rc=5.0, smooth=True)\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return "pairs"


def _cif(folder: Path, symbol: str, edge: float) -> str:
    from ase.spacegroup import crystal

    file = folder / f"Li2{symbol}.cif"
    atoms = crystal(
        [symbol, "Li"], [(0, 0, 0), (0.25,) * 3], spacegroup=225, cellpar=[edge] * 3 + [90] * 3
    )
    atoms.write(file, format="cif")
    return str(file)


def test_bands_are_the_same_on_every_engine_and_are_computed_once(
    engine: str, dask: Workers, tmp_path: Path, offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bvlain")
    pytest.importorskip("ase")
    from joblib.externals.loky import get_reusable_executor

    import screening.neb
    from labkit.workflows.lab import create_lab
    from labkit.workflows.nudged_bands import BandRequest, bands_of_structures

    request = BandRequest(engine=engine, n_images=3, least_width_angstrom=5.5,
                          force_eV_per_angstrom=0.5)  # fmt: skip
    files = [_cif(tmp_path, "S", 5.71), _cif(tmp_path, "Se", 6.0), str(tmp_path / "none.cif")]

    def bands(where: str, machines: Machines) -> list[dict[str, Any]]:
        folder = tmp_path / where
        if not folder.exists():
            create_lab(folder).database.close()
        found = bands_of_structures(folder, files, request, machines=machines)
        for one in found:
            for band in [one, *one.get("hops", [])]:
                band.pop("seconds", None)
                band.pop("folder", None)
        return found

    serial = bands("serial", Machines(jobs=1))
    assert [one.get("formula") for one in serial] == ["Li2S", "Li2Se", None]
    assert "cannot be read" in serial[2]["error"]
    # workers that an earlier test has left behind do not know the engine
    get_reusable_executor().shutdown(wait=True)
    assert bands("loky", Machines(jobs=2)) == serial
    monkeypatch.setattr(Machines, "open", lambda *_, **__: _already(dask))
    assert bands("dask", Machines(dask="local:2")) == serial

    monkeypatch.setattr(screening.neb, "run_neb", None)
    assert bands("dask", Machines(dask="local:2")) == serial


class _already:
    """Machines that are open already and stay open."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    def __enter__(self) -> Workers:
        return self.workers

    def __exit__(self, *_: object) -> None:
        pass


def double(job: tuple[Path, list[int]]) -> list[bytes | Failure]:
    """Double numbers, note each, refuse 13 and stop at 99."""
    log, numbers = job
    out: list[bytes | Failure] = []
    for number in numbers:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{number}\n")
        if number == 99:
            raise KeyboardInterrupt
        out.append(("bad-luck", "13") if number == 13 else b'{"twice": %d}' % (2 * number))
    return out


def die_once(job: tuple[Path, list[int]]) -> list[bytes | Failure]:
    """End the worker process at the first 13, and double numbers after that."""
    log, numbers = job
    if 13 in numbers and not log.with_suffix(".died").exists():
        log.with_suffix(".died").touch()
        os._exit(1)
    return double((log, [number for number in numbers if number != 13])) + [b'{"twice": 26}'] * (
        13 in numbers
    )


def test_a_run_that_is_stopped_goes_on_after_its_last_whole_batch(tmp_path: Path) -> None:
    log, folder = tmp_path / "log", tmp_path / "kept"
    stopped = {str(number): number for number in (1, 2, 3, 4, 99, 5)}
    with pytest.raises(KeyboardInterrupt):
        results_by_key(double, stopped, folder, SERIAL, settings=(log,), batch=2)
    log.unlink()

    whole = {str(number): number for number in (1, 2, 3, 4, 98, 5)}
    found = results_by_key(double, whole, folder, SERIAL, settings=(log,), batch=2)

    assert found == {key: {"twice": 2 * number} for key, number in whole.items()}
    assert log.read_text("utf-8").split() == ["98", "5"]


def test_failures_and_what_is_not_worth_it_are_computed_again(tmp_path: Path) -> None:
    log, folder = tmp_path / "log", tmp_path / "kept"
    work = {str(number): number for number in (1, 13, 20)}
    for _ in range(2):
        found = results_by_key(
            double, work, folder, SERIAL, settings=(log,), worth_keeping=lambda r: r["twice"] < 30
        )
        assert found["13"] == ("bad-luck", "13")
    assert log.read_text("utf-8").split() == ["1", "13", "20", "13", "20"]


@pytest.mark.slow
@pytest.mark.parametrize("machines", [Machines(jobs=2), Machines(dask="local:2")])
def test_a_worker_that_dies_costs_its_batch_only(tmp_path: Path, machines: Machines) -> None:
    from labkit.settings import SlurmSettings

    if machines.dask:
        pytest.importorskip("distributed", reason="Dask is not installed")
    log, folder = tmp_path / "log", tmp_path / "kept"
    work = {str(number): number for number in range(40)}
    with machines.open(SlurmSettings()) as workers:
        found = results_by_key(die_once, work, folder, workers, settings=(log,), batch=2)
    assert found == {key: {"twice": 2 * number} for key, number in work.items()}
    done = log.read_text("utf-8").split()
    # loky ends the pool with the worker: what was under way in it is repeated, nothing else
    assert len(done) - len(set(done)) <= 2 * 3 * 2


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_only_be_read_keeps_nothing_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(refusal, "refused")

    monkeypatch.setattr(whole_files.tempfile, "mkstemp", refuse)
    keep_result(tmp_path / "barriers" / "key.json", b"{}")
    assert kept_result(tmp_path / "barriers" / "key.json") is None


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(whole_files.tempfile, "mkstemp", refuse)
    with pytest.raises(OSError, match="No space left"):
        keep_result(tmp_path / "key.json", b"{}")
