"""Kramers-Kronig: valid spectra pass at their noise, drifting ones do not."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet, two_arcs
from labkit.eis.spectrum import SpectrumError
from labkit.eis.validity import check_kramers_kronig

FREQUENCY = log_frequencies(1e6, 0.1)
BLOCKING = Pellet(arcs=two_arcs(300.0, 700.0), tail_q=1e-5, tail_n=0.9)
DRIFTING = Pellet(arcs=(Arc(1000.0, 1e-9),), tail_q=1e-5, tail_n=0.9, drift=0.4)


@pytest.mark.parametrize("noise", [0.001, 0.01])
@pytest.mark.parametrize("form", ["impedance", "admittance", "auto"])
def test_a_valid_spectrum_leaves_its_noise(noise: float, form: str) -> None:
    spectrum = simulate_pellet(BLOCKING, FREQUENCY, noise=noise, seed=1)
    result = check_kramers_kronig(spectrum, form=form)  # type: ignore[arg-type]
    assert result.rms < 1.3 * noise + 0.002
    assert not result.reasons
    assert result.residual_real.shape == result.frequency_hz.shape


def test_drift_is_seen_at_the_low_end() -> None:
    result = check_kramers_kronig(simulate_pellet(DRIFTING, FREQUENCY, noise=0.003, seed=1))
    assert result.systematic > 0.01
    assert [reason.code.startswith("kramers-kronig") for reason in result.reasons] == [True]
    assert result.reasons[0].weight in ("review", "rejected")


def test_an_inverted_imaginary_part_in_one_decade_is_seen() -> None:
    frequency, z = simulate_pellet(BLOCKING, FREQUENCY, noise=0.001, seed=1)
    z = z.copy()
    z[20:30] = z[20:30].real * 1.1 + 1j * z[20:30].imag
    result = check_kramers_kronig((frequency, z))
    assert result.reasons[0].weight == "rejected"
    assert not result.at_low_end_only


def test_the_same_chain_as_impedance_py() -> None:
    validation = pytest.importorskip("impedance.validation")
    frequency, z = simulate_pellet(
        Pellet(series_ohm=20.0, arcs=(Arc(100.0, 1e-6, 0.9),), tail_q=1e-2), FREQUENCY, noise=0.002
    )
    with np.printoptions(legacy="1.25"):  # it evaluates printed scalars, which numpy 2 writes anew
        count, mu, fitted, *_ = validation.linKK(
            frequency, z, c=0.85, max_M=50, fit_type="complex", add_cap=True
        )
    ours = check_kramers_kronig((frequency, z), form="impedance", elements=count)
    assert ours.mu == pytest.approx(mu, abs=0.02)
    assert np.max(np.abs(ours.model_ohm - fitted) / np.abs(z)) < 2e-3
    chosen = check_kramers_kronig((frequency, z), form="impedance", mu_limit=0.85)
    assert abs(chosen.elements - count) <= 3


def test_a_chain_that_is_too_short_is_not_taken_for_invalid_data() -> None:
    """The mu of a resistor with an arc dips before the chain can follow the arc."""
    pellet = Pellet(series_ohm=1e4, tail_q=2e-9, tail_n=0.9, leakage_ohm=3e4)
    result = check_kramers_kronig(
        simulate_pellet(pellet, log_frequencies(7e6, 1), noise=0.003, seed=1)
    )
    assert result.rms == pytest.approx(0.003, rel=0.3)
    assert not result.reasons


def test_the_order_of_points_does_not_matter() -> None:
    frequency, z = simulate_pellet(BLOCKING, FREQUENCY, noise=0.01, seed=2)
    one = check_kramers_kronig((frequency, z))
    two = check_kramers_kronig((frequency[::-1], z[::-1]))
    assert two.rms == pytest.approx(one.rms, rel=1e-6)


def test_too_few_points_are_refused() -> None:
    with pytest.raises(SpectrumError, match="at least 6"):
        check_kramers_kronig(([1e3, 1e2, 1e1, 1.0], [1 - 1j, 1 - 2j, 1 - 3j, 1 - 4j]))


def test_li6ps5cl_is_valid(data_dir: object) -> None:
    from pathlib import Path

    from instruments.reader import read

    path = Path(str(data_dir)) / "eis/biologic/hybrid-drt/PEIS_LPSCl_IonBlocking_-25C.txt"
    result = check_kramers_kronig(read(path).records[0])  # type: ignore[arg-type]
    assert result.rms < 0.005
    assert not result.reasons
