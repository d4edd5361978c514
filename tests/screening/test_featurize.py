"""The engine: caching, resuming, failures, equal results in serial and in parallel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import screening.featurize as engine
from screening.crystal import Crystal
from screening.descriptors import descriptor, descriptor_names
from screening.errors import ScreeningError
from screening.featurize import featurize, featurize_all, prepare_structures
from screening.prototypes import prototype_records
from screening.simplify import Simplifier
from screening.structures import StructureRecord

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def records() -> list[StructureRecord]:
    return prototype_records()


def test_values_are_those_of_the_descriptor(records, crystals, tmp_path: Path) -> None:
    soap = descriptor("soap")
    table = featurize(records, soap, "CAN", tmp_path)
    assert table.values.shape == (len(records), 260)
    assert table.values.dtype == np.float32
    row = table.row_of()["prototype-LiFePO4-olivine"]
    direct = soap.compute(Simplifier("CAN").simplify(crystals["LiFePO4"]), "CAN")
    np.testing.assert_array_equal(table.values[row], direct)


@dataclass(frozen=True)
class Untouchable:
    """A source whose crystal must not be asked for."""

    material_id: str
    content_hash: str

    def crystal(self):
        raise AssertionError("a cached structure was parsed again")


def test_a_cached_structure_is_not_touched(records, tmp_path: Path) -> None:
    first = featurize(records[:20], descriptor("soap"), "A", tmp_path)
    untouchable = [Untouchable(r.material_id, r.content_hash) for r in records[:20]]
    again = featurize(untouchable, descriptor("soap"), "A", tmp_path)
    np.testing.assert_array_equal(first.values, again.values)
    assert first.ids == again.ids


def test_settings_and_modes_do_not_mix(records, tmp_path: Path) -> None:
    keys = {
        featurize(records[:3], descriptor("soap", **settings), mode, tmp_path).key
        for settings, mode in (({}, "A"), ({}, "A40"), ({"l_max": 2}, "A"))
    }
    assert len(keys) == 3


def test_values_that_scaling_cannot_change_are_computed_once(records, tmp_path: Path) -> None:
    ordering = descriptor("chemical_ordering")
    plain = featurize(records[:5], ordering, "CAMN", tmp_path)
    untouchable = [Untouchable(r.material_id, r.content_hash) for r in records[:5]]
    scaled = featurize(untouchable, ordering, "CAMN40", tmp_path)
    assert scaled.mode == "CAMN40"
    assert scaled.key == plain.key
    np.testing.assert_array_equal(scaled.values, plain.values)


def test_failures_are_named_and_the_run_goes_on(records, tmp_path: Path) -> None:
    broken = replace(records[0], material_id="broken", cif="data_nothing")
    empty = replace(records[0], material_id="no-lithium", cif=records[0].cif.replace("Li", "Na"))
    table = featurize([broken, records[1], empty], descriptor("soap"), "CAN", tmp_path)
    assert table.ids == (records[1].material_id,)
    assert list(table.source_index) == [1]
    assert [(f.material_id, f.stage, f.code) for f in table.failures] == [
        ("broken", "prepare", "unreadable"),
        ("no-lithium", "prepare", "no-ion"),
    ]
    assert table.failure_counts() == {"prepare: no-ion": 1, "prepare: unreadable": 1}
    again = featurize([broken, records[1], empty], descriptor("soap"), "CAN", tmp_path)
    assert again.failures == table.failures


def test_repeated_structures_get_a_row_each(records, tmp_path: Path) -> None:
    twins = [records[0], replace(records[0], material_id="twin"), records[1]]
    table = featurize(twins, descriptor("soap"), "CAN", tmp_path)
    assert table.ids[1] == "twin"
    np.testing.assert_array_equal(table.values[0], table.values[1])


def test_progress_reaches_the_end(records, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 10)
    seen: list[tuple[int, int]] = []
    featurize(records, descriptor("soap"), "A", tmp_path, progress=lambda *step: seen.append(step))
    assert seen[-1] == (len(records), len(records))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_any_executor_gives_the_same(records, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(engine, "BATCH", 10)
    serial = featurize(records, descriptor("soap"), "AM", tmp_path / "serial")
    with ThreadPoolExecutor(2) as pool:
        pooled = featurize(records, descriptor("soap"), "AM", tmp_path / "pool", executor=pool)
    np.testing.assert_array_equal(serial.values, pooled.values)


def test_charge_methods_are_counted(records, tmp_path: Path) -> None:
    counted = prepare_structures(records, tmp_path).charge_methods()
    assert sum(counted.values()) == len(records)
    assert counted["table"] > 20
    assert counted["undecided"] >= 7


def test_a_mode_that_is_not_defined_is_refused(records, tmp_path: Path) -> None:
    with pytest.raises(ScreeningError, match="not defined in the mode 'structure'"):
        featurize(records, descriptor("soap"), "structure", tmp_path)


RUN = """
import sys
import screening.featurize as engine
from screening.crystal import Crystal
from screening.descriptors import descriptor, descriptor_names
from screening.prototypes import prototype_records
engine.BATCH = 4
engine.featurize(prototype_records(), descriptor("soap"), "CAN", sys.argv[1])
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    def start(folder: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", RUN, str(folder)], cwd=ROOT)

    assert start(tmp_path / "calm").wait() == 0
    for pause in (1.5, 2.0, 2.3, 2.6, 3.0):
        running = start(tmp_path / "killed")
        time.sleep(pause)
        os.kill(running.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        running.wait()
    assert start(tmp_path / "killed").wait() == 0

    def content(folder: Path) -> dict[str, bytes]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert content(tmp_path / "killed") == content(tmp_path / "calm")


@pytest.mark.slow
def test_worker_processes_give_the_same(records, tmp_path: Path) -> None:
    serial = featurize(records, descriptor("soap"), "CAMN", tmp_path / "serial")
    parallel = featurize(records, descriptor("soap"), "CAMN", tmp_path / "parallel", n_jobs=2)
    np.testing.assert_array_equal(serial.values, parallel.values)


def test_columns_of_bonds_come_from_all_structures(crystals, tmp_path) -> None:
    chosen = [replace(crystals[name], material_id=name) for name in ("LiCl", "LiFePO4", "Li3N")]
    first = featurize(chosen, descriptor("bond_fraction"), "structure", tmp_path)
    again = featurize(chosen, descriptor("bond_fraction"), "structure", tmp_path)

    assert first.columns == again.columns == tuple(sorted(first.columns))
    np.testing.assert_array_equal(first.values, again.values)
    np.testing.assert_allclose(first.values.sum(axis=1), 1.0, rtol=1e-6)
    alone = featurize(chosen[:1], descriptor("bond_fraction"), "structure", tmp_path)
    assert set(alone.columns) < set(first.columns)
    at = [first.columns.index(name) for name in alone.columns]
    np.testing.assert_array_equal(alone.values[0], first.values[0, at])


def _bad_structures() -> dict[str, StructureRecord | Crystal]:
    """One structure for each way to be bad, by the failure that must name it."""
    random = np.random.default_rng(0)
    cell, corner, middle = np.eye(3) * 4.0, [0.0, 0.0, 0.0], [0.5, 0.5, 0.5]

    def cube(symbols: tuple[str, ...], second: list[float], name: str) -> Crystal:
        return Crystal(cell, np.array([corner, second]), symbols, material_id=name)

    many = np.stack(np.meshgrid(*[np.arange(10) / 10] * 3), axis=-1).reshape(-1, 3)
    broken = replace(prototype_records()[0], material_id="broken", cif="data_x\nloop_\n_cell 1\n")
    return {
        "no-ion": cube(("Na", "Cl"), middle, "no lithium"),
        "overlapping-sites": cube(("Li", "Cl"), [0.01, 0.0, 0.0], "overlapping"),
        "unknown-element": cube(("Li", "Xx"), middle, "unknown"),
        "too-many-sites": Crystal(
            np.eye(3) * 30.0,
            many + 0.001 * random.random(many.shape),
            ("Li", "O") * 500,
            material_id="thousand",
        ),
        "unreadable": broken,
    }


# the tables of these come with an optional library
WITHOUT_TABLES = set() if find_spec("matminer") else {"cfid", "global_instability"}
AT_HAND = sorted(set(descriptor_names()) - WITHOUT_TABLES)


@pytest.mark.parametrize("name", AT_HAND)
def test_no_bad_structure_stops_any_descriptor(name: str, records, tmp_path: Path) -> None:
    bad = _bad_structures()
    without_anion = Crystal(
        np.eye(3) * 3.2, [[0, 0, 0], [0.5, 0.5, 0.5]], ("Li", "Ag"), material_id="no anion"
    )
    # no table knows bond valences of simplified crystals
    simplified = "CAN" in descriptor(name).modes and name != "global_instability"
    mode = "CAN" if simplified else "structure"
    table = featurize(
        [*bad.values(), without_anion, *records[:2]], descriptor(name), mode, tmp_path
    )

    codes = {failure.material_id: failure.code for failure in table.failures}
    for code, structure in bad.items():
        assert codes[structure.material_id] == code
    assert {record.material_id for record in records[:2]} <= set(table.ids)
    # without an anion a descriptor has a value (zero for SOAP) or a failure with a name
    assert codes.get("no anion", "") not in ("unexpected", "not-finite")
    assert ("no anion" in table.ids) != ("no anion" in codes)


REPRESENTATIONS = [
    ("density", "CAN"),
    ("bond_fraction", "structure"),
    ("chemical_ordering", "CAMN"),
    ("chemical_ordering", "CAMN40"),
    ("orbital_field_matrix", "CAMN"),
    ("orbital_field_matrix", "CAMN40"),
    ("ewald_energy", "AM40"),
]


def test_several_at_once_are_those_computed_alone(records, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(engine, "SMALLEST_BATCH", 5)
    lithium_iron = replace(records[0], material_id="no ion", cif="data_x\n_cell")
    chosen = [*records[:12], lithium_iron]
    wanted = [(descriptor(name), mode) for name, mode in REPRESENTATIONS]
    # one of them is half done
    featurize(chosen[:7], *wanted[0], tmp_path / "many")
    seen: list[tuple[int, int]] = []
    many = featurize_all(
        chosen, wanted, tmp_path / "many", progress=lambda *step: seen.append(step)
    )
    pooled = featurize_all(chosen, wanted, tmp_path / "pool", n_jobs=2)
    for (made, mode), found, parallel in zip(wanted, many, pooled, strict=True):
        alone = featurize(chosen, made, mode, tmp_path / "alone")
        for other in (found, parallel):
            assert (other.descriptor, other.mode, other.key) == (made.name, mode, alone.key)
            assert other.ids == alone.ids
            assert other.columns == alone.columns
            assert other.failures == alone.failures
            np.testing.assert_array_equal(other.values, alone.values)
    assert seen[-1] == (13, 13)
    for store in (tmp_path / "alone").glob("*/*.bin"):
        assert (tmp_path / "many" / store.parent.name / store.name).read_bytes() == (
            store.read_bytes()
        )


def test_every_descriptor_is_the_same_in_parallel(records, tmp_path: Path) -> None:
    wanted = []
    for name in AT_HAND:
        made = descriptor(name)
        wanted += [(made, mode) for mode in ("structure", "AM40") if mode in made.modes]
    chosen = records[::9]
    serial = featurize_all(chosen, wanted, tmp_path / "serial")
    parallel = featurize_all(chosen, wanted, tmp_path / "parallel", n_jobs=2)
    for one, other in zip(serial, parallel, strict=True):
        assert one.values.dtype == other.values.dtype == np.float32
        np.testing.assert_array_equal(one.values, other.values, err_msg=one.descriptor)
        assert one.failures == other.failures
        assert not {failure.code for failure in one.failures} & {"unexpected", "not-finite"}
    for file in (tmp_path / "serial").rglob("*.bin"):
        twin = tmp_path / "parallel" / file.relative_to(tmp_path / "serial")
        assert twin.read_bytes() == file.read_bytes()


def test_one_tessellation_serves_all_descriptors_and_sizes(
    records, tmp_path: Path, monkeypatch
) -> None:
    import screening.voronoi as voronoi

    plain, sizes = voronoi._tessellate, []

    def counted(lattice, fractional, radius):
        sizes.append(len(fractional))
        return plain(lattice, fractional, radius)

    monkeypatch.setattr(voronoi, "_tessellate", counted)
    voronoi._faces.cache_clear()
    wanted = ["bond_fraction", "chemical_ordering", "orbital_field_matrix"]
    pairs = [(descriptor(name), mode) for name in wanted for mode in ("CAMN", "CAMN40")]
    featurize_all(records[:1], pairs, tmp_path)
    once = len(sizes)
    voronoi._faces.cache_clear()
    featurize(records[:1], descriptor("bond_fraction"), "CAMN", tmp_path / "one")
    assert len(sizes) == 2 * once
