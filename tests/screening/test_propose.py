"""What to measure next, and why, in words."""

from __future__ import annotations

import numpy as np
import pytest

from screening.errors import ScreeningError
from screening.propose import labelled_depth, propose
from screening.rank import Labels, rank_by_cluster_rule, rank_by_tree_mean
from screening.tree import WardTree


@pytest.fixture
def tree(rng) -> WardTree:
    """Eight groups of ten on a line; 0 and 1 are closest, 7 is far from everything."""
    centre = np.array([0.0, 4.0, 20.0, 26.0, 60.0, 66.0, 110.0, 400.0])
    points = (centre[:, None] + rng.normal(0, 0.1, size=(8, 10))).reshape(-1, 1)
    return WardTree().fit(points, max_k=8, ids=[f"s{i}" for i in range(80)])


def _group(row: int) -> int:
    return row // 10


LABELS = Labels.of(
    [1, 2, 11, 12, 22, 23, 62, 63],
    [-3.0, -3.2, -3.6, -3.5, -6.0, -6.2, -9.0, -9.3],
    [f"L{n}" for n in range(1, 9)],
)


def test_the_best_unmeasured_structures_of_different_clusters_come_first(tree) -> None:
    found = propose(tree, LABELS, rank_by_tree_mean(tree, LABELS), 4)

    assert _group(found[0].row) == 0
    assert 1 in {_group(proposal.row) for proposal in found}
    assert len({proposal.cluster for proposal in found}) == 4
    assert not {proposal.row for proposal in found} & set(LABELS.index.tolist())
    gains = [proposal.gain_decades for proposal in found]
    assert gains == sorted(gains, reverse=True)
    assert all(proposal.kind == "measure" for proposal in found)


def test_the_gain_is_the_mean_of_simulated_improvements(tree, rng) -> None:
    (first, *_) = propose(tree, LABELS, rank_by_tree_mean(tree, LABELS), 3, target_log_sigma=-3.0)

    drawn = rng.normal(first.expected_log_sigma, first.standard_deviation, 400_000) + 3.0
    capped = np.clip(drawn, 0.0, 1.5)

    assert first.gain_decades == pytest.approx(capped.mean(), rel=0.02)
    assert first.probability == pytest.approx((drawn > 0.0).mean(), abs=0.005)


def test_more_than_one_per_cluster_is_an_option(tree) -> None:
    found = propose(tree, LABELS, rank_by_tree_mean(tree, LABELS), 4, per_cluster=3)

    assert [_group(proposal.row) for proposal in found[:3]] == [0, 0, 0]
    assert _group(found[3].row) != 0


def test_a_measured_compound_is_left_out_whatever_its_structure(tree) -> None:
    formulas = [f"compound {row}" for row in range(80)]
    ranking = rank_by_tree_mean(tree, LABELS)
    best = propose(tree, LABELS, ranking, 1, formulas=formulas)[0].row
    formulas[best] = formulas[1]

    again = propose(tree, LABELS, ranking, 1, formulas=formulas)[0]

    assert again.row != best
    assert _group(again.row) == 0


def test_the_reason_names_the_labels_behind_it(tree) -> None:
    first = propose(tree, LABELS, rank_by_tree_mean(tree, LABELS), 1)[0]

    assert first.reason.startswith(f"s{first.row}: expected ")
    assert "L1 (1.0e-03 S/cm)" in first.reason
    assert "to beat 1.0e-04 S/cm" in first.reason


def test_what_is_unlike_anything_measured_is_flagged(tree) -> None:
    ranking = rank_by_tree_mean(tree, LABELS)

    far = [p for p in propose(tree, LABELS, ranking, 8) if _group(p.row) == 7]

    assert len(far) == 1
    assert far[0].out_of_domain
    assert "out of domain: nothing like it was ever measured" in far[0].reason
    near = [p for p in propose(tree, LABELS, ranking, 8) if _group(p.row) == 0]
    assert not near[0].out_of_domain


def test_depth_grows_towards_labels(tree) -> None:
    depth = labelled_depth(tree, Labels.of([1, 62], [-3.0, -9.0]))

    assert depth[5] == 8
    assert depth[75] == 1
    assert depth[15] < depth[5]
    # the labelled one itself looks for another label
    assert depth[1] < depth[5]


def test_a_surprising_label_is_repeated_before_it_is_followed(tree) -> None:
    before = propose(tree, LABELS, rank_by_tree_mean(tree, LABELS), 5)
    surprising = LABELS.joined(Labels.of([65], [-2.0], ["L9"]))

    after = propose(tree, surprising, rank_by_tree_mean(tree, surprising), 5)

    assert not any(proposal.kind == "repeat" for proposal in before)
    assert after[0].kind == "repeat"
    assert after[0].label == "L9"
    assert "check the source of L9 (1.0e-02 S/cm), or measure it again" in after[0].reason
    assert "it is 7.2 orders of magnitude above the mean 7.1e-10 S/cm" in after[0].reason
    assert "of the other labels of its cluster (L7 (1.0e-09 S/cm), L8" in after[0].reason
    assert sum(proposal.kind == "repeat" for proposal in after) == 1


