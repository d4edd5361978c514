"""A trained map: encode, predict and decode by NumPy alone; saved with all that made it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from screening.map.scaling import KindScaler
from screening.map.selection import MapError

__all__ = ["MapSettings", "MaterialsMap"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FORMAT = 1
BRANCHES = ("composition", "structure")


@dataclass(frozen=True)
class MapSettings:
    """How a map is trained.

    Weight, batch, learning rate, L2, patience and split are those of Yamaguchi et al.; the widths
    of the layers, which the paper does not give, are ours.

    Attributes
    ----------
    weight : float
        W of ``loss = composition + structure + W * target``, all mean squared errors.
    hidden, head : tuple of int
        Widths of the hidden layers of the encoders (mirrored in the decoders) and of the head.
    batch : int
    learning_rate, l2 : float
    patience : int
        Epochs without a lower loss before training stops.
    max_epochs : int
    held_out : float
        Share of the materials kept apart.
    split : str
        ``random``, as published, or ``formula``: all materials of one formula on one side, so that
        polymorphs and differently ordered cells of one compound do not help each other.
    stop_on : str
        Loss that is watched: ``held-out``, as published, or ``inner``, a tenth of the training
        materials, so that the held-out ones are never looked at.
    seed : int
    """

    weight: float = 0.1
    hidden: tuple[int, ...] = (64, 64, 16)
    head: tuple[int, ...] = (16, 16)
    batch: int = 16
    learning_rate: float = 1e-3
    l2: float = 1e-6
    patience: int = 80
    max_epochs: int = 600
    held_out: float = 0.2
    split: str = "random"
    stop_on: str = "held-out"
    seed: int = 0


@dataclass(frozen=True, eq=False)
class MaterialsMap:
    """A trained map and the materials on it.

    Attributes
    ----------
    settings : MapSettings
    ids, formulas : tuple of str
    families : tuple of str or None
    scalers : tuple of KindScaler
        Of composition and structure.
    weights : mapping of str to ndarray
        Of all layers, by the names PyTorch gives them.
    coordinates : ndarray, shape (n, 2)
        x from composition, y from structure.
    targets : ndarray, shape (n, t)
        Not a number where unknown.
    target_names : tuple of str
    target_scales : tuple of float
        Largest size of each target in training; the loss sees targets divided by it, like
        everything else.
    train, held_out : ndarray of int
        Rows.
    history : mapping of str to list of float
        Losses by epoch.
    provenance : mapping
        Versions, hashes, times.
    """

    settings: MapSettings
    ids: tuple[str, ...]
    formulas: tuple[str, ...]
    families: tuple[str | None, ...]
    scalers: tuple[KindScaler, KindScaler]
    weights: Mapping[str, npt.NDArray[np.float32]]
    coordinates: FloatArray
    targets: FloatArray
    target_names: tuple[str, ...]
    target_scales: tuple[float, ...]
    train: IntArray
    held_out: IntArray
    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def encode(self, composition: npt.ArrayLike, structure: npt.ArrayLike) -> FloatArray:
        """Place descriptors, not yet scaled, in the plane.

        Parameters
        ----------
        composition : array_like, shape (m, 1782)
        structure : array_like, shape (m, 858)

        Returns
        -------
        ndarray, shape (m, 2)

        Raises
        ------
        MapError
            When descriptors have another length.
        """
        columns = []
        for branch, values in enumerate((composition, structure)):
            rows = np.atleast_2d(np.asarray(values, dtype=np.float64))
            if rows.shape[1] != self.scalers[branch].stops[-1]:
                raise MapError(
                    f"the map was trained on {self.scalers[branch].stops[-1]} numbers of "
                    f"{BRANCHES[branch]}, got {rows.shape[1]}"
                )
            scaled = self.scalers[branch].transform(rows)
            columns.append(self._layers(f"encoders.{branch}", scaled)[:, 0])
        return np.column_stack(columns)

    def decode(self, coordinates: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return the descriptors of points in the plane, in their own units.

        Parameters
        ----------
        coordinates : array_like, shape (m, 2)
        """
        points = np.atleast_2d(np.asarray(coordinates, dtype=np.float64))
        scaled = [self._layers(f"decoders.{b}", points[:, b : b + 1]) for b in range(2)]
        return self.scalers[0].invert(scaled[0]), self.scalers[1].invert(scaled[1])

    def predict(self, coordinates: npt.ArrayLike) -> FloatArray:
        """Return the predicted targets of points in the plane, shape (m, t)."""
        points = np.atleast_2d(np.asarray(coordinates, dtype=np.float64))
        return np.asarray(self._layers("head", points) * np.array(self.target_scales))

    def _layers(self, name: str, values: FloatArray) -> FloatArray:
        # PyTorch numbers linear layers 0, 2, 4, ..., activations between them
        numbers = sorted(
            int(key.split(".")[-2])
            for key in self.weights
            if key.startswith(f"{name}.") and key.endswith(".weight")
        )
        for number in numbers:
            weight = np.asarray(self.weights[f"{name}.{number}.weight"], dtype=np.float64)
            bias = np.asarray(self.weights[f"{name}.{number}.bias"], dtype=np.float64)
            values = values @ weight.T + bias
            if number != numbers[-1]:
                values = np.where(values > 0, values, np.expm1(np.minimum(values, 0.0)))
        return np.asarray(values)

    def nearest(self, coordinates: npt.ArrayLike, count: int = 10) -> tuple[IntArray, FloatArray]:
        """Return the materials nearest to one point, and their distances.

        Each axis is divided by its standard deviation over the materials first.
        """
        spread = np.maximum(self.coordinates.std(axis=0), 1e-12)
        offset = self.coordinates - np.asarray(coordinates, dtype=np.float64).reshape(1, 2)
        distance = np.linalg.norm(offset / spread, axis=1)
        order = np.argsort(distance, kind="stable")[:count]
        return order, distance[order]

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the map into a folder; ``map.json`` comes last and makes it whole."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        arrays = {
            **{f"weight {name}": value for name, value in self.weights.items()},
            "coordinates": self.coordinates,
            "targets": self.targets,
            "train": self.train,
            "held_out": self.held_out,
        }
        partial = target / f".map.npz.{os.getpid()}.part"
        with partial.open("wb") as handle:
            np.savez_compressed(handle, **arrays)  # type: ignore[arg-type]
        partial.replace(target / "map.npz")
        told = {
            "format": _FORMAT,
            "settings": asdict(self.settings),
            "ids": self.ids,
            "formulas": self.formulas,
            "families": self.families,
            "scalers": [asdict(scaler) for scaler in self.scalers],
            "target_names": self.target_names,
            "target_scales": self.target_scales,
            "history": dict(self.history),
            "provenance": dict(self.provenance),
        }
        partial = target / f".map.json.{os.getpid()}.part"
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(target / "map.json")
        return target

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> MaterialsMap:
        """Open a stored map.

        Raises
        ------
        MapError
            When the folder holds none of this format.
        """
        source = Path(folder)
        try:
            told = json.loads((source / "map.json").read_text(encoding="utf-8"))
            with np.load(source / "map.npz") as stored:
                arrays = {name: stored[name] for name in stored.files}
        except (OSError, ValueError, KeyError) as error:
            raise MapError(
                f"{source}: holds no map of materials ({error}); make one with 'labkit screen map'"
            ) from error
        if told.get("format") != _FORMAT:
            raise MapError(f"{source}: map of format {told.get('format')}, this reads {_FORMAT}")
        settings: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in told["settings"].items()
        }
        scalers = [
            KindScaler(*(tuple(one[key]) for key in ("names", "starts", "stops", "maxima")))
            for one in told["scalers"]
        ]
        return cls(
            settings=MapSettings(**settings),
            ids=tuple(told["ids"]),
            formulas=tuple(told["formulas"]),
            families=tuple(told["families"]),
            scalers=(scalers[0], scalers[1]),
            weights={k.removeprefix("weight "): v for k, v in arrays.items() if k[:7] == "weight "},
            coordinates=arrays["coordinates"],
            targets=arrays["targets"],
            target_names=tuple(told["target_names"]),
            target_scales=tuple(told["target_scales"]),
            train=arrays["train"],
            held_out=arrays["held_out"],
            history=told["history"],
            provenance=told["provenance"],
        )
