"""From a resistance and a geometry to a conductivity with its errors.

Errors raised here::

    LabkitError
    └── ConductivityError     a resistance from which no conductivity follows
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from labkit.errors import LabkitError
from labkit.geometry import Measured, PelletGeometry
from labkit.json_ready import json_ready


class ConductivityError(LabkitError):
    """A resistance from which no conductivity follows."""


@dataclass(frozen=True, slots=True)
class Conductivity:
    """A conductivity with random and systematic standard errors.

    Parameters
    ----------
    sigma_S_per_cm
        Conductivity in S/cm.
    random_S_per_cm
        Standard error from the noise of the spectrum.
    systematic_S_per_cm
        Standard error from the choice of window and from the geometry.
    temperature_K
        Temperature of the measurement, if known.
    geometry_S_per_cm
        The part of the systematic error that comes from thickness and area: it is common to all
        temperatures of one pellet and so moves sigma, not the activation energy.
    """

    sigma_S_per_cm: float
    random_S_per_cm: float
    systematic_S_per_cm: float
    temperature_K: float | None = None
    geometry_S_per_cm: float = 0.0

    @property
    def total_S_per_cm(self) -> float:
        """Both standard errors added in quadrature."""
        return math.hypot(self.random_S_per_cm, self.systematic_S_per_cm)

    @property
    def own_S_per_cm(self) -> float:
        """Standard error of this spectrum alone, without the geometry shared by the pellet.

        This is the error to weight an Arrhenius fit with.
        """
        window = max(self.systematic_S_per_cm**2 - self.geometry_S_per_cm**2, 0.0)
        return math.sqrt(self.random_S_per_cm**2 + window)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        result: dict[str, Any] = json_ready(self)
        return result


def conductivity(
    resistance: Measured, geometry: PelletGeometry, temperature_K: float | None = None
) -> Conductivity:
    """Compute sigma = thickness / (resistance * area).

    Parameters
    ----------
    resistance
        Resistance in ohm with random and systematic standard errors.
    geometry
        The pellet; its error is systematic.
    temperature_K
        Temperature, carried along.

    Returns
    -------
    Conductivity
        In S/cm, errors to first order.

    Raises
    ------
    ConductivityError
        If the resistance is not a finite number above zero.
    """
    ohm = resistance.value
    if not (math.isfinite(ohm) and ohm > 0):
        raise ConductivityError(
            f"no conductivity follows from a resistance of {ohm:g} ohm; check the window of the fit"
        )
    sigma = geometry.cell_constant_per_cm / ohm
    geometry_error = sigma * geometry.cell_constant_relative_se
    return Conductivity(
        sigma_S_per_cm=sigma,
        random_S_per_cm=sigma * resistance.random / ohm,
        systematic_S_per_cm=math.hypot(sigma * resistance.systematic / ohm, geometry_error),
        temperature_K=temperature_K,
        geometry_S_per_cm=geometry_error,
    )
