"""Graphs that run through the crystal in known directions at known weights."""

from __future__ import annotations

from screening.periodic_graph import percolate_graph


def test_a_chain_then_a_sheet_then_a_body() -> None:
    edges = [
        (0, 0, (0, 0, 1), 3.0),
        (0, 1, (0, 0, 0), 1.0),
        (1, 0, (1, 0, 0), 2.0),
        (1, 1, (0, 1, 0), 2.5),
    ]

    assert percolate_graph(2, edges) == [2.0, 2.5, 3.0]


def test_parallel_chains_do_not_make_a_sheet() -> None:
    edges = [(0, 0, (1, 0, 0), 1.0), (1, 1, (0, 1, 0), 1.0)]

    assert percolate_graph(2, edges) == [1.0]


def test_joined_chains_do() -> None:
    edges = [(0, 0, (1, 0, 0), 1.0), (1, 1, (0, 1, 0), 1.0), (0, 1, (3, -2, 5), 4.0)]

    assert percolate_graph(2, edges) == [1.0, 4.0]


def test_a_graph_without_edges_connects_nothing() -> None:
    assert percolate_graph(3, []) == []
