"""Which of two entries of one crystal is kept, and what it takes over."""

from __future__ import annotations

from screening.merging import PoolEntry, merge_duplicates


def mp(name: str, *numbers: int, gap: float = 1.0) -> PoolEntry:
    return PoolEntry(name, numbers, name, 225, gap, 0.01)


def icsd(number: int) -> PoolEntry:
    return PoolEntry(f"icsd-{number}", (number,))


def test_the_file_of_the_icsd_wins_and_takes_over_what_it_lacks() -> None:
    merged = merge_duplicates([mp("mp-1", 10), mp("mp-2", 20), icsd(10)])

    assert [entry.name for entry in merged.kept] == ["mp-2", "icsd-10"]
    assert merged.replaced == {"mp-1": "icsd-10"}
    assert merged.taken_over == 1
    survivor = merged.kept[1]
    assert (survivor.material_id, survivor.space_group_number) == ("mp-1", 225)
    assert (survivor.band_gap_eV, survivor.e_above_hull_eV) == (1.0, 0.01)


def test_a_survivor_that_has_an_id_keeps_what_it_knows() -> None:
    merged = merge_duplicates([mp("mp-1", 10, gap=1.0), mp("mp-2", 10, gap=2.0)])

    assert merged.replaced == {"mp-1": "mp-2"}
    assert merged.taken_over == 0
    assert merged.kept[0].band_gap_eV == 2.0


def test_a_chain_of_replacements_ends_at_what_is_kept() -> None:
    merged = merge_duplicates([mp("mp-1", 10), mp("mp-2", 10), icsd(10)])
    assert merged.replaced == {"mp-1": "icsd-10", "mp-2": "icsd-10"}
    assert merged.kept[0].material_id == "mp-2"


def test_as_published_only_the_first_number_counts() -> None:
    entries = [mp("mp-1", 10, 11), icsd(11)]
    assert merge_duplicates(entries).replaced == {}
    assert merge_duplicates(entries, first_id_only=False).replaced == {"mp-1": "icsd-11"}


def test_a_space_group_that_is_known_is_kept() -> None:
    file = PoolEntry("icsd-10", (10,), space_group_number=14)
    assert merge_duplicates([mp("mp-1", 10), file]).kept[0].space_group_number == 14
