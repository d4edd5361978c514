"""The report of a ranking: what it was made from, what moved and why, and what to measure next."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from db.tables import Label
from labkit.report import Figure, Mark, ReportSection, Table, render_report
from labkit.wording import moment, rounded, with_errors
from labkit.workflows.lab import Lab
from labkit.workflows.report_passages import label_section, version_line, written_line
from labkit.workflows.stored_rankings import stored_ranking

__all__ = ["ranking_report"]

_MOVES_SHOWN = 25
_DRAWN = 20
_ROLES = {2: "holds a high label", 1: "next to one that does", 0: "neither"}


def ranking_report(lab: Lab, ranking: str, *, top: int = 30) -> tuple[str, str]:
    """Return the report of a stored ranking as one HTML document, and the ranking's id.

    Parameters
    ----------
    lab : Lab
    ranking : str
        ``R2``, or ``last``.
    top : int
        Candidates shown.

    Raises
    ------
    UnknownRankingError, IdentifierError, UsageError
        When there is none of this number, or the lab holds no structures any more.
    """
    told = stored_ranking(lab, ranking, top=top)
    sections = [
        _overview(told),
        _moved(told),
        _candidates(told),
        _clusters(told),
        _next(told),
        _rule(told),
        label_section(
            lab,
            _own_labels(lab, told["label_ids"]),
            none="It rests on published labels alone; none was measured in this lab.",
        ),
        _origin(lab, told),
    ]
    html = render_report(
        f"Ranking {told['ranking']}", sections, subtitle=written_line(lab), footer=[version_line()]
    )
    return html, told["ranking"]


def _overview(told: dict[str, Any]) -> ReportSection:
    agreement = {
        True: "Computed again for this report, every structure comes out at the place stored.",
        False: "Computed again for this report, some structures come out at other places than "
        "stored: another version made it. The list below is the one of today's version.",
        None: "Structures have been added to this lab since, so that the list below was computed "
        "again, with the labels of then, on the structures of now.",
    }[told["reproduced"]]
    gone = told["labels_gone"]
    facts = [
        ("made", f"{moment(told['created_at'])} UTC"
         + (f" by {told['created_by']}" if told["created_by"] else "")
         + f" with labkit {told['labkit_version']}"),
        ("method", f"{told['method']}, {told['depth']} clusters of {told['descriptor']} "
         f"{told['mode']}"),
        ("structures", str(told["candidates"])),
        ("labels", f"{told['labels']} on {told['labelled_structures']} of these structures"
         + (f", and {gone} whose structure is not in this lab any more" if gone else "")),
        ("compared with", told["previous"] or "nothing: the first of its kind"),
    ]  # fmt: skip
    hashes = [("label set", told["label_set_hash"]), ("structures", told["pool"])]
    outside = sum(row["out_of_domain"] for row in told["placed"])
    placed = (
        [
            f"{len(told['placed'])} structures were placed into a tree built without them, "
            f"{outside} of them unlike anything in it"
        ]
        if told["placed"]
        else []
    )
    return ReportSection(
        "At a glance",
        (agreement,),
        (f"labkit why {told['ranking']}", "labkit rank --top 20"),
        [
            Table("How it was made", ("what", "value"), facts),
            Table("Equal hashes mean an equal set", ("of the", "hash"), hashes),
        ],
        points=placed,
    )


def _moved(told: dict[str, Any]) -> ReportSection:
    rows = [
        (
            move["structure"],
            f"{move['place_before']}\u00a0→\u00a0{move['place_after']}",
            move["because_of"],
            move["sentence"],
        )
        for move in told["moved"][:_MOVES_SHOWN]
    ]
    left = told["structures_moved"] - len(rows)
    caption = "Structures that moved noticeably" + (
        f", the first {len(rows)} of {told['structures_moved']}" if left > 0 else ""
    )
    since = "" if told["previous"] is None else f"Since {told['previous']}: "
    return ReportSection(
        "What moved, and why",
        (f"{since}{told['summary']}",),
        points=[change["sentence"] for change in told["label_changes"]],
        tables=[Table(caption, ("structure", "place", "label", "what happened and why"), rows)]
        if rows
        else [],
    )


def _score(told: dict[str, Any], row: dict[str, Any]) -> str:
    if told["method"] == "cluster-rule":
        return _ROLES[round(row["score"])]
    return with_errors(row["score"], row["score_se"])


def _candidates(told: dict[str, Any]) -> ReportSection:
    rows = [
        (
            str(row["rank"]),
            row["structure"],
            row["formula"],
            _score(told, row),
            rounded(row["e_above_hull_eV"], 2),
            rounded(row["band_gap_eV"], 2),
            str(row["cluster"]),
            row["evidence"],
        )
        for row in told["top"]
    ]
    columns = ("place", "structure", "formula", "log₁₀ σ expected (S/cm)", "hull (eV/atom)",
               "gap (eV)", "cluster", "evidence")  # fmt: skip
    figures = []
    if told["method"] == "tree-mean":
        figures.append(
            Figure.draw(
                f"Expected conductivity of the first {min(_DRAWN, len(rows))}, with one standard "
                "deviation; filled where the structure has a label of its own.",
                lambda axes: _draw_scores(axes, told["top"][:_DRAWN]),
                size_inch=(7.0, 5.6),
            )
        )
    return ReportSection(
        "Candidates",
        (
            "The expected conductivity comes from labels of like structures, weighed by how near "
            "they stand in the tree. One or two decades of deviation either way are usual.",
        )
        if told["method"] == "tree-mean"
        else (),
        tables=[Table(f"The best {len(rows)} of {told['candidates']}", columns, rows)],
        figures=figures,
    )


def _draw_scores(axes: Any, rows: list[dict[str, Any]]) -> None:
    from labkit.plots.style import BLUE, INK, plain, tidy

    for k, row in enumerate(rows):
        own = bool(row["own_labels"])
        axes.errorbar(
            [row["score"]], [k], xerr=[row["score_se"]], fmt="o", ms=6, color=BLUE, ecolor=BLUE,
            mfc=BLUE if own else "white", capsize=3, lw=1.1,
        )  # fmt: skip
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels(
        [plain(f"{row['rank']}  {row['formula']}") for row in rows], fontsize=8, color=INK
    )
    axes.invert_yaxis()
    axes.set_xlabel(r"log$_{10}$ of the expected conductivity in S/cm")
    tidy(axes)


def _clusters(told: dict[str, Any]) -> ReportSection:
    rows = [
        (
            str(one["cluster"]),
            str(one["structures"]),
            ", ".join(one["formulas"]),
            str(one["labels"]) if one["labels"] else Mark("none", "warn"),
            "–"
            if one["lowest_log_sigma"] is None
            else f"{rounded(one['lowest_log_sigma'], 3)} to {rounded(one['highest_log_sigma'], 3)}",
            str(one["best_place"]),
        )
        for one in told["clusters"]
    ]
    columns = (
        "cluster",
        "structures",
        "among them",
        "labels",
        "log₁₀ σ of the labels",
        "best place",
    )
    return ReportSection(
        "Clusters",
        (
            "The clusters that the candidates above come from. A cluster without a label is ranked "
            "by the branch above it; one whose labels span decades says little about its members.",
        ),
        ("labkit screen cluster --plot w_sigma.png",),
        [Table(f"{len(rows)} of {told['rule']['clusters']} clusters", columns, rows)],
    )


def _next(told: dict[str, Any]) -> ReportSection:
    proposals = told.get("proposals") or []
    if not proposals:
        return ReportSection(
            "What to measure next",
            ("This method gives no expected conductivities, so nothing is proposed from it.",)
            if told["method"] != "tree-mean"
            else ("Nothing is expected to beat the target.",),
        )
    rows = [
        (str(k), row["structure"], row["formula"], row["reason"])
        for k, row in enumerate(proposals, start=1)
    ]
    changed = told.get("proposals_changed") or {}
    return ReportSection(
        "What to measure next",
        (
            "Chosen by the expected gain over 10⁻⁴ S/cm, one per cluster; a label that its own "
            "cluster contradicts comes as a repeat. What is measured by now is left out.",
        ),
        ("labkit rank --propose 10",),
        [Table("Proposals", ("", "structure", "formula", "why"), rows)],
        points=[f"new: {line}" for line in changed.get("new", ())]
        + [f"gone: {line}" for line in changed.get("gone", ())],
    )


def _rule(told: dict[str, Any]) -> ReportSection:
    rule = told["rule"]
    share = rule["selected"] / max(rule["structures"], 1)
    points = [
        f"With these labels the rule selects {rule['selected']} of {rule['structures']} structures "
        f"({100 * share:.0f} %): {rule['holding']} clusters hold one of the "
        f"{rule['high_labels']} labels above 10⁻⁵ S/cm, the others are nearest to one.",
        f"{rule['one_label']} of the {rule['holding']} clusters rest on a single label: one wrong "
        "value selects, or drops, the whole cluster and its neighbour.",
        f"{rule['mixed']} of the {rule['holding']} hold a poor conductor or a bound as well; "
        "the rule does not look at it.",
        f"{rule['candidates_selected']} of the {rule['candidates']} candidates listed here are "
        "selected by the rule too.",
        f"{rule['bounds']} of the {told['labels']} labels are upper bounds or were measured hot; "
        "they never count as high.",
        "The rule gives a class, no order inside it and no error; here ties are broken by the "
        "distance to labelled structures.",
        "Compounds of one family share their cells and their conductivities, so that simple counts "
        "of atoms find families as well: compare with 'labkit screen compare' and 'labkit screen "
        "backtest' before trusting a representation.",
        "The rule goes on with an energy above the hull of at most 0.07 eV per atom, a gap of at "
        "least 1 eV and a barrier below 0.6 eV: 'labkit screen candidates' counts every step.",
    ]
    return ReportSection(
        "The published rule, and what to keep in mind",
        (
            "Laskowski et al., Energy Environ. Sci. 2023, 16, 1264, select the clusters that hold "
            "a label above 10⁻⁵ S/cm, and the cluster nearest to each.",
        ),
        ("labkit rank --method cluster-rule", "labkit screen candidates --top 30"),
        points=points,
    )


def _own_labels(lab: Lab, numbers: list[int]) -> list[int]:
    """Return which labels rest on measurements of this lab."""
    statement = select(Label.id).where(col(Label.analysis_id).is_not(None)).order_by(col(Label.id))
    with lab.database.reading() as session:
        return [number for number in session.exec(statement) if number in set(numbers)]


def _origin(lab: Lab, told: dict[str, Any]) -> ReportSection:
    """Count the labels by their source, and name who vouches for them."""
    statement = sa.select(
        col(Label.id),
        col(Label.source_kind),
        col(Label.citation),
        col(Label.doi),
        col(Label.reviewed_by),
    )
    wanted = set(told["label_ids"])
    counts: dict[tuple[str, str], int] = {}
    with lab.database.reading() as session:
        for number, kind, citation, doi, reviewer in session.connection().execute(statement):
            if number in wanted:
                source = "measured here" if kind == "measurement" else (citation or doi or kind)
                key = (source, reviewer or "nobody named")
                counts[key] = counts.get(key, 0) + 1
    rows = [
        (source, reviewer, str(count))
        for (source, reviewer), count in sorted(counts.items(), key=lambda one: -one[1])[:40]
    ]
    return ReportSection(
        "Where the labels come from",
        ("Every accepted label that the ranking was made from, by its source.",),
        ("labkit why L1", "labkit label list --state accepted", "labkit doctor"),
        [Table(f"{len(wanted)} labels", ("source", "accepted by", "labels"), rows)],
    )
