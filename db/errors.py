"""Everything that can go wrong in the database, as one tree of exceptions.

::

    DatabaseError
    ├── NotALabError                 the folder, file or server holds no lab
    ├── MigrationError
    │   ├── MigrationNeededError     older lab, opened where it may not be migrated
    │   └── NewerDatabaseError       the lab was written by a newer labkit
    ├── DatabaseBusyError            another program kept the write lock too long
    ├── DatabaseStorageError         disk full, read-only file, damaged file
    ├── IdentifierError              a text that is no identifier (M12, A3, L7 ...)
    ├── UnknownRecordError           a well-formed identifier of something not in this lab
    │   ├── UnknownPelletError
    │   ├── UnknownMeasurementError
    │   ├── UnknownAnalysisError
    │   ├── UnknownLabelError
    │   ├── UnknownStructureError
    │   ├── UnknownRankingError
    │   ├── UnknownSnapshotError
    │   └── UnknownReviewItemError
    ├── DuplicateError               something of that name or content is already there
    ├── InvalidValueError            a value that the tables refuse (negative diameter ...)
    ├── LabelStateError              a step that the label's state does not allow
    │   └── LabelChangedError        somebody else changed the label in between
    ├── SourceFormatError            a data set's file is not laid out as expected
    ├── DataUnavailableError         a public data set is not at hand
    └── BackupError                  a backup that could not be made, checked or restored

``str(error)`` is the one line shown to the user.
"""

from __future__ import annotations


class DatabaseError(Exception):
    """Root of every error this package raises on purpose."""


class NotALabError(DatabaseError):
    """The given folder, file or server holds no lab database."""


class MigrationError(DatabaseError):
    """The tables could not be brought to the layout this version needs."""


class MigrationNeededError(MigrationError):
    """The lab was written by an older version and was opened where it may not be migrated."""


class NewerDatabaseError(MigrationError):
    """The lab was written by a newer version."""


class DatabaseBusyError(DatabaseError):
    """Another program held the write lock for longer than the time-out."""


class DatabaseStorageError(DatabaseError):
    """The file system or the database file itself refuses: full, read-only, damaged."""


class IdentifierError(DatabaseError):
    """A text that is not an identifier of the expected kind."""


class UnknownRecordError(DatabaseError):
    """Nothing in this lab has the given identifier."""


class UnknownPelletError(UnknownRecordError):
    """No pellet has this name or number."""


class UnknownMeasurementError(UnknownRecordError):
    """No measurement has this number."""


class UnknownAnalysisError(UnknownRecordError):
    """No analysis has this number."""


class UnknownLabelError(UnknownRecordError):
    """No label has this number."""


class UnknownStructureError(UnknownRecordError):
    """No structure has this material id."""


class UnknownRankingError(UnknownRecordError):
    """No ranking has this number."""


class UnknownSnapshotError(UnknownRecordError):
    """No label snapshot has this name."""


class UnknownReviewItemError(UnknownRecordError):
    """No review item has this number."""


class DuplicateError(DatabaseError):
    """Something of this name or content is already stored."""


class InvalidValueError(DatabaseError):
    """A value that the tables refuse."""


class LabelStateError(DatabaseError):
    """The label's state does not allow this step."""


class LabelChangedError(LabelStateError):
    """Somebody else changed the label since it was read."""


class SourceFormatError(DatabaseError):
    """A data set's file is not laid out as expected."""


class DataUnavailableError(DatabaseError):
    """A public data set is neither in LABKIT_DATA nor fetchable."""


class BackupError(DatabaseError):
    """A backup could not be made, checked or restored."""
