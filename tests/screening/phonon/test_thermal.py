"""Heat capacity against Debye's integral, free energy against Einstein's and phonopy's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screening.phonon.thermal import (
    BOLTZMANN_EV_PER_K,
    PLANCK_EV_PER_THZ,
    debye_density,
    debye_heat_capacity,
    free_energy_eV,
    heat_capacity,
)

T = np.array([20.0, 50.0, 100.0, 300.0, 1000.0])


def test_a_debye_spectrum_has_debyes_heat_capacity() -> None:
    frequency = (np.arange(4000) + 0.5) * 12.0 / 4000

    ours = heat_capacity(frequency, debye_density(frequency, 12.0), T)

    assert ours == pytest.approx(debye_heat_capacity(12.0, T), rel=1e-4)


def test_debyes_heat_capacity_has_its_limits() -> None:
    theta = PLANCK_EV_PER_THZ * 10.0 / BOLTZMANN_EV_PER_K

    assert debye_heat_capacity(10.0, [5000.0])[0] == pytest.approx(3.0, rel=1e-3)
    low = 12 * np.pi**4 / 5 * (5.0 / theta) ** 3
    assert debye_heat_capacity(10.0, [5.0])[0] == pytest.approx(low, rel=1e-3)


def test_one_sharp_mode_has_einsteins_free_energy() -> None:
    frequency = np.arange(1, 401) * 0.05
    density = np.zeros(400)
    density[199] = 1.0 / 0.05
    x = PLANCK_EV_PER_THZ * 10.0 / (BOLTZMANN_EV_PER_K * T)
    einstein = 3 * BOLTZMANN_EV_PER_K * T * (x / 2 + np.log(1 - np.exp(-x)))

    assert free_energy_eV(frequency, density, T) == pytest.approx(einstein)


def test_heat_capacity_is_minus_t_times_the_curvature_of_the_free_energy() -> None:
    frequency = np.arange(1, 401) * 0.05
    density = np.exp(-0.5 * ((frequency - 9.0) / 2.0) ** 2)
    t = np.linspace(199.0, 201.0, 3)
    f = free_energy_eV(frequency, density, t)

    curvature = (f[0] - 2 * f[1] + f[2]) / 1.0

    ours = heat_capacity(frequency, density, [200.0])[0] * BOLTZMANN_EV_PER_K
    assert ours == pytest.approx(-200.0 * curvature, rel=1e-4)


def test_free_energy_agrees_with_phonopys_own(data_dir: Path) -> None:
    pytest.importorskip("phonopy")
    from screening.phonon.force_sets import DosSettings, dos_from_run, load_run

    run = data_dir / "phonon/phonondb_raw/materials-id-9059-kli6tao6-r-3m-166.tar.lzma"
    if not run.is_file():
        pytest.skip("the raw phonopy runs are not at hand")
    phonon, _ = load_run(run)
    phonon.run_mesh(20.0)
    phonon.run_thermal_properties(temperatures=[100.0, 300.0, 800.0], cutoff_frequency=0.01)
    theirs = phonon.thermal_properties
    atoms = len(phonon.primitive)
    fine = DosSettings(
        first_THz=0.01, step_THz=0.02, bins=1500, smearing_THz=0.03, mesh_length_angstrom=20.0
    )
    dos = dos_from_run(run, fine)
    density = dos.total / (dos.total.sum() * 0.02)

    ours = free_energy_eV(dos.frequency_THz, density, [100.0, 300.0, 800.0]) * atoms
    heat = heat_capacity(dos.frequency_THz, density, [100.0, 300.0, 800.0]) * atoms

    kj_per_mol = 96.48533212
    # within 1 meV per atom: smearing moves the softest modes a little
    assert ours * kj_per_mol == pytest.approx(theirs.free_energy, abs=1e-3 * kj_per_mol * atoms)
    assert heat * 8.314462618 == pytest.approx(theirs.heat_capacity, rel=5e-3)
