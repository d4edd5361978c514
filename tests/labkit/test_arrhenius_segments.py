"""One line or two; heating against cooling."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.arrhenius import KB_EV_PER_K, ArrheniusError
from labkit.arrhenius_segments import compare_heating_cooling, fit_segments

KELVIN = np.arange(260.0, 380.0, 10.0)


def line(ea: float, kelvin: np.ndarray = KELVIN, level: float = 1e-4) -> np.ndarray:
    return level * 320 / kelvin * np.exp(-ea / KB_EV_PER_K * (1 / kelvin - 1 / 320))


def noisy(sigma: np.ndarray, seed: int, noise: float = 0.03) -> np.ndarray:
    return sigma * np.exp(noise * np.random.default_rng(seed).standard_normal(sigma.size))


def test_one_line_stays_one() -> None:
    bends = sum(
        len(fit_segments(KELVIN, noisy(line(0.4), seed), 0.03 * line(0.4)).segments) == 2
        for seed in range(200)
    )
    assert bends <= 10


def test_a_bend_is_found_with_both_energies_and_its_place() -> None:
    bent = np.where(KELVIN < 320, line(0.6), line(0.3))
    found = 0
    for seed in range(50):
        fit = fit_segments(KELVIN, noisy(bent, seed), 0.03 * bent)
        if len(fit.segments) == 2:
            found += 1
            assert fit.segments[0].ea_eV == pytest.approx(0.6, abs=0.08)
            assert fit.segments[1].ea_eV == pytest.approx(0.3, abs=0.08)
            assert fit.break_K == pytest.approx(320, abs=21)
            assert fit.reasons == ("two-segments",)
    assert found >= 47


def test_fewer_than_four_points_each_are_one_line() -> None:
    bent = np.where(KELVIN < 320, line(0.6), line(0.3))
    assert len(fit_segments(KELVIN[3:10], bent[3:10]).segments) == 1


def test_heating_and_cooling_that_agree() -> None:
    kelvin = np.concatenate([KELVIN, KELVIN[-2::-1]])
    differ = sum(
        compare_heating_cooling(
            kelvin, noisy(line(0.4, kelvin), seed), 0.03 * line(0.4, kelvin)
        ).differs
        for seed in range(200)
    )
    assert differ <= 8


def test_a_pellet_that_changed_at_the_top_is_seen() -> None:
    kelvin = np.concatenate([KELVIN, KELVIN[-2::-1]])
    sigma = np.concatenate([line(0.4), 1.4 * line(0.4)[-2::-1]])
    result = compare_heating_cooling(kelvin, noisy(sigma, 1), 0.03 * sigma)
    assert result.differs
    assert np.exp(result.shift_ln) == pytest.approx(1.35, abs=0.12)
    assert "cooling differs" in result.message


def test_a_series_on_heating_alone_cannot_be_compared() -> None:
    with pytest.raises(ArrheniusError, match="three points each"):
        compare_heating_cooling(KELVIN, line(0.4))
    with pytest.raises(ArrheniusError, match="one of each"):
        fit_segments(KELVIN, [1.0])
