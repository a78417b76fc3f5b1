"""Small files that become large: refused from their headers, in words that name the limit."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dmil_core.data.files.assemble import Assembled, assemble
from dmil_core.data.files.budget import Account, Accountant, BudgetError, Cost, most_of
from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.data.files.media import Files
from dmil_core.data.files.pictures import read_picture
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import InputRole, guess
from dmil_core.data.files.sounds import read_sound
from dmil_core.data.files.table import Table
from dmil_core.data.media import _Kept
from dmil_core.data.npz import write_arrays
from dmil_core.errors import DataError
from dmil_core.io.archives import check_directory
from tests.core.data.archives import empty_members, encoded, packed, png, wav

REPOSITORY = Path(__file__).resolve().parents[4]


def cpu(work: Callable[[], object]) -> float:
    """Seconds of this process that something takes."""
    before = time.process_time()
    work()
    return time.process_time() - before


def assembled(
    names: list[str], content: bytes, limits: Limits = DEFAULT, account: Account | None = None
) -> Assembled:
    """The set of a table that names a picture or a sound in each row, and of a .zip."""
    rows = len(names)
    frame = pd.DataFrame({"file": names, "value": np.arange(rows) / 7, "y": np.arange(rows) % 2})
    table = replace(read(frame, limits), files=Files(content, limits))
    roles = guess(table)
    value = InputRole("value", "vector", ("value",))
    roles = replace(roles, inputs=(InputRole("file", "image", ("file",)), value), id="")
    return assemble(table, roles, Repairs(), "my-set", "Mine", "", limits, account)


def read(frame: pd.DataFrame, limits: Limits) -> Table:
    return read_table([Named("t.csv", frame.to_csv(index=False).encode())], limits=limits)


def said(made: Assembled) -> str:
    assert made.dataset is None
    return "\n".join(f"{i.title} {i.what_to_do}" for i in made.issues)


# --- accounts --------------------------------------------------------------------------------


def test_one_owner_may_take_so_much_and_all_together_so_much() -> None:
    accountant = Accountant(Cost(arrays=10 * MIB), Cost(arrays=15 * MIB))
    ann, bob = accountant.account("ann"), accountant.account("bob")
    with pytest.raises(BudgetError, match="11 MiB of arrays, and one upload may have 10") as own:
        ann.charge("the table", Cost(arrays=11 * MIB), "Use fewer rows.")
    assert str(own.value).endswith("Use fewer rows.")
    ann.charge("the table", Cost(arrays=8 * MIB))
    with pytest.raises(BudgetError, match="one upload may have 10, of which 8 are taken"):
        ann.charge("input 1", Cost(arrays=4 * MIB))
    with pytest.raises(BudgetError, match=r"all visitors may have 15 .* 8 are taken\. Wait"):
        bob.charge("the table", Cost(arrays=8 * MIB))
    ann.charge("the table", Cost(arrays=2 * MIB))
    bob.charge("the table", Cost(arrays=8 * MIB))
    assert accountant.charged == Cost(arrays=10 * MIB)


def test_what_is_refused_released_or_of_somebody_who_has_gone_is_free_again() -> None:
    accountant = Accountant(Cost(pixels=10))
    ann = accountant.account("ann")
    ann.charge("a", Cost(pixels=6))
    ann.charge("b", Cost(pixels=4))
    with pytest.raises(BudgetError):
        ann.charge("a", Cost(pixels=7))
    assert accountant.charged == Cost(pixels=4)
    ann.charge("a", Cost(pixels=1))
    ann.release("a", "nothing")
    assert accountant.charged == Cost(pixels=4)
    accountant.close_all_but(["ann"])
    assert accountant.charged == Cost(pixels=4)
    accountant.close_all_but(["bob"])
    assert accountant.charged == Cost()
    ann.charge("a", Cost(pixels=1))
    ann.release()
    assert accountant.charged == Cost()


def test_visitors_at_the_same_moment_do_not_exceed_what_there_is_together() -> None:
    accountant = Accountant(Cost(files=1), Cost(files=7))
    taken = []

    def visit(name: str) -> None:
        try:
            accountant.account(name).charge("a", Cost(files=1))
            taken.append(name)
        except BudgetError:
            pass

    threads = [threading.Thread(target=visit, args=(str(i),)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 7


# --- tables ----------------------------------------------------------------------------------

#: Reads a file and makes its set in a process of its own: what is said, and by how many MiB its
#: memory grew.
_MEASURED = """
import io, resource, sys
import numpy as np, pandas as pd, pyarrow.parquet
from dmil_core.data.files.assemble import assemble
from dmil_core.data.files.reader import Named, read_table
from dmil_core.data.files.repairs import Repairs
from dmil_core.data.files.roles import InputRole, Roles
from dmil_core.errors import DataError
content = sys.stdin.buffer.read()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
frame = pd.DataFrame({"a": ["x"] * 9})
frame.to_parquet(io.BytesIO())
before = peak()
try:
    table = read_table([Named(f"t.{sys.argv[1]}", content)])
    inputs = InputRole("t", "text", ("t",)), InputRole("b", "vector", ("b",))
    for issue in assemble(table, Roles(inputs, "label", "id"), Repairs(), "n").issues:
        print(issue)
