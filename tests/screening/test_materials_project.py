"""The Materials Project asked through a client that is not there."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from screening.errors import MissingLibraryError, SourceError
from screening.materials_project import read_materials_project


class Client:
    """Answers like ``mp_api.client.MPRester``."""

    def __init__(self, entries: list[Any]) -> None:
        self.asked: dict[str, Any] = {}
        self.closed = False
        self.materials = SimpleNamespace(summary=SimpleNamespace(search=self.search))
        self._entries = entries

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def search(self, **asked: Any) -> list[Any]:
        self.asked = asked
        return self._entries


@pytest.fixture
def entry() -> Any:
    from pymatgen.core import Lattice, Structure

    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(6.0), ["Li", "I"], [[0] * 3, [0.5] * 3])
    return SimpleNamespace(
        material_id="mp-22899",
        formula_pretty="LiI",
        nsites=8,
        structure=cell,
        symmetry=SimpleNamespace(number=225),
        band_gap=4.3,
        energy_above_hull=0.0,
        database_IDs={"icsd": ["icsd-27983", "icsd-414242"]},
    )


def test_an_entry_becomes_a_record_that_can_be_described(entry: Any) -> None:
    client = Client([entry])

    (record,) = read_materials_project(client=client)

    assert client.asked["elements"] == ["Li"]
    assert client.asked["num_elements"][0] == 2
    assert record.material_id == "mp-22899"
    assert (record.space_group_number, record.band_gap_eV, record.e_above_hull_eV) == (225, 4.3, 0)
    assert record.metadata["icsd_ids"] == "27983 414242"
    crystal = record.crystal()
    assert crystal.n_sites == record.n_sites == 8
    assert crystal.volume_angstrom3 == pytest.approx(216.0)


def test_what_an_entry_does_not_know_stays_open(entry: Any) -> None:
    entry.band_gap = entry.symmetry = entry.database_IDs = None
    (record,) = read_materials_project(client=Client([entry]), ids=["mp-22899"])
    assert record.band_gap_eV is None
    assert record.space_group_number is None
    assert record.metadata["icsd_ids"] == ""


def test_a_key_opens_the_client_and_it_is_closed(
    entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, Client]] = []

    def rester(key: str) -> Client:
        opened.append((key, Client([entry])))
        return opened[-1][1]

    _install(monkeypatch, rester)
    monkeypatch.setenv("MP_API_KEY", " secret ")
    assert len(list(read_materials_project())) == 1
    ((key, client),) = opened
    assert key == "secret"
    assert client.closed


def test_without_a_key_the_line_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MP_API_KEY", raising=False)
    with pytest.raises(SourceError, match="set MP_API_KEY"):
        next(read_materials_project())


def test_without_the_package_the_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mp_api.client", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "\.\[mp\]"'):
        next(read_materials_project(api_key="secret"))


def test_a_service_that_refuses_is_one_line_without_the_key(
    entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> Client:
        raise RuntimeError("REST query returned\nwith error status code 401")

    _install(monkeypatch, refuse)
    with pytest.raises(SourceError) as caught:
        next(read_materials_project(api_key="secret"))
    assert "did not answer: REST query returned with error status code 401" in str(caught.value)
    assert "secret" not in str(caught.value)


def _install(monkeypatch: pytest.MonkeyPatch, rester: Any) -> None:
    package, client = ModuleType("mp_api"), ModuleType("mp_api.client")
    client.MPRester = rester  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mp_api", package)
    monkeypatch.setitem(sys.modules, "mp_api.client", client)
