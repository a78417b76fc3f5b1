"""The errors a user can act on. Each message says what was expected, what came, and what to do."""

from __future__ import annotations


class DmilError(Exception):
    """Base of every error whose text is meant for the user; anything else is a bug of ours."""


class DataError(DmilError):
    """A data file or card that cannot be used as it is."""


class CheckpointError(DmilError):
    """A checkpoint folder that cannot be read, or does not fit the data it was asked to run on."""


class ConfigError(DmilError):
    """A name or option that does not exist, or values that contradict each other."""


class BusyError(DmilError):
    """Another process is writing to the same folder."""


class ResourceError(DmilError):
    """The disk, a permission, a quota or the memory did not allow what was asked for.

    Attributes
    ----------
    reason : what is the case, without a path, for those who must not see the server's.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