def test_two_labels_of_one_structure_are_held_to_pellet_noise(tree) -> None:
    twice = LABELS.joined(Labels.of([1], [-4.8], ["L9"]))

    found = propose(tree, twice, rank_by_tree_mean(tree, twice), 3)

    assert found[0].kind == "repeat"
    assert found[0].row == 1
    assert "of the same structure" in found[0].reason


def test_an_own_measurement_is_repeated_before_older_contradictions(tree) -> None:
    twice = LABELS.joined(Labels.of([1, 65], [-4.8, -2.0], ["L9", "L10"]))
    ranking = rank_by_tree_mean(tree, twice)

    elsewhere = propose(tree, twice, ranking, 6)
    here = propose(tree, twice, ranking, 6, own={"L9"})

    assert elsewhere[0].label == "L10"
    assert [p.label for p in here if p.kind == "repeat"] == ["L9", "L10"]
    assert "repeat the measurement behind L9 (1.6e-05 S/cm): it is" in here[0].reason


def test_a_compound_measured_without_a_structure_is_left_out(tree) -> None:
    formulas = [f"compound {row}" for row in range(80)]
    ranking = rank_by_tree_mean(tree, LABELS)
    best = propose(tree, LABELS, ranking, 1, formulas=formulas)[0].row

    again = propose(
        tree, LABELS, ranking, 1, formulas=formulas, measured_formulas={formulas[best]}
    )[0]

    assert again.row != best


def test_a_bound_above_the_others_contradicts_nothing(tree) -> None:
    bound = LABELS.joined(Labels.of([65], [-2.0], ["L9"], [True]))

    found = propose(tree, bound, rank_by_tree_mean(tree, bound), 5)

    assert all(proposal.label != "L9" for proposal in found)


def test_proposals_need_the_tree_mean(tree) -> None:
    with pytest.raises(ScreeningError, match="tree-mean"):
        propose(tree, LABELS, rank_by_cluster_rule(tree, LABELS), 3)


def test_an_own_label_is_held_to_the_scatter_of_its_very_cluster(tree) -> None:
    """Other clusters scatter by decades; this one does not, and an own pellet is soon repeated."""
    rows = [row for group in (2, 3, 4, 5, 6) for row in range(10 * group, 10 * group + 6)]
    spread = [-3.0, -9.0, -4.0, -8.0, -5.0, -7.0] * 5
    close = [-3.0, -3.1, -3.2, -2.9, -3.1, -3.0, -2.8, -3.2, -3.0]
    labels = Labels.of(
        [*rows, *range(9), 9],
        [*spread, *close, -5.5],
        [f"L{n}" for n in range(1, len(rows) + 11)],
    )
    odd = labels.names[-1]
    ranking = rank_by_tree_mean(tree, labels, depth=8)

    elsewhere = propose(tree, labels, ranking, 6)
    here = propose(tree, labels, ranking, 6, own={odd})

    assert odd not in {proposal.label for proposal in elsewhere}
    assert here[0].label == odd
    assert "where labels in a cluster usually differ by 0.3" in here[0].reason


def test_a_label_that_was_checked_is_not_asked_about_again(tree) -> None:
    surprising = LABELS.joined(Labels.of([65], [-2.0], ["L9"]))
    ranking = rank_by_tree_mean(tree, surprising)

    found = propose(tree, surprising, ranking, 5, checked={"L9"})

    assert "L9" not in {proposal.label for proposal in found}


def test_what_nobody_would_make_is_not_proposed(tree) -> None:
    ranking = rank_by_tree_mean(tree, LABELS)
    best = propose(tree, LABELS, ranking, 1)[0].row
    unfit = np.zeros(80, dtype=bool)
    unfit[best] = True

    instead = propose(tree, LABELS, ranking, 1, unfit=unfit)[0].row

    assert instead != best
    assert _group(instead) == _group(best)


def test_labels_are_named_with_their_compounds(tree) -> None:
    ranking = rank_by_tree_mean(tree, LABELS)

    first = propose(tree, LABELS, ranking, 1, compounds={1: "Li3PS4"})[0]

    assert "its cluster holds L1 (Li3PS4, 1.0e-03 S/cm), L2 (6.3e-04 S/cm)" in first.reason
    assert "it stands for the 8 unmeasured structures of this cluster" in first.reason
