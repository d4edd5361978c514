"""Powder X-ray diffraction: lattice parameters, intensities, peaks, and what a pattern shows.

`labkit.xrd.engine.refine_pattern` is the one door to a refinement, whatever engine does the work.
"""
