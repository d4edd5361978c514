"""``labkit screen compare``, ``null`` and ``backtest``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import db.labels
from db.matching import match_labels
from labkit.workflows.machines import Machines

CONTROLS = {
    f"control_{name}:structure"
    for name in ("sites", "framework_atoms", "volume", "lithium_fraction")
}


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screening.forest._TREES", 10)


@pytest.fixture
def labelled_lab(ranking_lab: Any, copy_of_pool_lab: Any) -> Any:
    """Return the command line of a lab of prototypes with ten labels more."""
    with copy_of_pool_lab.database.session() as session:
        rows = session.connection().execute(
            sa.text("select material_id, formula from structure order by material_id")
        )
        found = list(rows)[::6][:10]
        labels: list[Any] = [
            {
                "formula": formula,
                "material_id": material_id,
                "source_kind": "literature",
                "citation": f"a paper on {material_id}",
                "sigma_S_per_cm": 10.0 ** -(2 + number % 5),
                "temperature_K": 298.15,
            }
            for number, (material_id, formula) in enumerate(found)
        ]
        db.labels.propose_many(
            session, labels, by="x", reason="x", accepted_by="x", acceptance_reason="x"
        )
        match_labels(session)
    return ranking_lab


def test_comparison_shows_every_control_and_its_p(labelled_lab: Any, tmp_path: Path) -> None:
    done = labelled_lab(
        "screen", "compare", "soap:CAN", "density", "--permutations", 40, "--json",
        "--plot", tmp_path / "fig2.png", "--tree-plot", tmp_path / "fig3.png",
        "--curves-plot", tmp_path / "curves.png",
    )  # fmt: skip
    result = done.json

    assert {row["representation"] for row in result["table"]} == CONTROLS | {
        "soap:CAN",
        "density:CAN",
    }
    means = [row["mean_w"] for row in result["table"]]
    assert means == sorted(means)
    # one cluster holds all labels, whatever the representation
    firsts = {round(curve[0], 6) for curve in result["curves"]["w_sigma"].values()}
    assert len(firsts) == 1
    assert all(1 / 41 <= row["p_corrected"] <= 1 for row in result["table"])
    best_control = min(row["mean_w"] for row in result["table"] if row["control"])
    for row in result["table"]:
        expected = None if row["control"] else row["mean_w"] < best_control
        assert row["beats_controls"] is expected
    for name in ("fig2.png", "fig3.png", "curves.png"):
        assert (tmp_path / name).stat().st_size > 10_000


def test_comparison_is_a_table_with_a_sentence(labelled_lab: Any) -> None:
    done = labelled_lab("screen", "compare", "soap:CAN", "--permutations", 20)

    assert done.code == 0
    assert "control_sites:structure" in done.out
    assert "trivial controls" in done.out


def test_the_nulls_of_one_representation(labelled_lab: Any) -> None:
    result = labelled_lab("screen", "null", "soap:CAN", "--permutations", 50, "--json").json

    row = result["table"][0]
    assert row["k"] == 2
    # the unfrozen expectation is exact, so the permutations must come near it
    assert row["expected_not_frozen"] == pytest.approx(row["permuted_mean"], rel=0.25)
    assert 1 / 51 <= result["p_over_depths"] <= 1


def test_leaving_formulas_and_clusters_out(labelled_lab: Any) -> None:
    result = labelled_lab(
        "screen", "backtest", "soap:CAN", "--split", "formula", "--split", "cluster",
        "--resamples", 20, "--jobs", 1, "--json",
    ).json  # fmt: skip

    assert [split["split"] for split in result["splits"]] == ["formula", "cluster"]
    for split in result["splits"]:
        counted = Counter((row["kind"], row["method"]) for row in split["table"])
        assert counted == {
            ("representation", "tree-mean"): 1,
            ("representation", "cluster-rule"): 1,
            ("representation", "forest"): 1,
            ("control", "tree-mean"): 4,
            ("control", "cluster-rule"): 4,
            ("control", "forest"): 1,
            ("constant", "constant"): 1,
        }
        assert split["summary"].startswith(f"{split['split']}: better than all trivial controls")
        for row in split["table"]:
            for metric in ("hit_rate", "recall", "enrichment"):
                assert row[metric]["low"] <= row[metric]["value"] + 1e-9
            assert ("auc_gain" in row) is (row["kind"] == "representation")


def test_one_method_can_be_asked_for(labelled_lab: Any) -> None:
    words = ("screen", "backtest", "density:structure", "--split", "cluster", "--method", "forest")
    done = labelled_lab(*words, "--resamples", 20, "--jobs", 1)

    assert done.code == 0
    assert "all trivial controls" in done.out
    assert "tree mean" not in done.out


def test_without_obelix_the_split_says_what_is_missing(labelled_lab: Any) -> None:
    done = labelled_lab("screen", "backtest", "soap:CAN", "--split", "obelix")

    assert done.code == 1
    assert len(done.error_lines) == 1
    assert "obelix" in done.err


@pytest.fixture
def dated_lab(
    copy_of_pool_lab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Any, list[str]]:
    """Return a lab with four structures of a published test set, six others, and the four."""
    from labkit.workflows import splits

    with copy_of_pool_lab.database.session() as session:
        connection = session.connection()
        rows = connection.execute(
            sa.text("select material_id, formula from structure order by material_id")
        )
        found = list(rows)[::6][:10]
        for number, (name, _) in enumerate(found[:4]):
            connection.execute(
                sa.text("update structure set material_id = :new where material_id = :old"),
                {"new": f"obelix-t{number}", "old": name},
            )
        tested = [f"obelix-t{number}" for number in range(4)]
        names = [*tested, *(name for name, _ in found[4:])]
        labels: list[Any] = [
            {
                "formula": formula,
                "material_id": name,
                # the first of the others tells of the first tested compound
                "icsd_id": 77 if number in (0, 4) else 1000 + number,
                "source_kind": "literature",
                "citation": f"a paper on {name}",
                "doi": f"10.1016/j.ssi.{2010 + number}.01.001" if number != 9 else None,
                "sigma_S_per_cm": 10.0 ** -(2 + number % 5),
                "temperature_K": 298.15,
                "verbatim": {"Family": "garnet" if number % 2 else "Perovskites"},
            }
            for number, (name, (_, formula)) in enumerate(zip(names, found, strict=True))
        ]
        db.labels.propose_many(
            session, labels, by="x", reason="x", accepted_by="x", acceptance_reason="x"
        )
        match_labels(session)
    (tmp_path / "test_idx.csv").write_text("ID\nt0\nt1\nt2\nt3\n", encoding="utf-8")
    (tmp_path / "all.csv").write_text("ID,ICSD ID\nt0,77.0\nt1,\n", encoding="utf-8")
    monkeypatch.setattr(splits, "data_path", lambda name: tmp_path / Path(name).name)
    return copy_of_pool_lab, tested


def test_the_obelix_test_set_is_unseen_and_its_doubles_are_set_aside(
    dated_lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labkit.workflows import backtesting, representations

    lab, tested = dated_lab
    seen: list[set[str]] = []
    build = representations.tree_of_pool

    def watched(*arguments: Any, **options: Any) -> Any:
        pool = build(*arguments, **options)
        seen.append(set(pool.ids))
        return pool

    monkeypatch.setattr(representations, "tree_of_pool", watched)

    result = backtesting.backtest_representations(
        lab,
        ["density:structure"],
        splits=["obelix"],
        methods=["tree-mean"],
        repeats=20,
        machines=Machines(jobs=1),
    )

    split = result["splits"][0]
    assert len(seen) == 5
    assert not any(set(tested) & ids for ids in seen)
    assert split["tested"] == 4
    assert split["set_aside"] == 1
    # two labels that came with the lab, and six new ones less the double
    assert split["learned_from"] == 7


@pytest.mark.parametrize("split", ["obelix", "time"])
def test_nonsense_in_the_tested_labels_changes_no_prediction(dated_lab: Any, split: str) -> None:
    from labkit.workflows.backtesting import backtest_representations

    lab, _ = dated_lab

    def predictions() -> dict[str, Any]:
        found = backtest_representations(
            lab, ["density:structure"], splits=[split], year=2016, threshold_S_per_cm=1e-4,
            repeats=20, machines=Machines(jobs=1),
        )  # fmt: skip
        return dict(found["splits"][0]["predictions"])

    honest = predictions()
    with lab.database.session() as session:
        session.connection().execute(
            sa.text(
                "update label set sigma_S_per_cm = 1e9 / pow(1e20, id % 2) where material_id in "
                f"({', '.join(repr(name) for name in honest['structures'])})"
            )
        )
    nonsense = predictions()

    assert nonsense["structures"] == honest["structures"]
    assert nonsense["log_sigma"] != honest["log_sigma"]
    assert len(honest["scores"]) == 12
    assert nonsense["scores"] == honest["scores"]


def test_later_years_are_predicted_from_earlier_ones(dated_lab: Any) -> None:
    from labkit.workflows.backtesting import backtest_representations

    lab, _ = dated_lab
    result = backtest_representations(
        lab,
        ["density:structure"],
        splits=["time"],
        methods=["forest"],
        year=2016,
        repeats=20,
        machines=Machines(jobs=1),
    )

    split = result["splits"][0]
    # numbers 6, 7 and 8 are of 2016 and later; 9 has no year
    assert split["tested"] == 3
    assert "9 of 12 labels have a year" in split["words"]


def test_families_are_left_out_whole_and_nameless_labels_are_set_aside(dated_lab: Any) -> None:
    from labkit.workflows.backtesting import backtest_representations

    lab, _ = dated_lab
    result = backtest_representations(
        lab,
        ["density:structure"],
        splits=["family"],
        methods=["tree-mean"],
        repeats=20,
        machines=Machines(jobs=1),
    )

    split = result["splits"][0]
    assert split["groups"] == 2
    assert split["tested"] == 10
    assert split["words"] == "2 families; 2 labels without a family are set aside"


def test_a_mode_that_does_not_exist_is_one_line(labelled_lab: Any) -> None:
    done = labelled_lab("screen", "compare", "control_sites:CAN")

    assert done.code == 1
    assert "control_sites has no mode 'CAN'" in done.err
    assert len(done.error_lines) == 1


def test_the_best_is_mixed_with_another_at_every_weight(labelled_lab: Any) -> None:
    words = ("screen", "compare", "soap:CAN", "--no-controls", "--permutations", 20, "--json")
    mixture = labelled_lab(
        *words, "--mix", "density:structure", "--weight", 1e-6, "--weight", 0.5
    ).json["mixture"]

    alone, faint, strong = mixture["table"]
    assert [row["weight"] for row in mixture["table"]] == [None, 1e-6, 0.5]
    # a vanishing weight leaves the tree as it was
    assert faint["w"] == pytest.approx(alone["w"])
    assert mixture["best"] == min(mixture["table"], key=lambda row: row["mean_w"])["representation"]
    # a mixture is a representation like any other
    name = strong["representation"]
    assert name == "soap:CAN+0.5*density:structure"
    words = ("screen", "compare", name, "--no-controls", "--permutations", 20, "--json")
    same = labelled_lab(*words).json["table"][0]
    assert same["mean_w"] == pytest.approx(strong["mean_w"])


@pytest.mark.parametrize("name", ["soap:CAN+rdf:CAN", "soap:CAN+-1*rdf:CAN", "soap:CAN+nan*rdf"])
def test_a_mixture_without_a_weight_is_one_line(labelled_lab: Any, name: str) -> None:
    done = labelled_lab("screen", "compare", name)

    assert done.code == 1
    assert "write a mixture as" in done.err
    assert len(done.error_lines) == 1
