"""What a descriptor is."""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from screening.crystal import Crystal
from screening.errors import DescriptorError, MissingLibraryError

__all__ = ["ALL_MODES", "Descriptor", "OpenDescriptor"]

ALL_MODES = ("structure", "A", "AM", "CAN", "CAMN", "A40", "AM40", "CAN40", "CAMN40")


class Descriptor(ABC):
    """A fixed-length vector of a crystal.

    A descriptor is a frozen dataclass: its fields are its parameters, and together with `name`,
    `version` and the versions of `libraries` they name a cache entry. `compute` must not change
    the crystal, must not depend on the order of sites or on rotation, and raises
    `DescriptorError` with a code instead of returning a value that is not a number.

    Attributes
    ----------
    name : str
    version : int
        Raised whenever the values change.
    modes : tuple of str
        Simplifications for which it is defined.
    libraries : tuple of str
        Distributions whose version can change the values.
    """

    name: str
    version: int
    modes: tuple[str, ...]
    libraries: tuple[str, ...]
    #: values do not change when the cell is scaled uniformly
    scale_invariant: ClassVar[bool] = False
    #: values do not change when the cell is repeated
    intensive: ClassVar[bool] = True

    @abstractmethod
    def length(self, mode: str) -> int:
        """Return the number of values in a mode."""

    @abstractmethod
    def compute(self, crystal: Crystal, mode: str) -> npt.NDArray[np.float32]:
        """Compute the values of one simplified crystal.

        Raises
        ------
        DescriptorError
            With a code, when they cannot be computed.
        """

    def columns(self, mode: str) -> Sequence[str]:
        """Return the names of the values."""
        return [f"{self.name} {position}" for position in range(self.length(mode))]

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that determine the values."""
        fixed = {"name", "version", "modes", "libraries"}
        return {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)  # type: ignore[arg-type]
            if item.name not in fixed
        }

    @property
    def key(self) -> str:
        """Name, version, settings and library versions as one text.

        Raises
        ------
        MissingLibraryError
            When a library that the descriptor needs is not installed.
        """
        parts = {
            "name": self.name,
            "version": self.version,
            "parameters": self.parameters,
            "libraries": {library: self._version(library) for library in self.libraries},
        }
        return json.dumps(parts, sort_keys=True)

    def _version(self, library: str) -> str:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version(library)
        except PackageNotFoundError as error:
            raise MissingLibraryError(
                f"descriptor {self.name} needs {library}, which is not installed; "
                "install it with 'python -m pip install \".[descriptors]\"'"
            ) from error


class OpenDescriptor(Descriptor):
    """A descriptor whose columns are those that occur in the structures described together.

    It yields named values (`terms`). When all structures are known, the names become the columns,
    in alphabetical order; a structure without a name has zero there.
    """

    @abstractmethod
    def terms(self, crystal: Crystal, mode: str) -> Mapping[str, float]:
        """Compute the named values of one simplified crystal.

        Raises
        ------
        DescriptorError
            With a code, when they cannot be computed.
        """

    @abstractmethod
    def with_columns(self, columns: Sequence[str]) -> Self:
        """Return the descriptor with fixed columns."""

    def fit(self, crystals: Sequence[Crystal], mode: str) -> Self:
        """Return the descriptor with the columns that occur in some simplified crystals."""
        return self.with_columns(sorted({name for c in crystals for name in self.terms(c, mode)}))

    def length(self, mode: str) -> int:
        """Return the number of columns."""
        return len(self.columns(mode))

    def _known(self, columns: tuple[str, ...] | None) -> tuple[str, ...]:
        if columns is None:
            raise DescriptorError(
                "not-fitted", f"{self.name}: its columns depend on the structures; fit it first"
            )
        return columns

    @staticmethod
    def _row(terms: Mapping[str, float], columns: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([terms.get(column, 0.0) for column in columns], dtype=np.float32)
