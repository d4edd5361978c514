"""What is asked often is answered through an index, however many labels there are."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from db.session import Database

QUESTIONS = {
    "list": "SELECT * FROM label WHERE state = 'proposed' ORDER BY id LIMIT 50",
    "filter": "SELECT * FROM label WHERE reduced_formula = 'x' AND state = 'accepted'",
    "versions": "SELECT * FROM label WHERE revises_id = 5",
    "history": "SELECT * FROM label_event WHERE label_id = 5 ORDER BY sequence DESC LIMIT 1",
    "matches": "SELECT * FROM label_structure WHERE label_id = 5",
    "labels of a structure": "SELECT * FROM label_structure WHERE structure_id = 5",
    "points": "SELECT * FROM spectrum WHERE measurement_id = 5",
    "same points": "SELECT * FROM spectrum WHERE data_hash = 'x'",
    "same bytes": "SELECT * FROM raw_file WHERE sha256 = 'x'",
    "sweeps": "SELECT * FROM measurement WHERE raw_file_id = 5 ORDER BY kind, sweep",
    "of a pellet": "SELECT * FROM measurement WHERE pellet_id = 5",
    "newest analysis": (
        "SELECT * FROM analysis WHERE kind = 'x' AND measurement_id = 5 ORDER BY id DESC LIMIT 1"
    ),
    "inputs": "SELECT * FROM analysis_input WHERE analysis_id = 5 ORDER BY position",
    "structure": "SELECT * FROM structure WHERE material_id = 'mp-1'",
    "phase": "SELECT * FROM structure WHERE reduced_formula = 'x' AND space_group_number = 5",
    "waiting": "SELECT * FROM review_item WHERE status = 'open' ORDER BY id",
    "composition": "SELECT * FROM literature_entry WHERE reduced_formula = 'x'",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_whole_table(lab: Database, question: str) -> None:
    with lab.reading() as session:
        plan = session.connection().execute(sa.text(f"EXPLAIN QUERY PLAN {QUESTIONS[question]}"))
        steps = [row[3] for row in plan]
    assert all(step.startswith("SEARCH") for step in steps), steps
