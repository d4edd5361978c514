"""Vegard's law: does a lattice parameter change linearly with composition, and up to where."""

from labkit.vegard.errors import VegardError
from labkit.vegard.fit import fit_vegard, pseudo_cubic
from labkit.vegard.result import EndMember, Estimate, VegardFit

__all__ = ["EndMember", "Estimate", "VegardError", "VegardFit", "fit_vegard", "pseudo_cubic"]
