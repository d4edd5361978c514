"""R_total from the tail beside R_total from a circuit: two models of one spectrum.

The line through the tail knows a decade or two above the foot and nothing of the arcs; a circuit
describes all points by a few elements. Where they differ by more than their errors at least one
model does not hold, and neither error says so. Which one it is cannot be read off the difference:
a tail whose exponent drifts misleads the line, an arc that is no RC or CPE element the circuit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labkit.eis.verdict import Reason
from labkit.geometry import Measured

__all__ = ["CIRCUIT_DISAGREES", "LARGEST_DIFFERENCE", "Agreement", "compare_with_tail"]

CIRCUIT_DISAGREES = "circuit-disagrees"
"""Reason of a circuit whose R_total is not that of the tail."""
LARGEST_DIFFERENCE = 2.0
"""Combined standard errors that two estimates of one R may differ by."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a circuit makes of R_total beside the tail.

    `difference_relative` is R of the circuit over R of the tail, less one; `difference_sigma` the
    size of the difference in combined standard errors.
    """

    tail_ohm: float
    tail_error_ohm: float
    difference_relative: float
    difference_sigma: float

    @property
    def disagrees(self) -> bool:
        """Whether the two differ by more than their errors explain."""
        return self.difference_sigma > LARGEST_DIFFERENCE

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The finding, for a verdict; empty where both agree."""
        if not self.disagrees:
            return ()
        return (
            Reason(
                "review",
                CIRCUIT_DISAGREES,
                f"R of the circuit differs from that of the tail by "
                f"{self.difference_relative:+.1%}, {self.difference_sigma:.1f} times their "
                "combined error: one of the two models does not hold",
            ),
        )


def compare_with_tail(tail: Measured, circuit_ohm: float, circuit_se_ohm: float) -> Agreement:
    """Compare R_total of a circuit with that of the tail.

    Parameters
    ----------
    tail
        R_total of the tail with its random and systematic error.
    circuit_ohm, circuit_se_ohm
        R_total of the circuit and its standard error.

    Returns
    -------
    Agreement
        A difference of unknown size (an error or R that is no number) counts as none.
    """
    combined = math.hypot(tail.total, circuit_se_ohm)
    apart = circuit_ohm - tail.value
    known = math.isfinite(apart) and math.isfinite(combined) and combined > 0 and tail.value > 0
    return Agreement(
        tail_ohm=tail.value,
        tail_error_ohm=tail.total,
        difference_relative=apart / tail.value if known else 0.0,
        difference_sigma=abs(apart) / combined if known else 0.0,
    )
