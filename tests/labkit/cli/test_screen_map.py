"""``labkit screen map`` on made-up perovskites, and what it refuses."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screening.cif_p1 import write_p1_cif

pytest.importorskip("bvlain")

LARGE = ("La", "Y", "Sc", "In", "Al", "Ga")
SMALL = ("Ti", "Zr", "Sn", "Hf")


def perovskite_cif(large: str, small: str, edge: float) -> str:
    """LiAB2O6: two cubic cells, the A sites shared in order by Li and a large cation."""
    sites: list[tuple[str, tuple[float, float, float]]] = [("Li", (0, 0, 0)), (large, (0, 0, 0.5))]
    for z in (0.25, 0.75):
        sites += [(small, (0.5, 0.5, z)), ("O", (0.5, 0, z)), ("O", (0, 0.5, z))]
    sites += [("O", (0.5, 0.5, 0)), ("O", (0.5, 0.5, 0.5))]
    return write_p1_cif(
        np.diag([edge, edge, 2 * edge]),
        np.array([at for _, at in sites]),
        tuple(symbol for symbol, _ in sites),
        f"Li{large}{small}2O6",
    )


@pytest.fixture(scope="module")
def cif_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("perovskites")
    for number, (large, small) in enumerate(product(LARGE, SMALL)):
        text = perovskite_cif(large, small, 3.8 + 0.02 * number)
        (folder / f"{large}{small}.cif").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def map_lab(lab: Any, cif_folder: Path) -> Any:
    """Return the command line of a lab with 24 perovskites."""
    assert lab("structures", "add", cif_folder).code == 0
    return lab


@pytest.mark.slow
def test_a_map_is_trained_drawn_kept_and_used(map_lab: Any, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    words = ("screen", "map", "--hull", -1, "--seeds", 1, "--max-epochs", 3, "--no-baselines",
             "--weight", 0.1, "--weight", 0)  # fmt: skip

    first = map_lab(*words, "--plots", tmp_path / "figures", "--json")
    again = map_lab(*words, "--json")
    placed = map_lab("screen", "map-place", "cif-LaTi", "--nearest", 3, "--json")
    point = map_lab("screen", "map-place", "--point", 0.0, 0.0, "--plot", tmp_path / "place.png")

    assert first.code == 0
    assert first.json["on_the_map"] == 24
    assert [row["weight"] for row in first.json["table"]] == [0.1, 0.0]
    assert [row["mae_target"] is None for row in first.json["table"]] == [False, True]
    assert all(row["mae_target_by_neighbours"]["mean"] > 0 for row in first.json["table"])
    assert first.json["families"] == {"perovskite": 8}
    assert len(first.json["figures"]) == 6
    assert all(Path(path).stat().st_size > 5000 for path in first.json["figures"])
    assert again.json["runs"] == first.json["runs"]
    (place,) = placed.json
    assert place["nearest"][0]["structure"] == "cif-LaTi"
    assert place["nearest"][0]["distance"] < 1e-9
    assert place["family"] == "perovskite"
    assert len(place["nearest"]) == 3
    assert point.code == 0
    assert "nearest" in point.out
    assert (tmp_path / "place.png").stat().st_size > 5000


def test_a_grid_is_searched(map_lab: Any) -> None:
    pytest.importorskip("torch")

    done = map_lab(
        "screen", "map-grid", "--hull", -1, "--max-epochs", 2, "--learning-rate", 0.001,
        "--learning-rate", 0.01, "--l2", 1e-6, "--json",
    )  # fmt: skip

    assert done.code == 0
    assert {row["learning_rate"] for row in done.json} == {0.001, 0.01}
    losses = [row["reconstruction_loss"] for row in done.json]
    assert losses == sorted(losses)


def test_a_stopped_search_goes_on_where_it_was(
    map_lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    from labkit.workflows import materials_map

    train, tried = materials_map.train_map, list[tuple[float, int]]()

    def interrupted_at_the_third(data: Any, settings: Any, **more: Any) -> Any:
        tried.append((settings.weight, settings.batch))
        if len(tried) == 3:
            raise KeyboardInterrupt
        return train(data, settings, **more)

    monkeypatch.setattr(materials_map, "train_map", interrupted_at_the_third)
    words = ("screen", "map-grid", "--hull", -1, "--max-epochs", 1, "--learning-rate", 0.001,
             "--l2", 1e-6, "--weight", 0, "--weight", 1, "--batch", 8, "--batch", 16,
             "--stop-on", "inner", "--json")  # fmt: skip

    stopped = map_lab(*words)
    again = map_lab(*words)

    assert stopped.code != 0
    assert again.code == 0
    # the two that were done are not trained again, the interrupted one is
    assert tried == [(0.0, 8), (0.0, 16), (1.0, 8), (1.0, 8), (1.0, 16)]
    assert {(row["weight"], row["batch"]) for row in again.json} == set(tried)
    assert all(np.isfinite(row["target_loss"]) for row in again.json)


def test_without_torch_one_line_says_what_to_install(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    done = lab("screen", "map")

    assert done.code == 1
    assert done.error_lines == [
        "labkit: training a map needs PyTorch, which is not installed; "
        "install it with 'python -m pip install \".[map]\"'"
    ]
    assert lab("structures", "add", "prototypes").code == 0


def test_an_empty_selection_is_one_line(lab: Any) -> None:
    pytest.importorskip("torch")
    assert lab("structures", "add", "prototypes").code == 0

    none = lab("screen", "map")
    few = lab("screen", "map", "--hull", -1)
    nothing = lab("screen", "map-place")
    no_map = lab("screen", "map-place", "prototype-LiCl-rocksalt")

    for done, words in (
        (none, "structures of this lab is a compound of lithium and oxygen"),
        (few, "materials are too few for a map"),
        (nothing, "nothing was selected: name structures, .cif files, or --point X Y"),
        (no_map, "this lab has no map of materials yet; make one with 'labkit screen map'"),
    ):
        assert done.code == 1
        assert len(done.error_lines) == 1
        assert words in done.error_lines[0]


def test_a_structure_without_oxygen_is_refused_in_one_line(map_lab: Any) -> None:
    pytest.importorskip("torch")
    assert map_lab("structures", "add", "prototypes").code == 0
    assert map_lab("screen", "map", "--hull", -1, "--seeds", 1, "--max-epochs", 1,
                   "--weight", 0.1, "--no-baselines").code == 0  # fmt: skip

    done = map_lab("screen", "map-place", "prototype-LiCl-rocksalt")

    assert done.code == 1
    assert done.error_lines == [
        "labkit: prototype-LiCl-rocksalt: holds no O; "
        "the map is for compounds of lithium and oxygen"
    ]
