"""Arcs across a temperature series: the same arc has the same capacitance at every temperature."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from labkit.eis.circuit import fit_circuit
from labkit.eis.joint_arcs import fit_jointly
from labkit.eis.spectrum import SpectrumError, SpectrumLike
from labkit.eis.tracked_arcs import SeriesFit, TrackedArc, follow_arcs, total_of

__all__ = ["SeriesFit", "TrackedArc", "fit_temperature_series"]


def fit_temperature_series(
    temperature_K: Sequence[float],
    spectra: Sequence[SpectrumLike],
    circuit: str = "auto",
    *,
    joint: bool = False,
    seed: int = 0,
) -> SeriesFit:
    """Fit one circuit to every spectrum of a series and track its arcs.

    With ``"auto"`` each spectrum votes for a circuit and the commonest one is fitted to all. Every
    spectrum is then fitted again from the values of its neighbours, so that one arc does not jump
    to another minimum.

    Parameters
    ----------
    temperature_K
        Shape (m,).
    spectra
        One per temperature.
    circuit
        A circuit string or ``"auto"``.
    joint
        One fit of all spectra in which every arc has one exponent and one capacitance; only the
        resistances and the electrode change with temperature. Fewer parameters, smaller errors of
        small arcs, if the assumption holds. Where it does not, the separate fits are kept and
        the reasons say so.

    Returns
    -------
    SeriesFit
        In the order given.

    Raises
    ------
    SpectrumError
        If numbers of temperatures and spectra differ, or a joint fit has no arcs to share.
    """
    if len(temperature_K) != len(spectra) or not spectra:
        raise SpectrumError(
            f"{len(temperature_K)} temperatures and {len(spectra)} spectra: one of each is needed"
        )
    fits = [fit_circuit(spectrum, circuit, seed=seed) for spectrum in spectra]
    name = circuit if circuit != "auto" else _commonest([fit.circuit for fit in fits])
    order = np.argsort(temperature_K)
    fits = [
        fit if fit.circuit == name else fit_circuit(spectrum, name, seed=seed)
        for fit, spectrum in zip(fits, spectra)
    ]
    for direction in (order, order[::-1]):
        for previous, current in pairwise(direction):
            again = fit_circuit(
                spectra[current], name, guess=fits[previous].values, starts=2, seed=seed
            )
            if again.rms < fits[current].rms * 0.999:
                fits[current] = again
    arcs, reasons, messages = follow_arcs(temperature_K, fits)
    separate = SeriesFit(
        circuit=name,
        temperature_K=tuple(float(t) for t in temperature_K),
        fits=tuple(fits),
        arcs=arcs,
        total=total_of(temperature_K, fits),
        joint=False,
        reasons=reasons,
        messages=messages,
    )
    return fit_jointly(separate, spectra) if joint else separate


def _commonest(names: list[str]) -> str:
    """Return the name with most votes; of equals the longer circuit."""
    return max(set(names), key=lambda name: (names.count(name), len(name)))
