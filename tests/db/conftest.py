"""A fresh lab for every test; a throw-away PostgreSQL server where one is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from db.measurements import NewAnalysis, NewMeasurement
from db.session import Database, open_lab_database


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    return tmp_path / "lab"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a lab just made: copying it is quicker than making another."""
    folder = tmp_path_factory.mktemp("template")
    open_lab_database(folder, create=True).close()
    return folder / "lab.db"


@pytest.fixture
def lab(lab_folder: Path, empty_database: Path) -> Iterator[Database]:
    lab_folder.mkdir()
    shutil.copyfile(empty_database, lab_folder / "lab.db")
    with open_lab_database(lab_folder) as database:
        yield database


@pytest.fixture
def impedance() -> Callable[..., NewMeasurement]:
    """Return a maker of measurements of noise, told apart by seed and sweep."""
    return _impedance


def _impedance(sweep: int = 1, *, seed: int = 0, n_points: int = 20) -> NewMeasurement:
    rng = np.random.default_rng(seed * 1000 + sweep)
    frequency_hz = np.geomspace(1e6, 1.0, n_points)
    z_ohm = rng.normal(100, 1, n_points) - 1j * rng.normal(50, 1, n_points)
    return NewMeasurement(
        kind="impedance",
        sweep=sweep,
        data_hash=f"{seed:032x}{sweep:032x}",
        arrays={"frequency_hz": frequency_hz, "z_ohm": z_ohm},
        technique="PEIS",
        temperature_K=298.15,
        analyses=[
            NewAnalysis(
                kind="eis-tail",
                result={"resistance_ohm": 1425.0, "sigma_S_per_cm": 1.1e-3},
                verdict="accepted",
                labkit_version="0.1.0",
            )
        ],
    )


def _server_folder() -> Path | None:
    """Return the folder with PostgreSQL's programs: on the path, or where Debian keeps them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server of our own and return its URL without a database name."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver psycopg is not installed")
    programs = _server_folder()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    user: str | None = None
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        import pwd

        # The server refuses to run as root.
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                user = pwd.getpwnam(name).pw_name
                break
        if user is None:
            pytest.skip("a PostgreSQL server does not run as root, and there is no other user")
    folder = Path(tempfile.mkdtemp(prefix="labkit-pg-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder, timeout=120)

    data = str(folder / "data")
    try:
        run(str(programs / "initdb"), "-D", data, "-U", "lab", "-A", "trust", "-N", "-E", "UTF8")
        # Nothing here has to outlive the machine: no flushing, no checkpoints while tests run.
        options = (
            f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c full_page_writes=off -c synchronous_commit=off -c checkpoint_timeout=1h"
        )
        log = str(folder / "log")
        run(str(programs / "pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start")
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"the PostgreSQL server did not start: {error}")
    try:
        yield f"postgresql+psycopg://lab@127.0.0.1:{port}"
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Make one empty lab on the server; the labs of single tests are copies of it."""
    with _administrator(postgresql_server) as connection:
        connection.exec_driver_sql("CREATE DATABASE empty_lab")
    open_lab_database(f"{postgresql_server}/empty_lab", create=True).close()
    return "empty_lab"


@contextlib.contextmanager
def _administrator(server: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """Return the URL of an empty lab of this test's own."""
    name = "lab_of_one_test"
    with _administrator(postgresql_server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {postgresql_template}")
    yield f"{postgresql_server}/{name}"
    with _administrator(postgresql_server) as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def any_lab(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Return a fresh lab on either database: what is tested with it holds on both."""
    if request.param == "sqlite":
        yield request.getfixturevalue("lab")
        return
    with open_lab_database(request.getfixturevalue("postgresql_url")) as database:
        yield database
