"""Predictions of left-out labels, each a task of its own for any worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from screening.backtest import Backtest
from screening.prepare import failure_of

__all__ = ["BacktestTask", "backtest_from", "backtests_of_batch"]

# raised whenever a prediction comes out otherwise
_VERSION = 1


@dataclass(frozen=True, eq=False)
class BacktestTask:
    """One method's prediction by one representation.

    Attributes
    ----------
    name : str
        For messages.
    predict : callable
        A function of this package that returns a `Backtest`.
    arguments : tuple
        Of that function; small, for they travel to the worker.
    options : dict
        Its keywords.
    """

    name: str
    predict: Callable[..., Backtest]
    arguments: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name everything that determines the prediction."""
        import joblib

        try:
            forest = version("scikit-learn")
        except PackageNotFoundError:
            forest = ""
        settings = (_VERSION, np.__version__, forest, self.predict.__name__)
        return str(joblib.hash((settings, self.arguments, self.options)))


def backtests_of_batch(job: tuple[list[BacktestTask]]) -> list[bytes | tuple[str, str]]:
    """Predict a batch of tasks.

    Returns
    -------
    list
        Per task the JSON of its prediction (see `backtest_from`), or code and message of a
        failure.
    """
    import orjson

    (tasks,) = job
    out: list[bytes | tuple[str, str]] = []
    for task in tasks:
        try:
            found = task.predict(*task.arguments, **task.options)
        except Exception as error:  # one method must not stop the others
            out.append(failure_of(error, task.name))
            continue
        told = {
            "score": found.score.tolist(),
            "constant": found.constant.tolist(),
            "truth": found.truth.tolist(),
            "method": found.method,
        }
        out.append(orjson.dumps(told))
    return out


def backtest_from(result: dict[str, Any]) -> Backtest:
    """Return the prediction that a worker has told."""
    score, constant, truth = (np.array(result[name]) for name in ("score", "constant", "truth"))
    return Backtest(score, constant, truth, str(result["method"]))
