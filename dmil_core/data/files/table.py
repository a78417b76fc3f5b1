"""What a file holds, read but not yet understood: columns that know how they were stored.

A reader makes a :class:`Table`; it decides nothing. What a column is good for is decided where it
is chosen, so that a column that nobody chooses is never in the way.

Shapes: N rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.validate import Issue

if TYPE_CHECKING:
    import pyarrow as pa

    from dmil_core.data.files.media import Files


#: Storage of a column of the names by which files are samples.
OF_FILES: Final = "name of the files"


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table, or one array of an .npz file.

    Attributes
    ----------
    name
        As in the file.
    data
        Cells as they are stored: an Arrow array of text, numbers, truth values, dates, lists or
        bytes; or a NumPy array (N, ...). Text stays text here, also where it spells numbers.
    storage
        What the file says of the type, such as ``text``, ``decimal128(9, 2)`` or ``float32``.
    refusal
        Why the column cannot be used, if it cannot; said only where somebody chooses it.
    media
        ``pictures`` or ``sounds`` where every cell holds or names one, as the reader has seen from
        their bytes; empty otherwise. Names of files in a table of text are found later.
    files, members
        Where ``media`` is set: what holds these files, and (N,) the name that it knows each row's
        file by, empty for a row without one: ``files.decode(members, media)``.
    source
        Name, without folders and ending, of the file it came from, where several were joined.
    classes
        Names of the classes in the order in which the file declares them; empty where it declares
        none, as every file of text.
    """

    name: str
    data: pa.ChunkedArray | NDArray[Any]
    storage: str
    refusal: str = ""
    media: Literal["", "pictures", "sounds"] = ""
    files: Files | None = None
    members: Sequence[str] = ()
    source: str = ""
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.data)

    @property
    def is_array(self) -> bool:
        """Whether it is an array of an .npz file rather than a column of cells."""
        return isinstance(self.data, np.ndarray)


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of one file, or of several files joined by id.

    Attributes
    ----------
    columns
        By name, in the order of the file; all of the same length.
    issues
        What has to be said about reading: a header that looks like a row, rows without a partner.
    files
        Pictures and sounds that cells name.
    origin
        Names of the files it was read from, without folders.
    """

    columns: Mapping[str, Column]
    issues: tuple[Issue, ...] = ()
    files: Files | None = None
    origin: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> int:
        """Number of samples."""
        return max((len(c) for c in self.columns.values()), default=0)
