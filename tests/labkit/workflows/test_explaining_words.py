"""Every step behind a number is told in words and units, whatever kind of result it is."""

from __future__ import annotations

from sqlmodel import col, select

from db.tables import Analysis
from labkit.wording import with_esd
from labkit.workflows.explaining import explain
from labkit.workflows.explaining_words import step_in_words
from labkit.workflows.lab import Lab
from labkit.workflows.refinement import LATTICE


def test_a_refined_lattice_is_told_with_its_esd(batch_lab: Lab) -> None:
    with batch_lab.database.reading() as session:
        analysis = session.exec(
            select(Analysis).where(Analysis.kind == LATTICE).order_by(col(Analysis.id))
        ).first()
    assert analysis is not None
    phase = analysis.result["phases"][0]

    words = step_in_words(explain(batch_lab, f"A{analysis.id}"))

    assert words.startswith("lattice-refinement: ")
    assert f"a {with_esd(phase['cell'][0], phase['cell_esd'][0])}" in words
    assert "Rwp" in words and analysis.verdict in words


def test_a_published_value_leads_to_the_table_and_its_citation(copy_of_pool_lab: Lab) -> None:
    node = explain(copy_of_pool_lab, "L1")
    told = [step_in_words(node)]
    while node["inputs"]:
        node = node["inputs"][0]
        told.append(step_in_words(node))

    assert "S/cm" in told[0]
    assert not any("{" in words or "_" in words.partition("prototype")[0] for words in told)
