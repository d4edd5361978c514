"""labkit: the data bench of solid-electrolyte laboratories."""

__version__ = "0.1.0"