except DataError as error:
    print(error)
print(peak() - before)
"""


def measured(kind: str, content: bytes) -> tuple[str, int]:
    answer = subprocess.run(
        [sys.executable, "-c", _MEASURED, kind], input=content, capture_output=True, check=True,
        cwd=REPOSITORY,
    )  # fmt: skip
    *words, grown = answer.stdout.decode().strip().split("\n")
    return "\n".join(words), int(grown)


def test_a_text_that_is_stored_once_and_meant_50000_times_is_refused_before_it_is_written_out() -> (
    None
):
    rows = 50_000
    text = pd.Categorical.from_codes(np.arange(rows) % 2, ["x" * 2000, "y" * 1999])
    frame = pd.DataFrame(
        {"id": [f"r{i}" for i in range(rows)], "t": text, "b": 1.0, "label": ["u", "v"] * 25_000}
    )
    stream = io.BytesIO()
    frame.to_parquet(stream)
    assert len(stream.getvalue()) < MIB
    words, grown = measured("parquet", stream.getvalue())
    assert "MiB of arrays, and one upload may have 320" in words
    assert "'t', with up to 2,000 characters" in words
    assert grown < 100


def test_one_long_cell_does_not_take_its_room_in_every_row_of_a_csv() -> None:
    lines = ["id,t,b,label", *(f"{i},x,1,{i % 2}" for i in range(50_000))]
    lines[7] = f"6,{'x' * 2000},1,0"
    content = "\n".join(lines).encode()
    assert len(content) < MIB
    words, grown = measured("csv", content)
    assert "MiB of arrays, and one upload may have 320" in words
    assert "'t', with up to 2,000 characters" in words
    assert grown < 100


def test_a_csv_takes_at_most_five_times_its_size_while_it_is_read() -> None:
    """A file of 100 MiB with as many cells as a table may have takes half a GiB, for seconds."""
    row = ",".join(f"{n / 400:.2f}" for n in range(400))
    lines = [",".join(["id", "label", "t", "b", *(f"a_{n}" for n in range(400))])]
    lines += [f"r{i},{'ab'[i % 2]},word {i % 7},{i},{row}" for i in range(6000)]
    content = "\n".join(lines).encode()
    words, grown = measured("csv", content)
    assert "MiB" not in words
    assert grown < 5 * len(content) / MIB + 50


# --- pictures --------------------------------------------------------------------------------


def one_bit(side: int) -> bytes:
    stream = io.BytesIO()
    Image.new("1", (side, side), 1).save(stream, "PNG")
    return stream.getvalue()


def test_90_one_bit_pictures_are_refused_together_before_one_is_decoded() -> None:
    content = one_bit(4400)
    names = [f"p{i}.png" for i in range(90)]
    archive = packed(dict.fromkeys(names, content))
    made = []
    assert cpu(lambda: made.append(assembled(names, archive))) < 2
    words = said(made[0])
    assert "input 1: 1,742 million pixels, and one upload may have 512 million" in words
    assert "Make the pictures smaller" in words


def test_a_picture_that_every_row_names_is_decoded_once() -> None:
    archive = packed({"p.png": one_bit(4400)})
    made = []
    assert cpu(lambda: made.append(assembled(["p.png"] * 300, archive))) < 2
    assert made[0].dataset is not None
    assert made[0].media["media1.npz"]["pixels"].shape[0] == 300
    # The array has a place for every row all the same.
    assert "MiB of arrays, and one upload may have 320" in said(
        assembled(["p.png"] * 20_000, archive)
    )


def test_another_title_does_not_decode_the_pictures_again_but_another_column_does() -> None:
    limits = replace(DEFAULT, least_rows=6)
    archive = packed({"a.png": one_bit(4000), "b.png": png(colour=(0, 255, 0))})
    rows = pd.DataFrame({"one": ["a.png"] * 12, "two": ["b.png"] * 12, "y": [0, 1] * 6})
    table = replace(read(rows, limits), files=Files(archive, limits))
    roles = guess(table)
    accountant = Accountant(most_of(limits))

    def make(inputs: tuple[str, str]) -> Assembled:
        chosen = replace(roles, inputs=tuple(InputRole(n, "image", (n,)) for n in inputs))
        account = accountant.account("")
        return assemble(table, chosen, Repairs(), "my-set", "", "", limits, account)

    first = make(("one", "two"))
    charged = accountant.charged
    assert charged.pixels == 4000 * 4000 + 8 * 6
    again = make(("one", "two"))
    assert again.media["media1.npz"]["pixels"] is first.media["media1.npz"]["pixels"]
    assert accountant.charged == charged
    swapped = make(("two", "one"))
    assert swapped.dataset is not None
    assert swapped.media["media1.npz"]["pixels"][0, 48, 48].tolist() == [0, 255, 0]
    assert accountant.charged == charged


def test_pictures_are_freed_when_other_columns_are_chosen_or_they_cannot_be_used() -> None:
    limits = replace(DEFAULT, least_rows=6)
    accountant = Accountant(most_of(limits))
    account = accountant.account("")
    names = ["a.png"] * 11 + ["b.png"]
    made = assembled(names, packed({"a.png": png(), "b.png": b"none"}), limits, account)
    assert "not readable as pictures: 1 file" in said(made)
    assert accountant.charged.pixels == 0


def png_with(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A picture with further parts before its pixels."""
    content = png(40, 30)
    parts = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return content[:33] + parts + content[33:]


