"""Measurements of labkit beside other programs; ``python -m benchmarks`` runs the suite."""
