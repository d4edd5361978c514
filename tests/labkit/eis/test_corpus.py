"""The golden corpus: spectra with known truth hold every estimate of R to account."""

from __future__ import annotations

import numpy as np
import pytest

from labkit.eis.corpus import CLEAN, SPOILED, CorpusSpectrum, golden_corpus
from labkit.eis.tail import TailFit, fit_tail

Fitted = list[tuple[CorpusSpectrum, TailFit]]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return [(s, fit_tail((s.frequency_hz, s.z_ohm))) for s in golden_corpus(per_kind=60)]


def test_the_corpus_is_large_and_mixed(fitted: Fitted) -> None:
    assert len(fitted) >= 400
    resistance = np.log10([s.truth.resistance_ohm for s, _ in fitted])
    assert np.ptp(resistance) > 4.9
    assert {s.kind for s, _ in fitted} == {*CLEAN, *SPOILED}
    noise = np.array([s.noise for s, _ in fitted])
    assert noise.min() < 0.0012
    assert noise.max() > 0.025


def test_no_systematic_error_is_exactly_zero(fitted: Fitted) -> None:
    assert all(f.resistance_systematic_ohm > 0 for _, f in fitted if f.verdict != "rejected")


def test_r_total_is_unbiased_and_its_intervals_cover_the_truth(fitted: Fitted) -> None:
    check_errors(fitted)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 4242])
def test_other_corpora_agree(seed: int) -> None:
    others = [(s, fit_tail((s.frequency_hz, s.z_ohm))) for s in golden_corpus(60, seed)]
    check_errors(others)
    test_clean_spectra_are_accepted(others)
    for kind in SPOILED:
        test_spoiled_spectra_are_not_accepted(others, kind)


def check_errors(fitted: Fitted) -> None:
    """Compare bias and coverage with the truth."""
    pairs = [(s.truth.resistance_ohm, f) for s, f in fitted if f.verdict == "accepted"]
    clean = [
        (s.truth.resistance_ohm, f) for s, f in fitted if f.verdict == "accepted" and not s.spoiled
    ]
    error = np.array([f.resistance_ohm / truth - 1 for truth, f in clean])
    assert abs(np.median(error)) < 0.005
    score = np.array([(f.resistance_ohm - truth) / f.resistance.total for truth, f in pairs])
    assert 0.60 <= np.mean(np.abs(score) < 1.0) <= 0.76
    assert 0.90 <= np.mean(np.abs(score) < 1.96) <= 0.99


@pytest.mark.parametrize("kind", CLEAN)
def test_no_kind_of_clean_spectrum_is_biased(fitted: Fitted, kind: str) -> None:
    error = [f.resistance_ohm / s.truth.resistance_ohm - 1 for s, f in fitted if s.kind == kind]
    assert abs(float(np.median(error))) < 0.005


def test_clean_spectra_are_accepted(fitted: Fitted) -> None:
    accepted = [f.verdict == "accepted" for s, f in fitted if not s.spoiled]
    assert np.mean(accepted) >= 0.95


@pytest.mark.parametrize("kind", SPOILED)
def test_spoiled_spectra_are_not_accepted(fitted: Fitted, kind: str) -> None:
    refused = [f.verdict != "accepted" for s, f in fitted if s.kind == kind]
    assert np.mean(refused) >= 0.90
