"""Training of the map as Yamaguchi et al., Sci. Rep. 2023, 13, 16799, describe it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from screening.errors import MissingLibraryError
from screening.map import composition_descriptors, structure_descriptors
from screening.map.model import MapSettings, MaterialsMap
from screening.map.scaling import KindScaler
from screening.map.selection import MapError

if TYPE_CHECKING:
    import torch

__all__ = ["MapData", "require_torch", "split_rows", "train_map"]

Progress = Callable[[int, int], None]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FEWEST = 20
_INNER_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class MapData:
    """The materials a map is trained on.

    Attributes
    ----------
    ids, formulas : tuple of str
    families : tuple of str or None
    composition : ndarray, shape (n, 1782)
        Not yet scaled.
    structure : ndarray, shape (n, 858)
    targets : ndarray, shape (n, t)
        Not a number where unknown.
    target_names : tuple of str
    """

    ids: tuple[str, ...]
    formulas: tuple[str, ...]
    families: tuple[str | None, ...]
    composition: FloatArray
    structure: FloatArray
    targets: FloatArray
    target_names: tuple[str, ...]


def require_torch() -> None:
    """Check that PyTorch is there.

    Raises
    ------
    MissingLibraryError
        One line that says what to install.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingLibraryError(
            "training a map needs PyTorch, which is not installed; "
            "install it with 'python -m pip install \".[map]\"'"
        ) from error


def split_rows(
    n: int, share: float, seed: int, blocks: Sequence[str] | None = None
) -> tuple[IntArray, IntArray]:
    """Return the rows to train on and those held out, drawn by the seed.

    Parameters
    ----------
    n : int
    share : float
        To hold out.
    seed : int
    blocks : sequence of str, optional
        Rows of one block stay together; then the share is only nearly met.
    """
    random = np.random.default_rng(seed)
    if blocks is not None:
        _, block = np.unique(np.array(blocks), return_inverse=True)
        place = random.permutation(int(block.max()) + 1)[block]
        count = np.bincount(place)
        last = int(np.searchsorted(np.cumsum(count), max(1, round(share * n))))
        return np.flatnonzero(place > last), np.flatnonzero(place <= last)
    order = random.permutation(n)
    kept_apart = max(1, round(share * n))
    return np.sort(order[kept_apart:]), np.sort(order[:kept_apart])


def train_map(
    data: MapData, settings: MapSettings, *, progress: Progress | None = None
) -> MaterialsMap:
    """Train a map; the same seed gives the same map on the same machine.

    Parameters
    ----------
    data : MapData
    settings : MapSettings
    progress : callable, optional
        Called with (epoch, most epochs).

    Raises
    ------
    MapError
        When there are too few materials, no target at all, or settings that cannot be.
    MissingLibraryError
        When PyTorch is not installed.
    """
    n = len(data.ids)
    if n < _FEWEST:
        raise MapError(f"{n} materials are too few for a map; select {_FEWEST} or more")
    if settings.weight > 0 and not np.isfinite(data.targets).any():
        raise MapError("no material has a target; use W = 0, or add barriers or labels")
    if settings.split not in ("random", "formula"):
        raise MapError(f"split {settings.split!r}: it is random or formula")
    if settings.stop_on not in ("held-out", "inner"):
        raise MapError(f"stop on {settings.stop_on!r}: it is held-out or inner")
    require_torch()
    blocks = data.formulas if settings.split == "formula" else None
    train, held_out = split_rows(n, settings.held_out, settings.seed, blocks)
    scalers = (
        KindScaler.fit(data.composition[train], composition_descriptors.KINDS),
        KindScaler.fit(data.structure[train], structure_descriptors.KINDS),
    )
    scaled = (scalers[0].transform(data.composition), scalers[1].transform(data.structure))
    scales = _target_scales(data.targets[train])
    begun, cpu = time.perf_counter(), time.process_time()
    fitted, watched = train, held_out
    if settings.stop_on == "inner":
        first, second = split_rows(train.size, _INNER_SHARE, settings.seed + 1)
        fitted, watched = train[first], train[second]
    weights, history = _fit(
        scaled, data.targets / np.array(scales), fitted, watched, settings, progress
    )
    made = MaterialsMap(
        settings=settings,
        ids=data.ids,
        formulas=data.formulas,
        families=data.families,
        scalers=scalers,
        weights=weights,
        coordinates=np.empty((0, 2)),
        targets=data.targets,
        target_names=data.target_names,
        target_scales=scales,
        train=train,
        held_out=held_out,
    )
    return replace(
        made,
        coordinates=made.encode(data.composition, data.structure),
        history=history,
        provenance={
            "seconds": time.perf_counter() - begun,
            "cpu_seconds": time.process_time() - cpu,
            "epochs": len(history["fit"]),
            "best_epoch": int(np.argmin(history["watched"])),
            "versions": _versions(),
        },
    )


