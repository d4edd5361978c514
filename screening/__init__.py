"""Structures, simplifications, descriptors, clusters, scores and ranked candidates.

Pure functions and estimators over arrays; labels come in as arguments. Importing the package
loads nothing heavy: the names below are looked up in their modules when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Crystal": "structures",
    "FeatureTable": "featurize",
    "Labels": "rank",
    "Ranking": "rank",
    "ScreeningError": "errors",
    "Simplifier": "simplify",
    "WardTree": "tree",
    "compare_rankings": "rank_changes",
    "decorate": "charges",
    "featurize": "featurize",
    "rank_by_cluster_rule": "rank",
    "rank_by_tree_mean": "rank",
    "read_cif": "structures",
    "w_sigma_curve": "variance",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Look a public name up in the module that defines it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
