"""Corrections of pellets and measurements, and measurements set aside.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

from db.migrations.triggers import allow_changes, forbid_changes


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pellet_id", sa.Integer(), nullable=True),
        sa.Column("measurement_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("values_before", sa.JSON(), nullable=False),
        sa.Column("values_after", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(pellet_id IS NULL) <> (measurement_id IS NULL)",
            name=op.f("ck_correction_exactly_one_subject"),
        ),
        sa.CheckConstraint(
            "action IN ('changed', 'set-aside', 'taken-back')",
            name=op.f("ck_correction_action_known"),
        ),
        sa.CheckConstraint("length(trim(actor)) > 0", name=op.f("ck_correction_actor_not_blank")),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_correction_reason_not_blank")),
        sa.ForeignKeyConstraint(
            ["measurement_id"],
            ["measurement.id"],
            name=op.f("fk_correction_measurement_id_measurement"),
        ),
        sa.ForeignKeyConstraint(
            ["pellet_id"], ["pellet.id"], name=op.f("fk_correction_pellet_id_pellet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_measurement_id"), ["measurement_id"])
        batch_op.create_index(batch_op.f("ix_correction_pellet_id"), ["pellet_id"])

    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("set_aside_because", sa.String(), nullable=True))

    forbid_changes(op.get_bind(), "correction")


def downgrade() -> None:
    allow_changes(op.get_bind(), "correction")
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.drop_column("set_aside_because")
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_correction_pellet_id"))
        batch_op.drop_index(batch_op.f("ix_correction_measurement_id"))

    op.drop_table("correction")
