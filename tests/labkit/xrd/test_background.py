"""Background and noise of a pattern before any phase is known."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.records import DiffractionPattern
from labkit.xrd.background import chebyshev_design, estimate_background, sigma_of, usable_points
from labkit.xrd.errors import PatternError

ANGLE = np.arange(10.0, 70.0, 0.02)
SMOOTH = 200 + 800 * np.exp(-(ANGLE - 10) / 15)


def peaks() -> np.ndarray:
    places = np.linspace(14, 66, 18)
    return sum(3000 * np.exp(-(((ANGLE - place) / 0.08) ** 2)) for place in places)  # type: ignore[return-value]


def pattern(counts: np.ndarray, **more: object) -> DiffractionPattern:
    return DiffractionPattern(two_theta_deg=ANGLE, intensity_counts=counts, **more)  # type: ignore[arg-type]


def test_the_background_under_peaks_is_found() -> None:
    counts = np.random.default_rng(1).poisson(SMOOTH + peaks()).astype(float)
    found = estimate_background(ANGLE, counts)
    inner = (ANGLE > 12) & (ANGLE < 68)
    assert np.abs(found / SMOOTH - 1)[inner].max() < 0.12
    assert np.abs(found / SMOOTH - 1)[inner].mean() < 0.06


def test_counts_have_square_roots() -> None:
    counts = np.array([0.0, 1.0, 100.0] + [400.0] * (ANGLE.size - 3))
    assert sigma_of(pattern(counts))[:4] == pytest.approx([1.0, 1.0, 10.0, 20.0])


def test_the_errors_of_the_file_win_and_a_zero_among_them_is_no_certainty() -> None:
    given = np.full(ANGLE.size, 7.0)
    given[3] = 0.0
    given[4] = 2.0
    found = sigma_of(pattern(SMOOTH, sigma_counts=given))
    assert found[3] == 2.0
    assert found[0] == 7.0


@pytest.mark.parametrize("factor", [0.01, 1.0, 40.0])
def test_arbitrary_units_take_their_noise_from_the_scatter(factor: float) -> None:
    counts = np.random.default_rng(2).poisson(SMOOTH).astype(float)
    found = sigma_of(pattern(counts * factor, intensity_unit="a.u."))
    assert np.median(found / (np.sqrt(SMOOTH) * factor)) == pytest.approx(1.0, abs=0.1)


def test_counts_per_second_become_counts_with_the_time() -> None:
    rate = SMOOTH / 4
    found = sigma_of(pattern(rate, intensity_unit="counts/s", counting_time_s=4.0))
    assert found == pytest.approx(np.sqrt(SMOOTH) / 4, rel=1e-2)


def test_zeros_at_the_ends_are_padding() -> None:
    counts = SMOOTH.copy()
    counts[:100] = counts[-50:] = 0.0
    used = usable_points(pattern(counts), None)
    assert not used[:100].any()
    assert not used[-50:].any()
    assert used[100:-50].all()
    assert usable_points(pattern(counts), (20, 30)).sum() == pytest.approx(501, abs=1)


def test_zeros_inside_are_counts_where_few_are_counted_and_gaps_where_many_are() -> None:
    few = np.random.default_rng(3).poisson(np.full(SMOOTH.size, 2.0)).astype(float)
    few[0] = few[-1] = 1.0
    assert (few == 0).sum() > 100
    assert usable_points(pattern(few), None).all()
    many = SMOOTH.copy()
    many[500] = 0.0  # hundreds are counted beside it: the detector did not look
    assert np.flatnonzero(~usable_points(pattern(many), None)).tolist() == [500]


def test_nothing_to_refine_is_said_so() -> None:
    with pytest.raises(PatternError, match="every count is zero"):
        usable_points(pattern(np.zeros(ANGLE.size)), None)
    with pytest.raises(PatternError, match="at least 50"):
        usable_points(pattern(SMOOTH), (20.0, 20.5))


def test_chebyshev_terms_are_those_of_the_recurrence() -> None:
    design = chebyshev_design(ANGLE, 4)
    x = design[:, 1]
    assert (x[0], x[-1]) == (-1.0, pytest.approx(1.0))
    assert design[:, 2] == pytest.approx(2 * x**2 - 1)
    assert design[:, 3] == pytest.approx(4 * x**3 - 3 * x)


def test_zeros_amid_counts_are_gaps_of_the_detector() -> None:
    counts = np.random.default_rng(1).poisson(SMOOTH + 100).astype(float)
    counts[1000:1015] = 0.0
    counts[::7] = 0.0
    used = usable_points(pattern(counts), None)
    np.testing.assert_array_equal(used[1:-1], counts[1:-1] > 0)
    few = np.random.default_rng(1).poisson(np.full(ANGLE.size, 2.0)).astype(float)
    places = np.flatnonzero(few > 0)
    assert usable_points(pattern(few), None)[places[0] : places[-1]].all()
