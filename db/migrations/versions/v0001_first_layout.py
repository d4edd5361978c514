"""The first layout of a lab: bench, evidence, labels, screening.

Revision 0001, after none.
"""

import sqlalchemy as sa
from alembic import op

from db.migrations.triggers import allow_changes, forbid_changes


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conflict_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("members_hash", sa.String(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("reduced_formula", sa.String(), nullable=False),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("polymorph", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(trim(decided_by)) > 0", name=op.f("ck_conflict_decision_decided_by_not_blank")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflict_decision")),
    )
    with op.batch_alter_table("conflict_decision", schema=None) as batch_op:
        batch_op.create_index("ix_conflict_decision_members", ["members_hash"], unique=False)

    op.create_table(
        "label_snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("label_set_hash", sa.String(), nullable=False),
        sa.Column("n_labels", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"n_labels" >= 0', name=op.f("ck_label_snapshot_n_labels_not_negative")),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_label_snapshot_name_not_blank")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_snapshot")),
        sa.UniqueConstraint("name", name=op.f("uq_label_snapshot_name")),
    )
    with op.batch_alter_table("label_snapshot", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_label_snapshot_label_set_hash"), ["label_set_hash"], unique=False
        )

    op.create_table(
        "pellet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.Column("reduced_formula", sa.String(), nullable=True),
        sa.Column("batch", sa.String(), nullable=True),
        sa.Column("thickness_m", sa.Float(), nullable=False),
        sa.Column("thickness_se_m", sa.Float(), nullable=False),
        sa.Column("diameter_m", sa.Float(), nullable=False),
        sa.Column("diameter_se_m", sa.Float(), nullable=False),
        sa.Column("electrode", sa.String(), nullable=True),
        sa.Column("stack_pressure_Pa", sa.Float(), nullable=True),
        sa.Column("relative_density", sa.Float(), nullable=True),
        sa.Column("polymorph", sa.String(), nullable=True),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("composition_x", sa.Float(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"diameter_m" > 0', name=op.f("ck_pellet_diameter_m_positive")),
        sa.CheckConstraint(
            '"diameter_se_m" >= 0', name=op.f("ck_pellet_diameter_se_m_not_negative")
        ),
        sa.CheckConstraint('"thickness_m" > 0', name=op.f("ck_pellet_thickness_m_positive")),
        sa.CheckConstraint(
            '"thickness_se_m" >= 0', name=op.f("ck_pellet_thickness_se_m_not_negative")
        ),
        sa.CheckConstraint("length(trim(name)) > 0", name=op.f("ck_pellet_name_not_blank")),
        sa.CheckConstraint(
            "relative_density > 0 AND relative_density <= 1.2",
            name=op.f("ck_pellet_relative_density_plausible"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pellet")),
        sa.UniqueConstraint("name", name=op.f("uq_pellet_name")),
    )
    with op.batch_alter_table("pellet", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pellet_batch"), ["batch"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_pellet_reduced_formula"), ["reduced_formula"], unique=False
        )

    op.create_table(
        "raw_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("original_path", sa.String(), nullable=True),
        sa.Column("stored_path", sa.String(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("reader_version", sa.String(), nullable=False),
        sa.Column("file_metadata", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("labkit_version", sa.String(), nullable=True),
        sa.Column("imported_by", sa.String(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"size_bytes" >= 0', name=op.f("ck_raw_file_size_bytes_not_negative")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_raw_file_sha256_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_raw_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_raw_file_sha256")),
    )
    op.create_table(
        "source_dataset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("n_rows", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("citation", sa.String(), nullable=True),
        sa.Column("licence", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=True),
        sa.Column("differences", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("loaded_by", sa.String(), nullable=True),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"n_rows" >= 0', name=op.f("ck_source_dataset_n_rows_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_dataset")),
        sa.UniqueConstraint("name", "sha256", name=op.f("uq_source_dataset_name_sha256")),
    )
    op.create_table(
        "structure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("material_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.Column("reduced_formula", sa.String(), nullable=False),
        sa.Column("n_sites", sa.Integer(), nullable=False),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("band_gap_eV", sa.Float(), nullable=True),
        sa.Column("e_above_hull_eV", sa.Float(), nullable=True),
        sa.Column("icsd_ids", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("cif_zlib", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"n_sites" > 0', name=op.f("ck_structure_n_sites_positive")),
        sa.CheckConstraint(
            "length(trim(material_id)) > 0", name=op.f("ck_structure_material_id_not_blank")
        ),
        sa.CheckConstraint(
            "space_group_number BETWEEN 1 AND 230", name=op.f("ck_structure_space_group_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_structure")),
        sa.UniqueConstraint("material_id", name=op.f("uq_structure_material_id")),
    )
    with op.batch_alter_table("structure", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_structure_content_hash"), ["content_hash"], unique=False
        )
        batch_op.create_index(
            "ix_structure_reduced_formula_space_group",
            ["reduced_formula", "space_group_number"],
            unique=False,
        )

    op.create_table(
        "literature_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("row_sha256", sa.String(), nullable=False),
        sa.Column("withdrawn_in_dataset_id", sa.Integer(), nullable=True),
        sa.Column("formula_text", sa.String(), nullable=False),
        sa.Column("sigma_text", sa.String(), nullable=False),
        sa.Column("ea_text", sa.String(), nullable=False),
        sa.Column("space_group_text", sa.String(), nullable=False),
        sa.Column("icsd_text", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=True),
        sa.Column("reduced_formula", sa.String(), nullable=True),
        sa.Column("formula_rules", sa.JSON(), nullable=False),
        sa.Column("polymorph", sa.String(), nullable=True),
        sa.Column("sigma_S_per_cm", sa.Float(), nullable=True),
        sa.Column("qualifier", sa.String(), nullable=True),
        sa.Column("ea_eV", sa.Float(), nullable=True),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("icsd_id", sa.Integer(), nullable=True),
        sa.Column("reading", sa.String(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "qualifier IN ('=', '<', '>', 'between')",
            name=op.f("ck_literature_entry_qualifier_known"),
        ),
        sa.CheckConstraint(
            "reading IN ('parsed', 'review')", name=op.f("ck_literature_entry_reading_known")
        ),
        sa.CheckConstraint('"ea_eV" > 0', name=op.f("ck_literature_entry_ea_eV_positive")),
        sa.CheckConstraint(
            '"row_number" > 0', name=op.f("ck_literature_entry_row_number_positive")
        ),
        sa.CheckConstraint(
            '"sigma_S_per_cm" > 0', name=op.f("ck_literature_entry_sigma_S_per_cm_positive")
        ),
        sa.CheckConstraint(
            "space_group_number BETWEEN 1 AND 230",
            name=op.f("ck_literature_entry_space_group_known"),
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["source_dataset.id"],
            name=op.f("fk_literature_entry_dataset_id_source_dataset"),
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_in_dataset_id"],
            ["source_dataset.id"],
            name=op.f("fk_literature_entry_withdrawn_in_dataset_id_source_dataset"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_literature_entry")),
        sa.UniqueConstraint(
            "dataset_id", "row_number", name=op.f("uq_literature_entry_dataset_id_row_number")
        ),
    )
    with op.batch_alter_table("literature_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_literature_entry_icsd_id"), ["icsd_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_literature_entry_reduced_formula"), ["reduced_formula"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_literature_entry_row_sha256"), ["row_sha256"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_literature_entry_withdrawn_in_dataset_id"),
            ["withdrawn_in_dataset_id"],
            unique=False,
        )

    op.create_table(
        "measurement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("raw_file_id", sa.Integer(), nullable=False),
        sa.Column("pellet_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sweep", sa.Integer(), nullable=False),
        sa.Column("technique", sa.String(), nullable=True),
        sa.Column("instrument", sa.String(), nullable=True),
        sa.Column("software", sa.String(), nullable=True),
        sa.Column("started_at", sa.String(), nullable=True),
        sa.Column("started_at_zone", sa.String(), nullable=True),
        sa.Column("started_at_ambiguous", sa.Boolean(), nullable=False),
        sa.Column("amplitude", sa.String(), nullable=True),
        sa.Column("temperature_K", sa.Float(), nullable=True),
        sa.Column("temperature_se_K", sa.Float(), nullable=True),
        sa.Column("temperature_source", sa.String(), nullable=True),
        sa.Column("record_metadata", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('impedance', 'diffraction', 'dc')", name=op.f("ck_measurement_kind_known")
        ),
        sa.CheckConstraint('"sweep" > 0', name=op.f("ck_measurement_sweep_positive")),
        sa.CheckConstraint(
            '"temperature_K" > 0', name=op.f("ck_measurement_temperature_K_positive")
        ),
        sa.CheckConstraint(
            '"temperature_se_K" >= 0', name=op.f("ck_measurement_temperature_se_K_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["pellet_id"], ["pellet.id"], name=op.f("fk_measurement_pellet_id_pellet")
        ),
        sa.ForeignKeyConstraint(
            ["raw_file_id"], ["raw_file.id"], name=op.f("fk_measurement_raw_file_id_raw_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
        sa.UniqueConstraint(
            "raw_file_id", "kind", "sweep", name=op.f("uq_measurement_raw_file_id_kind_sweep")
        ),
    )
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measurement_pellet_id"), ["pellet_id"], unique=False)

    op.create_table(
        "ranking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("label_set_hash", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("snapshot_id", sa.Integer(), nullable=True),
        sa.Column("previous_ranking_id", sa.Integer(), nullable=True),
        sa.Column("n_candidates", sa.Integer(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.Column("labkit_version", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            '"n_candidates" >= 0', name=op.f("ck_ranking_n_candidates_not_negative")
        ),
        sa.CheckConstraint("length(trim(method)) > 0", name=op.f("ck_ranking_method_not_blank")),
        sa.ForeignKeyConstraint(
            ["previous_ranking_id"],
            ["ranking.id"],
            name=op.f("fk_ranking_previous_ranking_id_ranking"),
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["label_snapshot.id"],
            name=op.f("fk_ranking_snapshot_id_label_snapshot"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranking")),
    )
    with op.batch_alter_table("ranking", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ranking_label_set_hash"), ["label_set_hash"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ranking_previous_ranking_id"), ["previous_ranking_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_ranking_snapshot_id"), ["snapshot_id"], unique=False)

    op.create_table(
        "analysis",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("measurement_id", sa.Integer(), nullable=True),
        sa.Column("pellet_id", sa.Integer(), nullable=True),
        sa.Column("batch", sa.String(), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("resistance_ohm", sa.Float(), nullable=True),
        sa.Column("sigma_S_per_cm", sa.Float(), nullable=True),
        sa.Column("sigma_random_S_per_cm", sa.Float(), nullable=True),
        sa.Column("sigma_systematic_S_per_cm", sa.Float(), nullable=True),
        sa.Column("temperature_K", sa.Float(), nullable=True),
        sa.Column("ea_eV", sa.Float(), nullable=True),
        sa.Column("ea_se_eV", sa.Float(), nullable=True),
        sa.Column("labkit_version", sa.String(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'review', 'rejected')", name=op.f("ck_analysis_verdict_known")
        ),
        sa.CheckConstraint("length(trim(kind)) > 0", name=op.f("ck_analysis_kind_not_blank")),
        sa.ForeignKeyConstraint(
            ["measurement_id"],
            ["measurement.id"],
            name=op.f("fk_analysis_measurement_id_measurement"),
        ),
        sa.ForeignKeyConstraint(
            ["pellet_id"], ["pellet.id"], name=op.f("fk_analysis_pellet_id_pellet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
    )
    with op.batch_alter_table("analysis", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_analysis_batch"), ["batch"], unique=False)
        batch_op.create_index(batch_op.f("ix_analysis_input_hash"), ["input_hash"], unique=False)
        batch_op.create_index(
            "ix_analysis_measurement_kind", ["measurement_id", "kind", "id"], unique=False
        )
        batch_op.create_index("ix_analysis_pellet_kind", ["pellet_id", "kind", "id"], unique=False)

    op.create_table(
        "evidence_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("row_sha256", sa.String(), nullable=False),
        sa.Column("withdrawn_in_dataset_id", sa.Integer(), nullable=True),
        sa.Column("entry_key", sa.String(), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("formula", sa.String(), nullable=True),
        sa.Column("reduced_formula", sa.String(), nullable=True),
        sa.Column("formula_rules", sa.JSON(), nullable=False),
        sa.Column("polymorph", sa.String(), nullable=True),
        sa.Column("sigma_S_per_cm", sa.Float(), nullable=True),
        sa.Column("sigma_upper_S_per_cm", sa.Float(), nullable=True),
        sa.Column("qualifier", sa.String(), nullable=True),
        sa.Column("temperature_K", sa.Float(), nullable=True),
        sa.Column("contribution", sa.String(), nullable=True),
        sa.Column("ea_eV", sa.Float(), nullable=True),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("icsd_id", sa.Integer(), nullable=True),
        sa.Column("doi", sa.String(), nullable=True),
        sa.Column("literature_entry_id", sa.Integer(), nullable=True),
        sa.Column("reading", sa.String(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "qualifier IN ('=', '<', '>', 'between')", name=op.f("ck_evidence_row_qualifier_known")
        ),
        sa.CheckConstraint(
            "reading IN ('parsed', 'review')", name=op.f("ck_evidence_row_reading_known")
        ),
        sa.CheckConstraint('"row_number" > 0', name=op.f("ck_evidence_row_row_number_positive")),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["source_dataset.id"],
            name=op.f("fk_evidence_row_dataset_id_source_dataset"),
        ),
        sa.ForeignKeyConstraint(
            ["literature_entry_id"],
            ["literature_entry.id"],
            name=op.f("fk_evidence_row_literature_entry_id_literature_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_in_dataset_id"],
            ["source_dataset.id"],
            name=op.f("fk_evidence_row_withdrawn_in_dataset_id_source_dataset"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_row")),
        sa.UniqueConstraint(
            "dataset_id", "row_number", name=op.f("uq_evidence_row_dataset_id_row_number")
        ),
    )
    with op.batch_alter_table("evidence_row", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_row_entry_key"), ["entry_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_evidence_row_icsd_id"), ["icsd_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_evidence_row_literature_entry_id"), ["literature_entry_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evidence_row_reduced_formula"), ["reduced_formula"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evidence_row_row_sha256"), ["row_sha256"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_evidence_row_withdrawn_in_dataset_id"),
            ["withdrawn_in_dataset_id"],
            unique=False,
        )

    op.create_table(
        "spectrum",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("measurement_id", sa.Integer(), nullable=False),
        sa.Column("data_hash", sa.String(), nullable=False),
        sa.Column("n_points", sa.Integer(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint('"n_points" >= 0', name=op.f("ck_spectrum_n_points_not_negative")),
        sa.ForeignKeyConstraint(
            ["measurement_id"],
            ["measurement.id"],
            name=op.f("fk_spectrum_measurement_id_measurement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spectrum")),
        sa.UniqueConstraint("measurement_id", name=op.f("uq_spectrum_measurement_id")),
    )
    with op.batch_alter_table("spectrum", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spectrum_data_hash"), ["data_hash"], unique=False)

    op.create_table(
        "analysis_input",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("measurement_id", sa.Integer(), nullable=True),
        sa.Column("input_analysis_id", sa.Integer(), nullable=True),
        sa.Column("data_hash", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(measurement_id IS NULL) <> (input_analysis_id IS NULL)",
            name=op.f("ck_analysis_input_exactly_one_input"),
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_analysis_input_analysis_id_analysis")
        ),
        sa.ForeignKeyConstraint(
            ["input_analysis_id"],
            ["analysis.id"],
            name=op.f("fk_analysis_input_input_analysis_id_analysis"),
        ),
        sa.ForeignKeyConstraint(
            ["measurement_id"],
            ["measurement.id"],
            name=op.f("fk_analysis_input_measurement_id_measurement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis_input")),
        sa.UniqueConstraint(
            "analysis_id", "position", name=op.f("uq_analysis_input_analysis_id_position")
        ),
    )
    with op.batch_alter_table("analysis_input", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_analysis_input_input_analysis_id"), ["input_analysis_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_analysis_input_measurement_id"), ["measurement_id"], unique=False
        )

    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revises_id", sa.Integer(), nullable=True),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.Column("reduced_formula", sa.String(), nullable=True),
        sa.Column("polymorph", sa.String(), nullable=True),
        sa.Column("space_group_number", sa.Integer(), nullable=True),
        sa.Column("icsd_id", sa.Integer(), nullable=True),
        sa.Column("material_id", sa.String(), nullable=True),
        sa.Column("sigma_S_per_cm", sa.Float(), nullable=False),
        sa.Column("sigma_upper_S_per_cm", sa.Float(), nullable=True),
        sa.Column("qualifier", sa.String(), nullable=False),
        sa.Column("sigma_random_S_per_cm", sa.Float(), nullable=True),
        sa.Column("sigma_systematic_S_per_cm", sa.Float(), nullable=True),
        sa.Column("n_replicates", sa.Integer(), nullable=True),
        sa.Column("temperature_K", sa.Float(), nullable=True),
        sa.Column("temperature_assumed", sa.Boolean(), nullable=False),
        sa.Column("extrapolated", sa.Boolean(), nullable=False),
        sa.Column("contribution", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("electrode", sa.String(), nullable=True),
        sa.Column("pressure_Pa", sa.Float(), nullable=True),
        sa.Column("relative_density", sa.Float(), nullable=True),
        sa.Column("ea_eV", sa.Float(), nullable=True),
        sa.Column("ea_se_eV", sa.Float(), nullable=True),
        sa.Column("ea_convention", sa.String(), nullable=False),
        sa.Column("source_kind", sa.String(), nullable=False),
        sa.Column("doi", sa.String(), nullable=True),
        sa.Column("citation", sa.String(), nullable=True),
        sa.Column("dataset_id", sa.Integer(), nullable=True),
        sa.Column("source_row", sa.Integer(), nullable=True),
        sa.Column("literature_entry_id", sa.Integer(), nullable=True),
        sa.Column("evidence_row_id", sa.Integer(), nullable=True),
        sa.Column("analysis_id", sa.Integer(), nullable=True),
        sa.Column("pellet_id", sa.Integer(), nullable=True),
        sa.Column("verbatim", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "contribution IN ('total', 'bulk', 'grain-boundary', 'unknown')",
            name=op.f("ck_label_contribution_known"),
        ),
        sa.CheckConstraint(
            "ea_convention IN ('ln(sigma T)', 'ln(sigma)', 'unknown')",
            name=op.f("ck_label_ea_convention_known"),
        ),
        sa.CheckConstraint("method IN ('AC', 'DC', 'unknown')", name=op.f("ck_label_method_known")),
        sa.CheckConstraint(
            "qualifier IN ('=', '<', '>', 'between')", name=op.f("ck_label_qualifier_known")
        ),
        sa.CheckConstraint(
            "source_kind IN ('measurement', 'literature', 'computed')",
            name=op.f("ck_label_source_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'rejected', 'superseded')",
            name=op.f("ck_label_state_known"),
        ),
        sa.CheckConstraint('"sigma_S_per_cm" > 0', name=op.f("ck_label_sigma_S_per_cm_positive")),
        sa.CheckConstraint(
            '"sigma_random_S_per_cm" >= 0', name=op.f("ck_label_sigma_random_S_per_cm_not_negative")
        ),
        sa.CheckConstraint(
            '"sigma_systematic_S_per_cm" >= 0',
            name=op.f("ck_label_sigma_systematic_S_per_cm_not_negative"),
        ),
        sa.CheckConstraint(
            '"sigma_upper_S_per_cm" > "sigma_S_per_cm"', name=op.f("ck_label_interval_ordered")
        ),
        sa.CheckConstraint('"temperature_K" > 0', name=op.f("ck_label_temperature_K_positive")),
        sa.CheckConstraint(
            "(qualifier = 'between') = (\"sigma_upper_S_per_cm\" IS NOT NULL)",
            name=op.f("ck_label_interval_has_end"),
        ),
        sa.CheckConstraint(
            "space_group_number BETWEEN 1 AND 230", name=op.f("ck_label_space_group_known")
        ),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_label_analysis_id_analysis")
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["source_dataset.id"], name=op.f("fk_label_dataset_id_source_dataset")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_row_id"],
            ["evidence_row.id"],
            name=op.f("fk_label_evidence_row_id_evidence_row"),
        ),
        sa.ForeignKeyConstraint(
            ["literature_entry_id"],
            ["literature_entry.id"],
            name=op.f("fk_label_literature_entry_id_literature_entry"),
        ),
        sa.ForeignKeyConstraint(
            ["pellet_id"], ["pellet.id"], name=op.f("fk_label_pellet_id_pellet")
        ),
        sa.ForeignKeyConstraint(
            ["revises_id"], ["label.id"], name=op.f("fk_label_revises_id_label")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_analysis_id"), ["analysis_id"], unique=False)
        batch_op.create_index("ix_label_dataset_row", ["dataset_id", "source_row"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_label_evidence_row_id"), ["evidence_row_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_label_icsd_id"), ["icsd_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_label_literature_entry_id"), ["literature_entry_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_label_material_id"), ["material_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_label_pellet_id"), ["pellet_id"], unique=False)
        batch_op.create_index(
            "ix_label_reduced_formula_state", ["reduced_formula", "state"], unique=False
        )
        batch_op.create_index("ix_label_revises_id", ["revises_id"], unique=False)
        batch_op.create_index("ix_label_state_id", ["state", "id"], unique=False)

    op.create_table(
        "label_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state_before", sa.String(), nullable=True),
        sa.Column("state_after", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=True),
        sa.Column("event_hash", sa.String(), nullable=False),
        sa.CheckConstraint(
            "action IN ('proposed', 'accepted', 'second-read', 'rejected', 'revised', 'superseded')",
            name=op.f("ck_label_event_action_known"),
        ),
        sa.CheckConstraint(
            "state_after IN ('proposed', 'accepted', 'rejected', 'superseded')",
            name=op.f("ck_label_event_state_after_known"),
        ),
        sa.CheckConstraint("length(trim(actor)) > 0", name=op.f("ck_label_event_actor_not_blank")),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_label_event_label_id_label")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_event")),
        sa.UniqueConstraint("label_id", "sequence", name=op.f("uq_label_event_label_id_sequence")),
    )
    op.create_table(
        "label_structure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("structure_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('material-id', 'icsd', 'formula-space-group', 'structure-comparison', 'by-hand')",
            name=op.f("ck_label_structure_kind_known"),
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'confirmed', 'broken')",
            name=op.f("ck_label_structure_status_known"),
        ),
        sa.CheckConstraint(
            "confidence >= 0 AND confidence <= 1",
            name=op.f("ck_label_structure_confidence_fraction"),
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_label_structure_label_id_label")
        ),
        sa.ForeignKeyConstraint(
            ["structure_id"],
            ["structure.id"],
            name=op.f("fk_label_structure_structure_id_structure"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_structure")),
        sa.UniqueConstraint(
            "label_id",
            "structure_id",
            "kind",
            name=op.f("uq_label_structure_label_id_structure_id_kind"),
        ),
    )
    with op.batch_alter_table("label_structure", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_label_structure_structure_id"), ["structure_id"], unique=False
        )

    op.create_table(
        "review_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("literature_entry_id", sa.Integer(), nullable=True),
        sa.Column("evidence_row_id", sa.Integer(), nullable=True),
        sa.Column("label_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("suggestion", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_value", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'applied', 'dismissed')", name=op.f("ck_review_item_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_row_id"],
            ["evidence_row.id"],
            name=op.f("fk_review_item_evidence_row_id_evidence_row"),
        ),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_review_item_label_id_label")
        ),
        sa.ForeignKeyConstraint(
            ["literature_entry_id"],
            ["literature_entry.id"],
            name=op.f("fk_review_item_literature_entry_id_literature_entry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
        sa.UniqueConstraint(
            "evidence_row_id",
            "field",
            "reason",
            name=op.f("uq_review_item_evidence_row_id_field_reason"),
        ),
        sa.UniqueConstraint(
            "label_id", "field", "reason", name=op.f("uq_review_item_label_id_field_reason")
        ),
        sa.UniqueConstraint(
            "literature_entry_id",
            "field",
            "reason",
            name=op.f("uq_review_item_literature_entry_id_field_reason"),
        ),
    )
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.create_index("ix_review_item_status_id", ["status", "id"], unique=False)

    for table in ("label_event", "label_snapshot"):
        forbid_changes(op.get_bind(), table)


def downgrade() -> None:
    for table in ("label_event", "label_snapshot"):
        allow_changes(op.get_bind(), table)
    with op.batch_alter_table("review_item", schema=None) as batch_op:
        batch_op.drop_index("ix_review_item_status_id")

    op.drop_table("review_item")
    with op.batch_alter_table("label_structure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_structure_structure_id"))

    op.drop_table("label_structure")
    op.drop_table("label_event")
    with op.batch_alter_table("label", schema=None) as batch_op:
        batch_op.drop_index("ix_label_state_id")
        batch_op.drop_index("ix_label_revises_id")
        batch_op.drop_index("ix_label_reduced_formula_state")
        batch_op.drop_index(batch_op.f("ix_label_pellet_id"))
        batch_op.drop_index(batch_op.f("ix_label_material_id"))
        batch_op.drop_index(batch_op.f("ix_label_literature_entry_id"))
        batch_op.drop_index(batch_op.f("ix_label_icsd_id"))
        batch_op.drop_index(batch_op.f("ix_label_evidence_row_id"))
        batch_op.drop_index("ix_label_dataset_row")
        batch_op.drop_index(batch_op.f("ix_label_analysis_id"))

    op.drop_table("label")
    with op.batch_alter_table("analysis_input", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_analysis_input_measurement_id"))
        batch_op.drop_index(batch_op.f("ix_analysis_input_input_analysis_id"))

    op.drop_table("analysis_input")
    with op.batch_alter_table("spectrum", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_spectrum_data_hash"))

    op.drop_table("spectrum")
    with op.batch_alter_table("evidence_row", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_row_withdrawn_in_dataset_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_row_row_sha256"))
        batch_op.drop_index(batch_op.f("ix_evidence_row_reduced_formula"))
        batch_op.drop_index(batch_op.f("ix_evidence_row_literature_entry_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_row_icsd_id"))
        batch_op.drop_index(batch_op.f("ix_evidence_row_entry_key"))

    op.drop_table("evidence_row")
    with op.batch_alter_table("analysis", schema=None) as batch_op:
        batch_op.drop_index("ix_analysis_pellet_kind")
        batch_op.drop_index("ix_analysis_measurement_kind")
        batch_op.drop_index(batch_op.f("ix_analysis_input_hash"))
        batch_op.drop_index(batch_op.f("ix_analysis_batch"))

    op.drop_table("analysis")
    with op.batch_alter_table("ranking", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ranking_snapshot_id"))
        batch_op.drop_index(batch_op.f("ix_ranking_previous_ranking_id"))
        batch_op.drop_index(batch_op.f("ix_ranking_label_set_hash"))

    op.drop_table("ranking")
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_measurement_pellet_id"))

    op.drop_table("measurement")
    with op.batch_alter_table("literature_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_literature_entry_withdrawn_in_dataset_id"))
        batch_op.drop_index(batch_op.f("ix_literature_entry_row_sha256"))
        batch_op.drop_index(batch_op.f("ix_literature_entry_reduced_formula"))
        batch_op.drop_index(batch_op.f("ix_literature_entry_icsd_id"))

    op.drop_table("literature_entry")
    with op.batch_alter_table("structure", schema=None) as batch_op:
        batch_op.drop_index("ix_structure_reduced_formula_space_group")
        batch_op.drop_index(batch_op.f("ix_structure_content_hash"))

    op.drop_table("structure")
    op.drop_table("source_dataset")
    op.drop_table("raw_file")
    with op.batch_alter_table("pellet", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pellet_reduced_formula"))
        batch_op.drop_index(batch_op.f("ix_pellet_batch"))

    op.drop_table("pellet")
    with op.batch_alter_table("label_snapshot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_snapshot_label_set_hash"))

    op.drop_table("label_snapshot")
    with op.batch_alter_table("conflict_decision", schema=None) as batch_op:
        batch_op.drop_index("ix_conflict_decision_members")

    op.drop_table("conflict_decision")
