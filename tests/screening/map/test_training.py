"""A map of simulated materials: learned, repeated by its seed, stored, and read by NumPy alone."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from screening.errors import MissingLibraryError
from screening.map.baselines import (
    baseline_plane,
    neighbour_prediction,
    principal_reconstruction,
    trustworthiness_of,
)
from screening.map.composition_descriptors import LENGTH as N_COMPOSITION
from screening.map.composition_descriptors import composition_descriptor
from screening.map.model import MapSettings, MaterialsMap
from screening.map.scores import reconstruction_r2, target_scores
from screening.map.selection import MapError
from screening.map.structure_descriptors import LENGTH as N_STRUCTURE
from screening.map.training import MapData, split_rows, train_map

FAST = MapSettings(hidden=(16,), head=(8,), max_epochs=40, learning_rate=3e-3, seed=1)


def simulated(n: int = 90) -> tuple[MapData, np.ndarray]:
    """Materials on two hidden numbers: lithium content, and the place of a radial peak."""
    random = np.random.default_rng(7)
    hidden = random.uniform(size=(n, 2))
    composition = np.array(
        [composition_descriptor({"Li": 0.5 + 4 * a, "Ti": 2 - a, "O": 6.0}) for a, _ in hidden]
    )
    at = np.arange(N_STRUCTURE)
    structure = np.exp(-0.5 * ((at[None, :] - 200 - 300 * hidden[:, 1:]) / 60.0) ** 2)
    barrier = 0.3 + hidden[:, 0] + hidden[:, 1]
    ids = tuple(f"m{i}" for i in range(n))
    return MapData(ids, tuple(f"f{i // 3}" for i in range(n)), ("garnet",) + (None,) * (n - 1),
                   composition, structure, barrier[:, None], ("barrier",)), hidden  # fmt: skip


def r2_of(target: np.ndarray, predicted: np.ndarray) -> float:
    scores = target_scores(target, predicted)
    assert scores is not None and scores.r2 is not None
    return scores.r2


@pytest.fixture(scope="module")
def trained() -> tuple[MapData, np.ndarray, MaterialsMap]:
    pytest.importorskip("torch")
    data, hidden = simulated()
    return data, hidden, train_map(data, FAST)


def test_hidden_numbers_come_out_on_the_axes(
    trained: tuple[MapData, np.ndarray, MaterialsMap],
) -> None:
    data, hidden, made = trained

    for axis in range(2):
        assert abs(np.corrcoef(made.coordinates[:, axis], hidden[:, axis])[0, 1]) > 0.95
    decoded = made.decode(made.coordinates[made.held_out])
    composition = made.scalers[0].transform(data.composition[made.held_out])
    rebuilt = reconstruction_r2(composition, made.scalers[0].transform(decoded[0]))
    assert rebuilt.about_mean > 0.95
    predicted = made.predict(made.coordinates)[made.held_out, 0]
    assert r2_of(data.targets[made.held_out, 0], predicted) > 0.8


def test_one_seed_gives_one_map(trained: tuple[MapData, np.ndarray, MaterialsMap]) -> None:
    data, _, made = trained

    again = train_map(data, FAST)
    other = train_map(data, replace(FAST, seed=2, max_epochs=2))

    assert np.array_equal(again.coordinates, made.coordinates)
    assert again.history == made.history
    assert not np.array_equal(other.held_out, made.held_out)


def test_numpy_computes_what_torch_does(
    trained: tuple[MapData, np.ndarray, MaterialsMap],
) -> None:
    import torch

    from screening.map.network import MapNetwork

    data, _, made = trained
    network = MapNetwork((N_COMPOSITION, N_STRUCTURE), FAST.hidden, FAST.head, 1)
    network.load_state_dict({k: torch.tensor(v) for k, v in made.weights.items()})
    inputs = [
        torch.tensor(scaler.transform(part), dtype=torch.float32)
        for scaler, part in zip(made.scalers, (data.composition, data.structure), strict=True)
    ]
    with torch.no_grad():
        decoded, rebuilt, predicted = network(*inputs)

    composition, structure = made.decode(made.coordinates)
    assert made.scalers[0].transform(composition) == pytest.approx(decoded.numpy(), abs=1e-4)
    assert made.scalers[1].transform(structure) == pytest.approx(rebuilt.numpy(), abs=1e-4)
    assert made.predict(made.coordinates) == pytest.approx(
        predicted.numpy() * made.target_scales[0], abs=1e-4
    )


def test_a_stored_map_is_the_same_map(
    trained: tuple[MapData, np.ndarray, MaterialsMap], tmp_path: Path
) -> None:
    data, _, made = trained

    stored = MaterialsMap.load(made.save(tmp_path / "map"))

    assert stored.settings == made.settings
    assert stored.families == made.families
    assert stored.provenance["versions"]["torch"]
    assert np.array_equal(
        stored.encode(data.composition, data.structure),
        made.encode(data.composition, data.structure),
    )
    rows, distances = stored.nearest(stored.coordinates[5], 3)
    assert (rows[0], distances[0]) == (5, 0.0)
    (tmp_path / "map" / "map.json").write_text("{", encoding="utf-8")
    with pytest.raises(MapError, match="holds no map of materials"):
        MaterialsMap.load(tmp_path / "map")


def test_unknown_targets_do_not_count_and_two_targets_are_learned() -> None:
    pytest.importorskip("torch")
    data, hidden = simulated()
    second = np.where(np.arange(90) % 2 == 0, -10.0 + 4.0 * hidden[:, 0], np.nan)
    both = replace(
        data,
        targets=np.column_stack([data.targets[:, 0], second]),
        target_names=("barrier", "sigma"),
    )

    made = train_map(both, replace(FAST, weight=1.0))

    predicted = made.predict(made.coordinates)
    assert np.isfinite(predicted).all()
    assert r2_of(second, predicted[:, 1]) > 0.8


def test_training_stops_without_improvement_and_may_leave_the_held_out_unseen() -> None:
    pytest.importorskip("torch")
    data, _ = simulated()

    made = train_map(data, replace(FAST, patience=1, max_epochs=200, stop_on="inner"))

    assert made.provenance["epochs"] == made.provenance["best_epoch"] + 2
    assert made.provenance["epochs"] < 200


def test_splits_keep_formulas_together() -> None:
    blocks = [f"f{i // 4}" for i in range(100)]

    train, held_out = split_rows(100, 0.2, 3, blocks)

    assert sorted([*train, *held_out]) == list(range(100))
    assert not {blocks[i] for i in train} & {blocks[i] for i in held_out}
    assert 12 <= held_out.size <= 28
    assert split_rows(100, 0.2, 3)[1].size == 20


def test_what_cannot_be_trained_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data, _ = simulated()
    few = MapData(data.ids[:5], data.formulas[:5], data.families[:5], data.composition[:5],
                  data.structure[:5], data.targets[:5], data.target_names)  # fmt: skip
    with pytest.raises(MapError, match="5 materials are too few"):
        train_map(few, FAST)
    with pytest.raises(MapError, match="no material has a target"):
        train_map(replace(data, targets=np.full((90, 1), np.nan)), FAST)
    with pytest.raises(MapError, match="stop on 'never'"):
        train_map(data, replace(FAST, stop_on="never"))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "\.\[map\]"'):
        train_map(data, FAST)


def test_planes_are_judged() -> None:
    data, hidden = simulated()
    train, held_out = split_rows(90, 0.2, 0)
    noise = np.random.default_rng(0).normal(size=(90, 2))

    plane = baseline_plane("PCA one each", data.composition, data.structure, train, 0)

    joint = np.hstack([hidden])
    assert trustworthiness_of(joint, hidden) > trustworthiness_of(joint, noise)
    target = data.targets[:, 0]
    assert r2_of(target[held_out], neighbour_prediction(hidden, target, train, held_out)) > 0.8
    assert r2_of(target[held_out], neighbour_prediction(noise, target, train, held_out)) < 0.4
    assert abs(np.corrcoef(plane[:, 0], hidden[:, 0])[0, 1]) > 0.95
    assert baseline_plane("PCA joint", data.composition, data.structure, train, 0).shape == (90, 2)


def test_one_component_holds_what_lies_on_a_line_and_two_hold_a_plane() -> None:
    random = np.random.default_rng(2)
    plane = random.normal(size=(60, 2)) @ random.normal(size=(2, 9)) + 3.0
    train = np.arange(40)

    one = reconstruction_r2(plane, principal_reconstruction(plane, train, 1))
    two = reconstruction_r2(plane, principal_reconstruction(plane, train, 2))

    assert one.about_columns < 0.99
    assert two.about_columns == pytest.approx(1.0)
