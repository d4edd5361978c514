"""The application in process, on the labs of the workflow tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from labkit.web.app import create_app
from labkit.web.gate import GateRules
from labkit.workflows.importing import import_paths
from labkit.workflows.lab import Lab, create_lab, open_lab
from labkit.workflows.pellets import add_pellet
from labkit.workflows.simulating import simulate_temperature_series
from labkit.workflows.users import add_user
from tests.labkit.conftest import opened_copy

GEOMETRY = {"thickness": "0.80mm+-0.01mm", "diameter": "6.35mm+-0.02mm"}
ADDRESS = "http://127.0.0.1"


class Browser(TestClient):
    """A client that keeps cookies and sends the CSRF token of its session, as a page does."""

    csrf = ""

    def open(self) -> None:
        """Load the first page and take its session."""
        self.get("/")
        self.csrf = self.get("/api/session").json()["csrf"]

    def request(self, method: str, url: Any, **options: Any) -> Any:  # type: ignore[override]
        headers = {"X-Labkit-CSRF": self.csrf, **(options.pop("headers", None) or {})}
        return super().request(method, url, headers=headers, **options)


@pytest.fixture(scope="session")
def measured_folder(tmp_path_factory: pytest.TempPathFactory, simulated_series: Path) -> Path:
    """Return the folder of a lab with one pellet at seven temperatures: M1 to M7."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABKIT_DATABASE_URL", raising=False)
        lab = create_lab(tmp_path_factory.mktemp("measured") / "lab")
        add_pellet(lab, "LBS-1", formula="Li3BS3", batch="LBS", **GEOMETRY)
        import_paths(lab, [simulated_series], pellet="LBS-1")
        lab.database.close()
    return lab.folder


@pytest.fixture
def measured(measured_folder: Path, tmp_path: Path, offline: Path) -> Iterator[Lab]:
    """Return a copy of the measured lab that a test may change."""
    yield from opened_copy(measured_folder, tmp_path / "measured-lab")


@pytest.fixture(scope="session")
def looking(measured_folder: Path) -> Iterator[Browser]:
    """Return a browser for tests that change nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("LABKIT_DATABASE_URL", raising=False)
        lab = open_lab(measured_folder)
        with Browser(create_app(lab, local_person="A. See"), base_url=ADDRESS) as client:
            client.open()
            yield client
        lab.database.close()


@pytest.fixture
def browser(measured: Lab) -> Iterator[Browser]:
    """Return somebody at this machine, looking at the measured lab."""
    with Browser(create_app(measured, local_person="A. See"), base_url=ADDRESS) as client:
        client.open()
        yield client


@pytest.fixture
def candidates_browser(copy_of_pool_lab: Lab) -> Iterator[Browser]:
    """Return somebody at this machine, looking at a lab with structures and labels."""
    app = create_app(copy_of_pool_lab, local_person="A. See")
    with Browser(app, base_url=ADDRESS) as client:
        client.open()
        yield client


@pytest.fixture(scope="session")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a simulated .mpr that no lab of the tests holds yet."""
    folder = tmp_path_factory.mktemp("new-file")
    made = simulate_temperature_series(folder, count=1, seed=23)
    return Path(made["files"][0]).read_bytes()


SignIn = Callable[[str, str], Browser]


@pytest.fixture
def group(measured: Lab) -> Iterator[SignIn]:
    """Return a function that adds a person to a lab served to others and signs them in."""
    app = create_app(measured, rules=GateRules(hosts=frozenset({"bench.example"})))
    clients: list[Browser] = []

    def sign_in(name: str, role: str) -> Browser:
        client = Browser(app, base_url="http://bench.example")
        clients.append(client)
        if name:
            token = add_user(measured, name, role)["token"]  # type: ignore[arg-type]
            signed = client.post("/api/session", json={"token": token})
            assert signed.status_code == 200, signed.text
            client.csrf = signed.json()["csrf"]
        return client

    yield sign_in
    for client in clients:
        client.close()
