"""Simulated raw files with a known truth, written as an instrument would write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from instruments.records import ImpedanceSpectrum
from labkit.eis.simulate import simulate_temperature_series as simulate_spectra
from labkit.errors import UsageError
from labkit.geometry import PelletGeometry
from labkit.workflows.simulated_files import refuse_existing

__all__ = ["SIMULATED_PELLET", "simulate_temperature_series"]

SIMULATED_PELLET = PelletGeometry(
    thickness_m=0.80e-3, thickness_se_m=0.01e-3, diameter_m=6.35e-3, diameter_se_m=0.02e-3
)
"""Geometry that the simulated spectra assume."""


def simulate_temperature_series(
    folder: Path,
    *,
    count: int = 7,
    file_format: str = "mpr",
    seed: int = 1,
    ea_eV: float = 0.40,
    sigma25_S_per_cm: float = 1e-4,
    relative_noise: float = 0.003,
    first_celsius: float = 25.0,
    step_kelvin: float = 10.0,
    name: str = "simulated",
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a temperature series of one pellet as Biologic files.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    count : int
        Number of temperatures, from `first_celsius` in steps of `step_kelvin`.
    file_format : {"mpr", "mpt"}
    seed : int
        The same seed gives the same bytes.
    ea_eV, sigma25_S_per_cm : float
        Truth: Arrhenius of sigma T.
    relative_noise : float
        Standard deviation of each part of Z relative to its modulus.
    name : str
        Start of the file names; the temperature follows.
    overwrite : bool
        Replace files of these names.

    Returns
    -------
    dict
        ``files`` and the path of ``truth``, a JSON file with what went in.

    Raises
    ------
    UsageError
        When a value makes no pellet, or a file of one of these names exists.
    """
    if not (0 < sigma25_S_per_cm < 10 and 0 < ea_eV < 5 and 0 <= relative_noise < 0.5):
        raise UsageError(
            "sigma must lie between 0 and 10 S/cm, Ea between 0 and 5 eV, noise from 0 to 0.5"
        )
    from instruments.biologic_writing import write_mpr, write_mpt

    write = {"mpr": write_mpr, "mpt": write_mpt}[file_format]
    kelvins = first_celsius + step_kelvin * np.arange(count) + 273.15
    paths = [folder / f"{name}_{kelvin - 273.15:g}C.{file_format}" for kelvin in kelvins]
    truth_path = folder / f"{name}-impedance-truth.json"
    refuse_existing([*paths, truth_path], overwrite=overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    truth = []
    spectra = simulate_spectra(
        kelvins,
        ea_eV=ea_eV,
        sigma25_S_per_cm=sigma25_S_per_cm,
        cell_constant_per_cm=SIMULATED_PELLET.cell_constant_per_cm,
        noise=relative_noise,
        seed=seed,
    )
    for path, spectrum in zip(paths, spectra, strict=True):
        record = ImpedanceSpectrum(
            frequency_hz=spectrum.frequency_hz,
            z_ohm=spectrum.z_ohm,
            technique="PEIS",
            instrument="simulated",
        )
        write(path, [record])
        truth.append(
            {
                "file": path.name,
                "temperature_K": spectrum.temperature_K,
                "resistance_ohm": spectrum.resistance_ohm,
            }
        )
    truth_path.write_text(
        json.dumps(
            {
                "ea_eV": ea_eV,
                "convention": "ln(sigma T)",
                "sigma25_S_per_cm": sigma25_S_per_cm,
                "thickness_m": SIMULATED_PELLET.thickness_m,
                "diameter_m": SIMULATED_PELLET.diameter_m,
                "relative_noise": relative_noise,
                "seed": seed,
                "spectra": truth,
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    return {"files": [str(path) for path in paths], "truth": str(truth_path)}
