"""Impedance spectra: windows, tails, validity, circuits, simulation."""
