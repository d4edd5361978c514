"""Figures: every function takes and returns a matplotlib Axes."""
