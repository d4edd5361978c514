"""Figures draw what they are given, and hide nothing."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from labkit.arrhenius import fit_arrhenius  # noqa: E402
from labkit.eis.simulate import Arc, Pellet, log_frequencies, simulate_pellet  # noqa: E402
from labkit.eis.tail import fit_tail  # noqa: E402
from labkit.plots.arrhenius import plot_arrhenius  # noqa: E402
from labkit.plots.bode import plot_bode  # noqa: E402
from labkit.plots.nyquist import plot_nyquist  # noqa: E402

INDUCTIVE = Pellet(series_ohm=20.0, tail_q=2e-5, tail_n=0.9, inductance_H=1e-6)


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def labels(axes: Axes) -> list[str]:
    return [str(text) for text in axes.get_legend_handles_labels()[1]]


def drawn_points(axes: Axes) -> int:
    return sum(
        len(np.atleast_1d(line.get_xdata()))
        for line in axes.lines
        if line.get_label() in ("measured", "left out (inductive)")
    )


def test_nyquist_shows_every_point_the_window_and_the_intercept(axes: Axes) -> None:
    frequency, z = simulate_pellet(INDUCTIVE, log_frequencies(7e6, 1), noise=0.002, seed=1)
    fit = fit_tail((frequency, z))
    assert plot_nyquist(axes, frequency, z, fit=fit) is axes
    assert drawn_points(axes) == frequency.size
    names = labels(axes)
    assert any("left out (inductive)" in name for name in names)
    assert any(name.startswith("window") for name in names)
    assert any(name.startswith("R = ") and "Ω" in name for name in names)
    left, right = axes.get_xlim()
    assert left < fit.resistance_ohm < right
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


@pytest.mark.parametrize("equal", [True, False])
def test_nyquist_axes_are_one_to_one_unless_told(axes: Axes, equal: bool) -> None:
    plot_nyquist(axes, *simulate_pellet(seed=1), equal_axes=equal)
    assert axes.get_aspect() == (1.0 if equal else "auto")


def test_nyquist_says_when_a_result_is_not_accepted_or_set_by_hand(axes: Axes) -> None:
    frequency, z = simulate_pellet(Pellet(series_ohm=10.0, tail_q=1e-4, leakage_ohm=200.0))
    fit = fit_tail((frequency, z), window_hz=(10, 1000))
    plot_nyquist(axes, frequency, z, fit=fit)
    assert any("set by hand" in name for name in labels(axes))
    assert fit.verdict != "accepted"
    assert any(f"({fit.verdict})" in name for name in labels(axes))


@pytest.mark.parametrize("view", ["foot", "all"])
def test_nyquist_draws_a_spectrum_without_a_tail_and_with_bad_points(axes: Axes, view: str) -> None:
    frequency, z = simulate_pellet(Pellet(series_ohm=10.0, tail_q=0.0), noise=0.01)
    z = z.copy()
    z[3] = np.nan
    plot_nyquist(axes, frequency, z, fit=fit_tail((frequency, z)), view=view)  # type: ignore[arg-type]
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


def test_bode_shows_modulus_and_phase_on_two_scales(axes: Axes) -> None:
    frequency, z = simulate_pellet(seed=1)
    assert plot_bode(axes, frequency, z, fit=fit_tail((frequency, z)), model=(frequency, z)) is axes
    assert axes.get_xscale() == "log"
    assert len(axes.figure.axes) == 2
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


def test_arrhenius_has_celsius_on_top_and_marks_extrapolation(axes: Axes) -> None:
    kelvin = np.arange(413.15, 475, 10)
    sigma = 1e3 / kelvin * np.exp(-0.86 / (8.617333e-5 * kelvin))
    fit = fit_arrhenius(kelvin, sigma, 0.02 * sigma)
    assert plot_arrhenius(axes, fit, label="pellet 1") is axes
    assert plot_arrhenius(axes, fit, label="pellet 2") is axes
    names = labels(axes)
    assert sum("extrapolated" in name for name in names) == 2
    assert len({line.get_color() for line in axes.lines if line.get_linestyle() == "--"}) == 2
    assert len(axes.child_axes) == 1
    assert axes.get_yscale() == "log"
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


def test_arrhenius_draws_sigma_or_sigma_t(axes: Axes) -> None:
    kelvin = np.array([300.0, 320.0, 340.0, 360.0])
    sigma = np.array([1e-4, 2e-4, 4e-4, 8e-4])
    plot_arrhenius(axes, fit_arrhenius(kelvin, sigma), quantity="sigma", predict_K=None)
    assert "sigma T" not in axes.get_ylabel()
    points = np.asarray(axes.containers[0][0].get_ydata())
    assert points == pytest.approx(sigma)


def test_residuals_of_a_kramers_kronig_test_and_of_a_circuit(axes: Axes) -> None:
    from labkit.eis.circuit import fit_circuit
    from labkit.eis.validity import check_kramers_kronig
    from labkit.plots.residuals import plot_residuals

    spectrum = simulate_pellet(seed=1)
    assert plot_residuals(axes, check_kramers_kronig(spectrum)) is axes
    other = Figure().subplots()
    fit = fit_circuit(spectrum, "p(R1,CPE1)-CPE2")
    plot_residuals(other, fit, spectrum)
    drawn = {str(line.get_label()): line for line in other.lines}
    residual = np.asarray(drawn["real"].get_ydata()) / 100
    assert np.sqrt(np.mean(residual**2)) == pytest.approx(fit.rms, rel=0.3)
    with pytest.raises(TypeError, match="needs the spectrum"):
        plot_residuals(other, fit)


def test_the_distribution_names_its_peaks(axes: Axes) -> None:
    from labkit.eis.drt import distribution_of_relaxation_times
    from labkit.plots.drt import plot_drt

    drt = distribution_of_relaxation_times(simulate_pellet(seed=1))
    assert plot_drt(axes, drt) is axes
    left, right = axes.get_xlim()
    assert left > right
    assert any("Ω" in text.get_text() for text in axes.texts)
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


def test_replicates_show_every_pellet_and_both_means(axes: Axes) -> None:
    from labkit.plots.replicates import plot_replicates
    from labkit.replicates import combine_sigma

    sigma, error = [1e-5, 2e-5, 1.5e-5], [1e-6, 1e-6, 2e-6]
    plot_replicates(axes, ["a", "b", "c"], sigma, error, combine_sigma(sigma, error))
    assert len(labels(axes)) == 3
    assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b", "c", "batch"]
    axes.figure.canvas.draw()  # type: ignore[attr-defined]


def _frame(axes: Axes) -> tuple[float, float]:
    """Width and height of the axes in points, as drawn."""
    axes.figure.canvas.draw()  # type: ignore[attr-defined]
    box = axes.get_window_extent()
    return box.width, box.height


def test_nyquist_is_no_strip_and_its_legend_stays_inside(axes: Axes) -> None:
    frequency, z = simulate_pellet(Pellet(series_ohm=20.0, tail_q=2e-5, tail_n=0.98), seed=1)
    plot_nyquist(axes, frequency, z, fit=fit_tail((frequency, z)), view="all")
    width, height = _frame(axes)
    assert width > 1.1 * height
    legend, frame = axes.get_legend().get_window_extent(), axes.get_window_extent()  # type: ignore[union-attr]
    assert frame.x0 <= legend.x0 and legend.x1 <= frame.x1


def test_nyquist_without_a_resistance_shows_the_window_and_where_the_rest_is(axes: Axes) -> None:
    cell = Pellet(arcs=(Arc(1400.0, 1.5e-10, 0.8),), tail_q=2e-7, tail_n=0.9)
    frequency, z = simulate_pellet(cell, log_frequencies(7e6, 0.1), noise=0.002, seed=1)
    fit = fit_tail((frequency, z), window_hz=(1e6, 7e6))
    assert fit.resistance_ohm <= 0
    plot_nyquist(axes, frequency, z, fit=fit)
    divisor = 1e3 if "k" in axes.get_xlabel() else 1.0
    left, right = axes.get_xlim()
    window = (frequency >= fit.window_hz[0]) & (frequency <= fit.window_hz[1])
    assert left * divisor < fit.resistance_ohm
    assert z.real[window].max() < right * divisor < 0.1 * z.real.max()
    assert any("goes on to 100 mHz" in text.get_text() for text in axes.texts)


def test_bode_names_everything_above_the_frame(axes: Axes) -> None:
    frequency, z = simulate_pellet(seed=1)
    fit = fit_tail((frequency, z))
    plot_bode(axes, frequency, z, fit=fit, model=(frequency, z))
    legend = axes.get_legend()
    assert legend is not None
    names = [text.get_text() for text in legend.get_texts()]
    assert names[:3] == ["|Z|", "−phase", "circuit"] and names[3].startswith("window ")
    assert names[4].startswith("R = ")
    _frame(axes)
    assert legend.get_window_extent().y0 >= axes.get_window_extent().y1 - 1


def test_the_distribution_is_a_smooth_curve_that_says_what_was_not_measured(axes: Axes) -> None:
    from labkit.eis.drt import distribution_of_relaxation_times
    from labkit.plots.drt import plot_drt

    frequency, z = simulate_pellet(seed=1)
    apex = frequency > 3e5  # the highest arc is cut at its left flank
    drt = distribution_of_relaxation_times((frequency[~apex], z[~apex]))
    plot_drt(axes, drt)
    curve = np.asarray(axes.lines[0].get_ydata())
    assert curve.size > 7 * drt.tau_s.size
    divisor = 1e3 if "k" in axes.get_ylabel() else 1.0
    assert curve.max() == pytest.approx(drt.gamma_ohm.max() / divisor)
    assert curve.min() >= 0
    assert any("of it not measured" in text.get_text() for text in axes.texts)
