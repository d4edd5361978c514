"""Labs and simulated files that the workflow and command line tests share; no network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import db.sources
from db.errors import DataUnavailableError
from instruments.biologic_writing import write_mpr
from instruments.records import ImpedanceSpectrum
from labkit.eis.simulate import Arc, Pellet, simulate_pellet
from labkit.workflows.lab import Lab, create_lab, open_lab
from labkit.workflows.simulating import simulate_temperature_series


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take every public data set away: LABKIT_DATA names an empty folder, nothing is fetched.

    Settings of the person who runs the tests do not reach them either.
    """
    empty = tmp_path_factory.mktemp("no-data")
    for name in ("LABKIT_HOME", "LABKIT_DATABASE_URL", "LABKIT_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LABKIT_DATA", str(empty))
    monkeypatch.setattr(db.sources, "_cached", _never_fetch)
    return empty


def _never_fetch(known: object, missing: str, *, fetch: bool) -> Path:
    raise DataUnavailableError(f"{missing} and may not be fetched in a test")


@pytest.fixture
def new_lab(tmp_path: Path, offline: Path) -> Iterator[Lab]:
    """Return a new lab without any data."""
    lab = create_lab(tmp_path / "lab")
    yield lab
    lab.database.close()


@pytest.fixture(scope="session")
def simulated_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one pellet at seven temperatures as .mpr files, and the truth."""
    folder = tmp_path_factory.mktemp("series")
    simulate_temperature_series(folder, count=7, seed=11, sigma25_S_per_cm=1e-6, ea_eV=0.40)
    return folder


@pytest.fixture(scope="session")
def simulated_truth(simulated_series: Path) -> dict[str, Any]:
    """Return what went into the simulated series."""
    truth: dict[str, Any] = json.loads(
        (simulated_series / "simulated-impedance-truth.json").read_text("utf-8")
    )
    return truth


@pytest.fixture(scope="session")
def simulated_twin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the same simulated spectrum as .mpr and as .mpt."""
    folder = tmp_path_factory.mktemp("twin")
    for file_format in ("mpr", "mpt"):
        simulate_temperature_series(
            folder, count=1, seed=11, file_format=file_format, overwrite=True
        )
    return folder / "simulated_25C.mpr", folder / "simulated_25C.mpt"


@pytest.fixture(scope="session")
def pool_lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a lab with the 63 prototypes, the printed labels and the finished cluster tree."""
    from labkit.workflows.demonstration import add_demonstration_labels
    from labkit.workflows.describing import tree_of_pool
    from labkit.workflows.structure_pool import add_structures

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABKIT_DATABASE_URL", raising=False)
        lab = create_lab(tmp_path_factory.mktemp("pool") / "lab")
        add_structures(lab, ["prototypes"])
        add_demonstration_labels(lab, "reader")
        tree_of_pool(lab)
        lab.database.close()
    return lab.folder


def opened_copy(source: Path, folder: Path) -> Iterator[Lab]:
    """Copy a lab for one test, open it, and close it afterwards."""
    shutil.copytree(source, folder)
    lab = open_lab(folder)
    yield lab
    lab.database.close()


@pytest.fixture
def copy_of_pool_lab(pool_lab: Path, tmp_path: Path, offline: Path) -> Iterator[Lab]:
    """Return a copy of the lab with prototypes that a test may change."""
    yield from opened_copy(pool_lab, tmp_path / "pool-lab")


@pytest.fixture(scope="session")
def leaky_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated spectrum whose electrodes leak, so that a person must look at it."""
    leaky = Pellet(arcs=(Arc(2500.0, 1e-11, 0.95),), leakage_ohm=2e4)
    frequency_hz, z_ohm = simulate_pellet(leaky, noise=0.003, seed=2)
    path = tmp_path_factory.mktemp("leaky") / "leaky_25C.mpr"
    write_mpr(path, [ImpedanceSpectrum(frequency_hz=frequency_hz, z_ohm=z_ohm, technique="PEIS")])
    return path


@pytest.fixture(scope="session")
def batch_folder(tmp_path_factory: pytest.TempPathFactory, simulated_series: Path) -> Path:
    """Return the folder of a lab with a batch of two pellets, four patterns and Vegard's law."""
    from tests.labkit.silicon_series import fill_with_batch

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABKIT_DATABASE_URL", raising=False)
        folder = tmp_path_factory.mktemp("batch")
        lab = create_lab(folder / "lab")
        fill_with_batch(lab, folder, simulated_series)
        lab.database.close()
    return lab.folder


@pytest.fixture
def batch_lab(batch_folder: Path, tmp_path: Path, offline: Path) -> Iterator[Lab]:
    """Return a copy of that lab that a test may change."""
    yield from opened_copy(batch_folder, tmp_path / "batch-lab")