def _target_scales(targets: FloatArray) -> tuple[float, ...]:
    sizes = np.where(np.isfinite(targets), np.abs(targets), 0.0).max(axis=0)
    return tuple(float(size) if size > 0 else 1.0 for size in sizes)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("torch", "numpy")}


def _fit(
    scaled: tuple[FloatArray, FloatArray],
    targets: FloatArray,
    fitted: IntArray,
    watched: IntArray,
    settings: MapSettings,
    progress: Progress | None,
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, list[float]]]:
    import torch

    from screening.map.network import MapNetwork

    torch.manual_seed(settings.seed)
    lengths = (scaled[0].shape[1], scaled[1].shape[1])
    network = MapNetwork(lengths, settings.hidden, settings.head, targets.shape[1])
    _start_head_at(network, targets[fitted])
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.l2, fused=True
    )
    inputs = [torch.tensor(part, dtype=torch.float32) for part in (*scaled, targets)]
    rows, watch = torch.tensor(fitted), torch.tensor(watched)
    shuffle = torch.Generator().manual_seed(settings.seed)
    history: dict[str, list[float]] = {
        name: [] for name in ("fit", "watched", "composition", "structure", "target")
    }
    best, best_epoch = np.inf, 0
    kept = _state(network)
    for epoch in range(settings.max_epochs):
        network.train()
        total = 0.0
        order = rows[torch.randperm(len(rows), generator=shuffle)]
        for start in range(0, len(order), settings.batch):
            batch = order[start : start + settings.batch]
            loss = _losses(network, [part[batch] for part in inputs], settings.weight)[0]
            optimiser.zero_grad()
            torch.autograd.backward([loss])
            optimiser.step()
            total += float(loss.detach()) * len(batch)
        network.eval()
        with torch.no_grad():
            seen = _losses(network, [part[watch] for part in inputs], settings.weight)
        history["fit"].append(total / len(order))
        for name, value in zip(
            ("watched", "composition", "structure", "target"), seen, strict=True
        ):
            history[name].append(float(value))
        if history["watched"][-1] < best:
            best, best_epoch = history["watched"][-1], epoch
            kept = _state(network)
        if progress is not None:
            progress(epoch + 1, settings.max_epochs)
        if epoch - best_epoch >= settings.patience:
            break
    return kept, history


def _start_head_at(network: Any, targets: FloatArray) -> None:
    """Start the head at the mean of the targets, so that the first steps are not spent on it."""
    import torch

    means = [
        float(column[np.isfinite(column)].mean()) if np.isfinite(column).any() else 0.0
        for column in targets.T
    ]
    with torch.no_grad():
        network.head[-1].bias.copy_(torch.tensor(means, dtype=torch.float32))


def _state(network: Any) -> dict[str, npt.NDArray[np.float32]]:
    return {
        name: value.detach().numpy().astype(np.float32).copy()
        for name, value in network.state_dict().items()
    }


def _losses(
    network: Any, batch: Sequence[torch.Tensor], weight: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Total, composition, structure and target loss of a batch; unknown targets do not count."""
    import torch

    composition, structure, target = batch
    decoded, rebuilt, predicted = network(composition, structure)
    first = ((decoded - composition) ** 2).mean()
    second = ((rebuilt - structure) ** 2).mean()
    known = torch.isfinite(target)
    error = torch.where(known, predicted - torch.nan_to_num(target), torch.zeros_like(predicted))
    third = (error**2).sum() / known.sum().clamp(min=1)
    return first + second + weight * third, first, second, third
