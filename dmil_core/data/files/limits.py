"""What a file from a stranger may hold at most. Beyond that it is refused, never cut or sampled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one uploaded set; the app states every one of them."""

    #: Of a file as it comes, in MiB: a browser sends it in a minute, the server holds it in memory.
    upload_mib: int = 100
    #: Of everything in it when unpacked, in MiB: the server has to hold it, for several visitors.
    unpacked_mib: int = 400
    #: Three trainings of so many rows take about an hour on one core.
    rows: int = 50_000
    #: Too few rows leave a split without a class, and numbers without a meaning.
    least_rows: int = 30
    #: Numbers of all inputs of a row together: more is raw media, which comes as files.
    columns: int = 2_000
    #: Cells of a table: what one core reads in ten seconds.
    cells: int = 20_000_000
    #: Every figure has a bar, a letter or a colour for each class.
    classes: int = 100
    #: Characters of one cell. The model reads 256 words of a text.
    cell_length: int = 2_000
    #: Characters of a column's name: it has to fit on a screen.
    name_length: int = 100
    #: Files in a zip or folder: so many thumbnails of 96 x 96 pixels fill 264 MiB.
    files: int = 10_000
    #: Of one picture or sound, in MiB: more is not a thumbnail or a clip.
    file_mib: int = 10
    #: Pixels of one picture, as the unpacked size of a small file can be huge.
    pixels: int = 20_000_000
    #: Seconds of one sound: the model hears all of it at once.
    seconds: float = 10.0
    #: Pixels of all pictures together: 10,000 of 224 x 224; a core decodes them in ten seconds.
    pixels_together: int = 512_000_000
    #: Samples of all sounds together, in every channel: two and a half hours at 44.1 kHz.
    samples_together: int = 400_000_000
    #: MiB of the arrays that are made of all this and kept: 10,000 thumbnails, and what else there
    #: is. A column of text takes the room of its longest cell in every row.
    arrays_mib: int = 320


DEFAULT = Limits()
MIB = 1024**2
