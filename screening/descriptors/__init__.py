"""Registry of descriptors: one name, one class, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from screening.descriptors.base import ALL_MODES, Descriptor, OpenDescriptor
from screening.errors import UnknownDescriptorError

__all__ = ["ALL_MODES", "Descriptor", "OpenDescriptor", "descriptor", "descriptor_names"]

_HOME = {
    "band_center": ("composition", "BandCenter"),
    "bond_fraction": ("bonds", "BondFraction"),
    "cfid": ("cfid", "ForceFieldInspired"),
    "chemical_ordering": ("coordination", "ChemicalOrdering"),
    "control_framework_atoms": ("cell", "FrameworkAtoms"),
    "control_lithium_fraction": ("cell", "LithiumFraction"),
    "control_sites": ("cell", "SiteCount"),
    "control_volume": ("cell", "Volume"),
    "density": ("cell", "Density"),
    "ewald_energy": ("packing", "EwaldEnergy"),
    "electronegativity_difference": ("composition", "ElectronegativityDifference"),
    "free_sphere": ("free_sphere", "FreeSphere"),
    "global_instability": ("instability", "GlobalInstability"),
    "maximum_packing_efficiency": ("packing", "MaximumPackingEfficiency"),
    "meredig": ("composition", "Meredig"),
    "orbital_field_matrix": ("coordination", "OrbitalFieldMatrix"),
    "oxidation_states": ("composition", "OxidationStates"),
    "powder_pattern": ("powder_pattern", "PowderPattern"),
    "rdf": ("rdf", "RadialDistribution"),
    "sine_coulomb": ("sine_coulomb", "SineCoulomb"),
    "soap": ("soap", "Soap"),
    "structural_complexity": ("packing", "StructuralComplexity"),
    "structural_heterogeneity": ("coordination", "StructuralHeterogeneity"),
    "valence_orbitals": ("composition", "ValenceOrbitals"),
}


def descriptor_names() -> tuple[str, ...]:
    """Names of all registered descriptors."""
    return tuple(sorted(_HOME))


def descriptor(name: str, **parameters: Any) -> Descriptor:
    """Return a descriptor by name, with the published settings unless others are given.

    Raises
    ------
    UnknownDescriptorError
        When no descriptor has that name or it has no such parameter.
    """
    if name not in _HOME:
        raise UnknownDescriptorError(
            f"no descriptor {name!r}: choose one of {', '.join(descriptor_names())}"
        )
    module, cls = _HOME[name]
    made = getattr(import_module(f"{__name__}.{module}"), cls)
    try:
        found: Descriptor = made(**parameters)
    except TypeError as error:
        raise UnknownDescriptorError(f"descriptor {name!r}: {error}") from error
    return found
