"""The network of the map in PyTorch: two autoencoders to one number each, and a head.

Importing this module imports PyTorch.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["MapNetwork"]


def _stack(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(pairwise(widths)):
        layers.append(nn.Linear(before, after))
        if i < len(widths) - 2:
            layers.append(nn.ELU())
    return nn.Sequential(*layers)


class MapNetwork(nn.Module):
    """Composition and structure to one number each, back again, and from both to the targets.

    Parameters
    ----------
    lengths : tuple of int
        Lengths of the two descriptors.
    hidden : sequence of int
        Widths of the encoders' hidden layers; the decoders mirror them.
    head : sequence of int
        Widths of the head's hidden layers.
    n_targets : int
    """

    def __init__(
        self, lengths: tuple[int, int], hidden: Sequence[int], head: Sequence[int], n_targets: int
    ) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(_stack([n, *hidden, 1]) for n in lengths)
        self.decoders = nn.ModuleList(_stack([1, *reversed(hidden), n]) for n in lengths)
        self.head = _stack([2, *head, n_targets])

    def forward(self, composition: Tensor, structure: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both reconstructions and the predicted targets."""
        x = self.encoders[0](composition)
        y = self.encoders[1](structure)
        plane = torch.cat([x, y], dim=1)
        return self.decoders[0](x), self.decoders[1](y), self.head(plane)
