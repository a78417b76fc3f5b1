"""Decomposition of data larger than memory: from Parquet to a folder of Parquet files.

The source is read in parts (:mod:`dmil_core.data.files.stream`); each becomes one file of the
folder, whole or not at all. Who was interrupted starts the same again: parts whose file is there
are left as they are. ``decompose.json`` says what the folder is of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from torch import nn

from dmil_core.checkpoint import Run, as_new_rows, for_prediction, unknown_labels
from dmil_core.data.card import Card
from dmil_core.data.files.load import Request
from dmil_core.data.files.stream import NewRows, Part, Source, batches
from dmil_core.errors import ConfigError, DataError
from dmil_core.inference.predict import predict
from dmil_core.io.atomic import make_folder, replacing, write_json
from dmil_core.io.parquet import form, open_parquet
from dmil_core.io.reading import MIB, read_json
from dmil_core.io.tables import metadata_of
from dmil_core.schema import SPLITS

#: Of what is written; a folder of another version is refused.
VERSION: Final = 1
ABOUT_FILE: Final = "decompose.json"


@dataclass(frozen=True)
class Decomposed:
    """What is in the folder: its files, their rows, and what is to be said about labels."""

    files: tuple[Path, ...]
    rows: int
    notes: tuple[str, ...]


def decompose(
    model: nn.Module,
    run: Run,
    source: Source,
    out: Path,
    request: Request,
    *,
    latents: bool = False,
    split: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Decomposed:
    """Write a prediction table (see :func:`dmil_core.inference.predict.predict`) in parts.

    Memory does not grow with the rows. The files together are what `dmil decompose` writes of all
    rows at once; ids are not checked for being unique.

    Parameters
    ----------
    model, run
        A checkpoint, as loaded.
    source
        The rows.
    out
        Folder; made if it is not there.
    request
        What the user says of the columns.
    latents
        Whether to add the posterior mean of every latent.
    split
        Only rows of this split.
    progress
        Called with the rows done, and those of the source.

    Raises
    ------
    ConfigError
        If the folder holds something else than the beginning of this very work.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    about = _about(run, source, request, latents, split)
    rows_in = NewRows(source, request, Card.from_dict(run.data_card))
    _claim(out, about)
    files: list[Path] = []
    notes: dict[str, None] = {}
    written = done = start = 0
    for part in source.parts:
        file = out / f"part-{part.number:05d}.parquet"
        kept = _rows_before(file)
        if kept is None:
            kept, note = _write(model, run, part, file, rows_in, start, latents, split)
            notes |= dict.fromkeys(note)
        files.append(file)
        written += kept[0]
        start += kept[1]
        done += part.rows
        if progress is not None:
            progress(done, source.rows)
    return Decomposed(tuple(files), written, tuple(notes))


def _about(
    run: Run, source: Source, request: Request, latents: bool, split: str | None
) -> dict[str, Any]:
    columns = {
        "inputs": list(request.inputs),
        "label": request.label,
        "id": request.id,
        "split": request.split,
        "group": request.group,
        "missing": request.repairs.missing,
        "as_text": list(request.repairs.as_text),
    }
    return {
        "version": VERSION,
        "weights_sha256": run.weights_sha256,
        "source": source.about,
        "columns": columns,
        "latents": latents,
        "only": split,
    }


def _claim(out: Path, about: dict[str, Any]) -> None:
    """Make the folder ours, or see that it is."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        make_folder(out)
        write_json(out / ABOUT_FILE, about)
        return
    try:
        known = read_json(out / ABOUT_FILE, MIB)
    except (DataError, FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            f"{out} is there and holds no decomposition; name a new or an empty folder"
        ) from None
    if known != about:
        changed = [k for k in about if not isinstance(known, dict) or known.get(k) != about[k]]
        raise ConfigError(
            f"{out} holds the decomposition of another work: {', '.join(changed)} differ. Name "
            "another folder, or remove this one"
        )


def _rows_before(file: Path) -> tuple[int, int] | None:
    """Rows of a part that is done, and those it was made of; None where it is not done."""
    if not file.exists():
        return None
    read = open_parquet(file)
    stored = read.schema_arrow.metadata or {}
    return read.metadata.num_rows, int(stored.get(b"rows_in", b"-1"))


def _write(
    model: nn.Module,
    run: Run,
    part: Part,
    file: Path,
    rows_in: NewRows,
    start: int,
    latents: bool,
    split: str | None,
) -> tuple[tuple[int, int], list[str]]:
    """Write one part: rows written and rows read of it, and what is to be said."""
    notes, written, read = [], 0, 0
    writer: pq.ParquetWriter | None = None
    with replacing(file) as temporary:
        try:
            for batch in batches(part):
                rows = rows_in.dataset(batch, part.file.name, start + read)
                matched = as_new_rows(run, for_prediction(run, rows))
                notes += [note] if (note := unknown_labels(matched)) else []
                chosen = matched.rows(split) if split in SPLITS else None
                table = predict(model, run.config.model, matched, chosen, latents=latents)
                arrow = arrow_of(table)
                if writer is None:
                    about = metadata_of({"weights": run.weights_sha256})
                    schema = arrow.schema.with_metadata(about)
                    writer = pq.ParquetWriter(temporary, schema, **form(schema, level=3))
                writer.write_table(arrow)
                written += len(table)
                read += len(rows)
            if writer is not None:
                writer.add_key_value_metadata({"rows_in": str(read)})
        finally:
            if writer is not None:
                writer.close()
    return (written, read), notes


def arrow_of(table: pd.DataFrame) -> pa.Table:
    """The table with types that do not depend on its rows."""
    kinds = {"O": pa.string(), "b": pa.bool_(), "f": pa.float32(), "i": pa.int64()}
    fields = [(name, kinds[kind.kind]) for name, kind in table.dtypes.items()]
    return pa.Table.from_pandas(table, pa.schema(fields), preserve_index=False)