def test_packed_texts_in_a_picture_are_not_unpacked() -> None:
    """Sixty texts of a mebibyte, a kilobyte each as they are packed."""
    bomb = zlib.compress(b"x" * (MIB - 1), 9)
    content = png_with([(b"zTXt", b"Comment\0\0" + bomb), (b"iTXt", b"A\0\1\0\0\0" + bomb)] * 30)
    assert len(content) < MIB // 8
    assert cpu(lambda: [read_picture(content) for _ in range(30)]) < 1
    assert (read_picture(content) == read_picture(png(40, 30))).all()


def test_a_picture_that_an_exif_part_turns_is_still_turned_without_its_texts() -> None:
    picture = Image.new("RGB", (40, 20), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 0, 20, 20))
    exif = Image.Exif()
    exif[274] = 6  # the first row is the right side
    stream = io.BytesIO()
    picture.save(stream, "PNG", exif=exif, icc_profile=b"\0" * 200)
    seen = read_picture(stream.getvalue())
    assert seen[10, 48].tolist() == [0, 0, 255]
    assert seen[85, 48].tolist() == [255, 0, 0]


# --- sounds ----------------------------------------------------------------------------------


def test_many_long_sounds_are_refused_together_before_one_is_decoded() -> None:
    """Ten seconds of silence in 16 channels at 192 kHz are 60 kB, and 31 million samples."""
    content = encoded(np.zeros((1_919_000, 8), np.float32), "FLAC", "PCM_16", 192_000)
    assert len(content) < MIB // 4
    names = [f"s{i}.flac" for i in range(60)]
    archive = packed(dict.fromkeys(names, content))
    made = []
    assert cpu(lambda: made.append(assembled(names, archive))) < 2
    words = said(made[0])
    assert "input 1: 921 million samples of sound, and one upload may have 400 million" in words
    assert "mono" in words


def test_a_sound_that_every_row_names_is_decoded_once_and_is_every_row_s() -> None:
    archive = packed({"s.flac": encoded(np.zeros(480_000, np.float32), "FLAC", "PCM_16", 48_000)})
    made = []
    assert cpu(lambda: made.append(assembled(["s.flac"] * 300, archive))) < 3
    assert made[0].dataset is not None
    assert len(made[0].media["media1.npz"]["wave"]) == 300 * 80_000
    assert "MiB of arrays" in said(assembled(["s.flac"] * 4_000, archive))


def test_a_rate_that_has_nothing_in_common_with_ours_costs_no_more_than_others() -> None:
    content = encoded(0.5 * np.sin(np.arange(40_000) / 50), "WAV", "PCM_16", 199_999)
    assert cpu(lambda: [read_sound(content) for _ in range(20)]) < 1
    usual = read_sound(encoded(0.5 * np.sin(np.arange(40_000) / 50), "WAV", "PCM_16", 200_000))
    heard = read_sound(content)
    assert len(heard) == len(usual) == 1600
    assert np.abs(heard.astype(int) - usual)[50:-50].max() < 300


def test_a_long_header_of_a_sound_costs_no_more_than_its_bytes() -> None:
    plain = wav()
    notes = b"LIST" + struct.pack("<I", 9 * MIB) + b"\0" * (9 * MIB)
    content = plain[:12] + notes + plain[12:]
    content = b"RIFF" + struct.pack("<I", len(content) - 8) + content[8:]
    assert cpu(lambda: read_sound(content)) < 1
    assert (read_sound(content) == read_sound(plain)).all()


# --- archives --------------------------------------------------------------------------------


def test_a_million_entries_are_refused_before_a_list_of_them_is_made() -> None:
    content = empty_members(300_000)
    assert len(zipfile.ZipFile(io.BytesIO(empty_members(3))).infolist()) == 3
    tracemalloc.start()
    with pytest.raises(DataError, match=r"about 300,000 entries\. Expected at most 20,000"):
        Files(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MIB
    with pytest.raises(DataError, match="300,000 entries"):
        check_directory(io.BytesIO(content), 1000)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_may_ask_for_gigabytes_are_refused(packing: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", packing) as archive:
        archive.writestr("p.png", png())
    with pytest.raises(DataError, match=r"packed in a way .* usual \.zip"):
        Files(stream.getvalue())


def test_an_archive_in_an_archive_is_a_file_that_is_no_picture() -> None:
    inner = packed({"p.png": png()})
    made = assembled(["p.png"] * 40, packed({"p.png": inner}))
    assert "not readable as pictures: 40 files" in said(made)


# --- raw media that stay in memory -----------------------------------------------------------


def test_raw_media_in_memory_are_bounded_by_their_bytes_and_freed_with_their_set(
    tmp_path: Path,
) -> None:
    kept = _Kept(3000)
    for name in ("a", "b", "c", "d"):
        write_arrays(tmp_path / name / "media1.npz", {"x": np.full(1000, ord(name), np.uint8)})
        arrays = kept.read(tmp_path / name / "media1.npz", 1)
        assert arrays["x"][0] == ord(name)
    assert kept.bytes == 3000
    same = kept.read(tmp_path / "d" / "media1.npz", 1)["x"]
    assert kept.read(tmp_path / "d" / "media1.npz", 1)["x"] is same
    assert kept.read(tmp_path / "d" / "media1.npz", 2)["x"] is not same
    kept.forget(tmp_path / "d")
    assert kept.bytes == 2000
