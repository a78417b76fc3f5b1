"""Cases that nobody reported yet: relatives of the known ones in other dialects and types."""

from __future__ import annotations

import gzip
from typing import Any, Final

import numpy as np
import pyarrow as pa
from PIL import Image

from tests.core.data.archives import encoded, packed
from tests.core.data.files.made import tarred
from tests.inputs.cases import (
    LEFT_RIGHT,
    Case,
    Files,
    N,
    ab,
    arrays,
    differ,
    ids,
    image,
    media,
    photo,
    pixels,
    same,
    shapes,
    sides,
    table,
    text,
    tone,
    wave,
)
from tests.inputs.known import (
    KINDS,
    LISTS,
    PICTURE_SOUND,
    Y,
    noise,
    of_x,
    stored,
)

TENS: Final = [10.5 + i for i in range(N)]
SWAPPED: Final = str.maketrans(",.", ".,")


def one(word: str, cells: list[Any], *said: str, holds: Any = None, **more: Any) -> Case:
    """A table whose first column of numbers is written in some way."""
    says = tuple(f"40 cells of 'left_0' are written with {s}" for s in said)
    return Case(f"number {word}", lambda: table(sides(left_0=cells)), N, LEFT_RIGHT, says=says,
                holds=holds or same(1, 0, TENS), **more)  # fmt: skip


def gap(word: str) -> Case:
    """A word that means that nothing is there, in four of forty cells of numbers."""
    cells = [word if i in (3, 9, 20, 31) else v for i, v in enumerate(TENS)]
    return Case(f"missing {word!r}", lambda: table(sides(left_0=cells)), N, LEFT_RIGHT,
                says=("numbers are missing in 4 of 40 rows (10 %): 'left_0'",),
                offers=(("missing", "drop"), ("missing", "mean")))  # fmt: skip


DIALECTS: Final = [
    Case("dialect UTF-16 of a spreadsheet", lambda: {"t.txt": text(sides(), "\t").encode("utf-16")},
         N, LEFT_RIGHT),
    Case("dialect byte order mark and CR LF", lambda: {
        "t.csv": b"\xef\xbb\xbf" + text(sides()).replace("\n", "\r\n").encode()}, N, LEFT_RIGHT),
    Case("dialect packed by gzip", lambda: {"t.csv.gz": gzip.compress(text(sides()).encode())}, N,
         LEFT_RIGHT),
    Case("dialect blanks between", lambda: table(sides(), " ", "t.dat.txt"), N, LEFT_RIGHT),
    Case("dialect columns in line", lambda: {"t.txt": aligned()}, N, LEFT_RIGHT),
    Case("dialect names of rows by R", lambda: {"t.csv": named_rows()}, N, LEFT_RIGHT, id="index",
         says=("1 column without a name: called 'index'",), holds=ids("1", "2")),
    Case("dialect titles above", lambda: {"t.csv": b"Report of 2026\nby device 7\n\n"
                                          + text(sides()).encode()}, N, LEFT_RIGHT,
         says=("3 lines above the table are left out, such as 'Report of 2026'",)),
    Case("dialect of Chinese Windows", lambda: {"t.csv": text(sides(label=[
        "\u597d", "\u574f"] * (N // 2))).encode("gb18030")}, N, LEFT_RIGHT,
        classes=("\u574f", "\u597d"), reading={"encoding": "gb18030"}),
    Case("dialect without names, numbers alone", lambda: table(sides(label=[
        i % 3 for i in range(N)]), header=False), N, label="column 5", classes=("0", "1", "2"),
        unused=dict.fromkeys((f"column {i}" for i in range(1, 5)),
                             "their names suggest no two or three groups"),
        says=("the first row looks like the others",), error="no input is chosen"),
    Case("dialect units below the names", lambda: {"t.csv": text(sides()).replace(
        "\n", "\nmm,mm,g,g,\n", 1).encode()}, N + 1, LEFT_RIGHT,
        says=("1 cell of 'left_0' is no number, such as 'mm'", "1 cell of 'left_1' is no number",
              "1 cell of 'right_0' is no number", "1 cell of 'right_1' is no number",
              "the label 'label' is missing in 1 of 41 rows")),
    Case("dialect an empty column at the end", lambda: {"t.csv": text(sides()).replace(
        "\n", ",\n").encode()}, N, LEFT_RIGHT,
        says=("columns without a name and without a value: 1, left out",)),
]  # fmt: skip


def aligned() -> bytes:
    rows = [line.split(",") for line in text(sides()).splitlines()]
    return "\n".join("  ".join(f"{cell:>8}" for cell in row) for row in rows).encode()


def named_rows() -> bytes:
    lines = text(sides()).splitlines()
    return "\n".join([lines[0], *(f"{i},{line}" for i, line in enumerate(lines[1:], 1))]).encode()


NUMBERS: Final = [
    one("with thousands and a comma", [f"{1000 + v:,.1f}".translate(SWAPPED) for v in TENS],
        "a decimal comma and points between thousands",
        holds=same(1, 0, [1000 + v for v in TENS])),
    one("with a code of money", [f"USD {v}" for v in TENS], "the unit USD"),
    one("with a code behind", [f"{v} EUR" for v in TENS], "the unit EUR"),
    one("with one day and more", [f"{v} day{'s' if i % 3 else ''}" for i, v in enumerate(TENS)],
        "the unit days and day turned into days"),
    one("with units of two cases", [f"{v} {'kg' if i % 3 else 'KG'}" for i, v in enumerate(TENS)],
        "the unit kg and KG turned into kg"),
    one("with inches and cm", [f"{v} cm" if i % 3 else f"{v / 2.54!r} in"
                               for i, v in enumerate(TENS)],
        "the unit cm and in turned into cm"),
    one("with thousands as k", [f"{v}k" if i % 3 else f"{1000 * v:.0f}"
                                for i, v in enumerate(TENS)],
        "the unit k and  turned into k"),
    one("with a unit in Chinese", [f"{v}\u5398\u7c73" for v in TENS], "the unit \u5398\u7c73"),
    one("with a unit in Russian", [f"{v} \u0440\u0443\u0431." for v in TENS],
        "the unit \u0440\u0443\u0431."),
    one("in Arabic", [f"{v}".translate(str.maketrans("0123456789.", "\u0660\u0661\u0662\u0663\u0664"
        "\u0665\u0666\u0667\u0668\u0669\u066b")) for v in TENS]),
    one("in wide letters", [f"{v}".translate(str.maketrans("0123456789.", "\uff10\uff11\uff12\uff13"
        "\uff14\uff15\uff16\uff17\uff18\uff19\uff0e")) for v in TENS]),
    one("with the minus behind", [f"{v}-" if i % 2 else f"{v}" for i, v in enumerate(TENS)],
        holds=same(1, 0, [-v if i % 2 else v for i, v in enumerate(TENS)])),
    one("in the way of Switzerland", [f"{1000 + v:,.1f}".replace(",", "'") for v in TENS],
        "apostrophes between thousands",
        holds=same(1, 0, [1000 + v for v in TENS])),
    one("that are about so many", [f"ca. {v}" if i % 2 else f"{v}" for i, v in enumerate(TENS)],
        "limits such as <0.5"),
    one("with marks of footnotes", [f"{v}*" if i % 5 == 0 else f"{v}" for i, v in enumerate(TENS)],
        "marks such as *, left out"),
    one("in brackets", [f"({v})" for v in TENS], "brackets around all of them, left out"),
    one("in brackets now and then", [f"({v})" if i % 4 == 0 else f"{v}"
                                   for i, v in enumerate(TENS)],
        "brackets around some of them, taken as negative",
        holds=same(1, 0, [-v if i % 4 == 0 else v for i, v in enumerate(TENS)])),
    one("with powers of ten", [f"{v / 100} \u00d7 10^2" if i % 2 else f"{v / 100}\u00d710\u00b2"
                               for i, v in enumerate(TENS)]),
    Case("number that stands for none", lambda: table(sides(left_0=[
        -999 if i % 10 == 3 else v for i, v in enumerate(TENS)])), N, LEFT_RIGHT,
        says=("'left_0' is -999 in 4 of 40 rows (10 %), far from all other numbers",)),
    *map(gap, ("\\N", "(null)", "#N/D", "k.A.", "..", "not measured", "\u65e0", "NaN ")),
]  # fmt: skip


def shown(word: str, cells: list[Any], why: str, says: tuple[str, ...] = ()) -> Case:
    """A column that is no input, though it is not empty."""
    return Case(f"column {word}", lambda: table(sides(v=cells)), N, LEFT_RIGHT, unused={"v": why},
                says=says)  # fmt: skip


COLUMNS: Final = [
    shown("of files that nobody knows", [f"scan{i:03}.xyz" for i in range(N)],
          "names of .xyz files, which cannot be read"),
    shown("of pictures in AVIF", [f"scan{i:03}.avif" for i in range(N)],
          "names of .avif files, which cannot be read"),
    shown("of days in Chinese", [f"2026\u5e74{1 + i % 12}\u6708{1 + i % 28}\u65e5"
                                 for i in range(N)], "dates"),
    shown("of days in Russian", [f"{1 + i % 28} \u044f\u043d\u0432\u0430\u0440\u044f 2026"
                                 for i in range(N)], "dates"),
    shown("of years in Chinese", [f"{2001 + i % 9}\u5e74" for i in range(N)],
          "years, 2001 to 2009"),
    shown("of labels", [["red, blue", "red", "blue, green", "green"][i % 4] for i in range(N)],
          "several labels in a cell"),
    Case("column of numbers with semicolons", lambda: table(sides(emb=[
        ";".join(map(str, row)) for row in LISTS])), N, LEFT_RIGHT | {"emb": ("vector", 1)},
        holds=shapes((2,), (2,), (4,))),
    Case("column of numbers with their errors", lambda: table(sides(v=[
        f"{v} \u00b1 0.{1 + i % 9}" for i, v in enumerate(TENS)])), N,
        LEFT_RIGHT | {"v": ("vector", 1)}, holds=shapes((2,), (2,), (2,))),
    Case("column of feet and inches", lambda: table(sides(v=[f"5'{i % 7}\"" for i in range(N)])), N,
         LEFT_RIGHT | {"v": ("vector", 1)},
         says=("the cells of 'v' hold numbers, such as '5\\'0\"', and are taken as words",)),
    Case("column of numbers to call", lambda: table(sides(v=[
        f"+49 170 12345{i:02}" for i in range(N)])), N, LEFT_RIGHT, id="v"),
    Case("column of lists without commas", lambda: table(sides(emb=[
        f"[{' '.join(map(str, row))}]" for row in LISTS])), N, LEFT_RIGHT | {"emb": ("vector", 1)},
        holds=shapes((2,), (2,), (4,))),
]  # fmt: skip


def of_class(
    name: str, words: list[Any], classes: tuple[str, ...], *says: str, **more: Any
) -> Case:
    return Case(f"label {name}", lambda: table(sides(label=words * (N // len(words)))), N,
                LEFT_RIGHT, classes=classes, says=says)  # fmt: skip


LABELS: Final = [
    of_class("with marks apart from letters", ["Mu\u0308ller", "M\u00fcller", "Maier", "Maier"],
             ("Maier", "M\u00fcller"), "written otherwise than the class"),
    of_class("in wide letters", ["\uff21", "A", "B", "B"], ("A", "B", "\uff21"),
             "classes that differ only by case or blanks: 'A', '\uff21'"),
    of_class("of doses", ["5 mg", "10 mg"], ("5 mg", "10 mg"),
             "40 cells of 'label' are written with the unit mg"),
    of_class("of two ranges", ["<=50K", ">50K"], ("<=50K", ">50K")),
    of_class("of codes", ["007", "07"], ("007", "07")),
    of_class("of versions", ["1.1", "1.10"], ("1.1", "1.10")),
    of_class("in emoji", ["\U0001f600", "\U0001f622"], ("\U0001f600", "\U0001f622")),
    of_class("in Arabic", ["\u0646\u0639\u0645", "\u0644\u0627"], ("\u0644\u0627",
                                                                   "\u0646\u0639\u0645")),
    of_class("true in two ways", ["True", "TRUE", "false", "False"], ("false", "true"),
             "written otherwise than the class"),
    of_class("with blanks", ["yes", "yes ", "no", "no"], ("no", "yes"),
             "written otherwise than the class"),
    Case("label of 32 bits", lambda: stored(label=pa.array([0.1, 0.2] * (N // 2), pa.float32())),
         N, LEFT_RIGHT, classes=("0.1", "0.2")),
    Case("label of bytes", lambda: arrays(x1=noise(), x2=noise(seed=1), y=Y.astype("S1")), 60,
         of_x(), "y"),
    Case("label of text in a dictionary", lambda: stored(label=pa.array(ab()).dictionary_encode()),
         N, LEFT_RIGHT),
    Case("label of truth values with gaps", lambda: stored(label=pa.array(
        [None if i == 5 else i % 2 == 0 for i in range(N)])), N, LEFT_RIGHT,
        classes=("false", "true"), says=("the label 'label' is missing in 1 of 40 rows (2.5 %)",)),
    Case("label in columns of its own", lambda: table({k: v for k, v in sides(
        label_a=[i % 3 == 0 for i in range(N)], label_b=[i % 3 == 1 for i in range(N)],
        label_c=[i % 3 == 2 for i in range(N)]).items() if k != "label"}), N, LEFT_RIGHT,
        "label_a", ("false", "true"), unused={"label_b": "named like a label, which is 'label_a'",
                                              "label_c": "named like a label"}),
]  # fmt: skip


def numbered() -> dict[str, Any]:
    names = ("X1", "X2", "X3", "Y1", "Y2")
    return {n: noise(N, seed=i)[:, 0].tolist() for i, n in enumerate(names)} | {"mood": ab()}


ROLES: Final = [
    Case("split without val", lambda: table(sides(split=[
        ["train", "test"][i // 2 % 4 == 3] for i in range(N)])),
         N, LEFT_RIGHT, split="split", says=("the split 'split' has no val rows; 4 of 30 training "
         "rows are taken for it",), offers=(("val", "train"),)),
    Case("split without val, refused", lambda: table(sides(split=["train", "test"] * 20, label=[
        "aabb"[i % 4] for i in range(N)])), N, LEFT_RIGHT, split="split",
        error="the split 'split' has no val rows", offers=(("val", "train"),),
        repairs={"val": "error"}),
    Case("split in other words", lambda: table(sides(Subset=[
        ["Training set", "Training set", "Evaluation set", "hold-out", "validation set"][i % 5]
        for i in range(N)])), N, LEFT_RIGHT, split="Subset"),
    Case("split as true and false", lambda: table(sides(is_train=[
        i // 2 % 4 != 3 for i in range(N)])), N, LEFT_RIGHT, split="is_train",
        says=("the split 'is_train' has no val rows; 4 of 30 training rows are taken for it",),
        offers=(("val", "train"),)),
    Case("split in numbers", lambda: table(sides(split=[i // 8 for i in range(N)])), N, LEFT_RIGHT,
         group="split", says=("rows of one 'split' stay together in one split",)),
    Case("group of animals", lambda: table(sides(mouse_no=[i // 4 for i in range(N)])), N,
         LEFT_RIGHT, group="mouse_no", says=("rows of one 'mouse_no' stay together in one split",)),
    Case("group that is none: an age", lambda: table(sides(subject_age=[
        20 + i % 7 for i in range(N)])), N, LEFT_RIGHT | {"subject_age": ("vector", 1)}),
    Case("group that is none: of ages", lambda: table(sides(age_group=[
        ["20-30", "30-40", "40-50"][i % 3] for i in range(N)])), N,
        LEFT_RIGHT | {"age_group": ("vector", 1)},
        says=("the cells of 'age_group' hold numbers, such as '20-30', and are taken as words",)),
    Case("group that is called an id", lambda: table(sides(id=[f"s{i // 4}" for i in range(N)])), N,
         LEFT_RIGHT, group="id", says=("rows of one 'id' stay together in one split",)),
    Case("inputs numbered from X1 on", lambda: table(numbered()), N,
         {"X": ("vector", 3), "Y": ("vector", 2)}, "mood"),
    Case("id by number", lambda: table({"Patient No.": [1000 + 37 * i for i in range(N)]}
                                       | sides()), N, LEFT_RIGHT, id="Patient No.",
         holds=ids("1000", "1037")),
    Case("id with underscores", lambda: table(sides(sample=[
        f"sub{i:02}__trial" for i in range(N)])), N, LEFT_RIGHT, id="sample",
        holds=ids("sub00__trial")),
    Case("id called Unnamed: 0", lambda: table({"Unnamed: 0": range(N)} | sides()), N, LEFT_RIGHT,
         id="Unnamed: 0"),
]  # fmt: skip


def as_image(mode: str, format: str = "PNG", **how: Any) -> Any:
    """Pictures of a mode that Pillow knows."""

    def picture(i: int) -> bytes:
        return image(Image.fromarray(pixels(i)).convert(mode), format, **how)

    return picture


def looks(name: str, picture: Any, ending: str = "png", *says: str) -> Case:
    return Case(f"picture {name}", lambda: media(picture, tone, name="p{i}." + ending), 36,
                PICTURE_SOUND, classes=KINDS, says=says, holds=differ(1))  # fmt: skip


def sounds(name: str, format: str, subtype: str, ending: str = "wav") -> Case:
    def sound(i: int) -> bytes:
        return encoded(np.tile(wave(i, 0.4), 2), format, subtype, 8000)

    return Case(f"sound {name}", lambda: media(photo, sound, heard="s{i}." + ending), 36,
                PICTURE_SOUND, classes=KINDS, holds=differ(2))  # fmt: skip


def turned(i: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return image(Image.fromarray(pixels(i)), "JPEG", exif=exif, quality=95)


MEDIA: Final = [
    looks("of a palette", as_image("P")), looks("of one bit", as_image("1")),
    looks("for print", as_image("CMYK", "JPEG"), "jpg"), looks("in WebP", as_image("RGB", "WEBP"),
                                                              "webp"),
    looks("in GIF", as_image("P", "GIF"), "gif"), looks("turned by a camera", turned, "jpeg"),
    looks("grey with transparency", as_image("LA")),
    looks("in JFIF", as_image("RGB", "JPEG"), "jfif"),
    sounds("of 24 bits", "WAV", "PCM_24"), sounds("by telephone", "WAV", "ULAW"),
    sounds("in AIFF", "AIFF", "PCM_16", "aiff"), sounds("in AU", "AU", "PCM_16", "au"),
    sounds("in RF64", "RF64", "PCM_16"), sounds("in MP3", "MP3", "MPEG_LAYER_III", "mp3"),
    sounds("in Opus", "OGG", "OPUS", "opus"),
    Case("media by paths of Windows", lambda: media(
        photo, tone, at="data/{name}", said="C:\\Users\\me\\data\\{name}"), 36, PICTURE_SOUND,
        classes=KINDS, holds=differ(1, 2)),
    Case("media in two archives", lambda: apart(), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1, 2)),
    Case("media with the table inside", lambda: inside(), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1, 2)),
    Case("media with blanks as in addresses", lambda: media(
        photo, tone, name="my {i}.png", said="https://a.b/my%20{i}.png"), 36, PICTURE_SOUND,
        classes=KINDS, holds=differ(1)),
    Case("media in folders of classes", lambda: {"m.zip": packed({
        f"pets/{'even' if i % 2 == 0 else 'odd'}/{i}.{e}": f(i)
        for i in range(36) for e, f in (("png", photo), ("wav", tone))})}, 36,
        {"png": ("image", 1), "wav": ("audio", 1)}, classes=KINDS, id="key"),
    Case("media in archives called by their class", lambda: {f"{k}.zip": packed({
        f"{i}.{e}": f(2 * i + n) for i in range(18) for e, f in (("png", photo), ("wav", tone))})
        for n, k in enumerate(("cat", "dog"))}, 36, {"png": ("image", 1), "wav": ("audio", 1)},
        classes=("cat", "dog"), unused={"key": "names of the files"},
        says=("the names of the archives are the label: cat, dog",)),
    Case("media in folders of splits without val", lambda: {"m.zip": packed({
        f"d/{['train', 'train', 'test'][i // 2 % 3]}/{'ab'[i % 2]}/{i}.{e}": f(i)
        for i in range(36) for e, f in (("png", photo), ("wav", tone))})}, 36,
        {"png": ("image", 1), "wav": ("audio", 1)}, id="key", split="split",
        says=("the split 'split' has no val rows; 4 of 24 training rows are taken for it",),
        offers=(("val", "train"),)),
    Case("media in one folder of sounds by person", lambda: {"m.zip": packed({
        f"Actor_{i % 4:02}/clip-{i:02}.wav": tone(i) for i in range(36)})}, 36,
        {"wav": ("audio", 1)}, classes=tuple(f"Actor_{i:02}" for i in range(4)), id="key",
        error="only one input is chosen"),
    Case("media with a table of numbered names", lambda: {"m.zip": packed({
        f"train/{i}.png": photo(i) for i in range(36)} | {"train/metadata.csv": text({
            "file_name": [f"{i}.png" for i in range(36)], "age": [20.5 + i for i in range(36)],
            "label": ab(36)}).encode()})}, 36, {"file_name": ("image", 1), "age": ("vector", 1)},
        holds=differ(1)),
    Case("media called by numbers", lambda: {"t.csv": text({
        "clip": range(36), "f_0": [i * 0.5 for i in range(36)], "f_1": [i * i for i in range(36)],
        "label": ab(36)}).encode(), "m.zip": packed({f"{i}.wav": tone(i) for i in range(36)})}, 36,
        {"clip": ("audio", 1), "f": ("vector", 2)}, holds=differ(1)),
    Case("media in a tar", lambda: {"m.tar": tarred({
        f"{i:03}.{e}": f(i) for i in range(36) for e, f in
        (("png", photo), ("wav", tone), ("cls", lambda i: b"01"[i % 2 : i % 2 + 1]))})}, 36,
        {"png": ("image", 1), "wav": ("audio", 1)}, "cls", ("0", "1"), id="key"),
]  # fmt: skip


def apart() -> Files:
    whole = media(photo, tone)
    pictures = {f"p{i}.png": photo(i) for i in range(36)}
    heard = {f"s{i}.wav": tone(i) for i in range(36)}
    return {"t.csv": whole["t.csv"], "p.zip": packed(pictures), "s.zip": packed(heard)}


def inside() -> Files:
    whole = media(photo, tone)
    members = {f"set/p{i}.png": photo(i) for i in range(36)}
    members |= {f"set/s{i}.wav": tone(i) for i in range(36)}
    return {"m.zip": packed(members | {"set/t.csv": whole["t.csv"], "__MACOSX/set/._t.csv": b"x"})}


TYPED: Final = [
    Case("parquet half floats", lambda: stored(v=pa.array(np.asarray(TENS, np.float16))), N,
         LEFT_RIGHT | {"v": ("vector", 1)}, holds=same(3, 0, TENS)),
    Case("parquet a dictionary of numbers", lambda: stored(v=pa.array(TENS).dictionary_encode()), N,
         LEFT_RIGHT | {"v": ("vector", 1)}, holds=same(3, 0, TENS)),
    Case("parquet large lists", lambda: stored(emb=pa.array(LISTS, pa.large_list(pa.float64()))), N,
         LEFT_RIGHT | {"emb": ("vector", 1)}, holds=shapes((2,), (2,), (4,))),
    Case("parquet large text", lambda: stored(word=pa.array(
        [f"the {['old', 'new'][i % 2]} house of number {i}" for i in range(N)],
        pa.large_string())), N,
        LEFT_RIGHT | {"word": ("text", 1)}),
    Case("parquet durations", lambda: stored(v=pa.array(range(N), pa.duration("s"))), N, LEFT_RIGHT,
         unused={"v": "dates or times"}),
    Case("parquet a map", lambda: stored(v=pa.array([[("a", 1)]] * N, pa.map_(pa.string(),
         pa.int64()))), N, LEFT_RIGHT, unused={"v": "nested"}),
    Case("parquet lists of unequal length", lambda: stored(v=pa.array(
        [[1.0] * (1 + i % 3) for i in range(N)])), N, LEFT_RIGHT, unused={"v": "1 to 3 numbers"}),
    Case("parquet lists of which some are missing", lambda: stored(emb=pa.array(
        [None if i % 10 == 3 else row for i, row in enumerate(LISTS)])), N,
        LEFT_RIGHT | {"emb": ("vector", 1)}, holds=shapes((2,), (2,), (5,)),
        says=("numbers are missing in 4 of 40 rows (10 %): 'emb'",),
        offers=(("missing", "drop"), ("missing", "keep"), ("missing", "mean"))),
    Case("parquet truth values with gaps", lambda: stored(v=pa.array(
        [None if i % 10 == 3 else i % 3 == 0 for i in range(N)])), N,
        LEFT_RIGHT | {"v": ("vector", 1)}, says=("'v' is missing in 4 of 40 rows (10 %)",),
        offers=(("missing", "drop"), ("missing", "keep"), ("missing", "mean")),
        holds=shapes((2,), (2,), (3,))),
    Case("parquet sounds with their path", lambda: stored(sound=pa.array(
        [{"bytes": tone(i % 40), "path": f"{i}.wav"} for i in range(N)])), N,
        LEFT_RIGHT | {"sound": ("audio", 1)}),
    Case("array of grey pictures, channel first", lambda: arrays(
        x1=np.random.default_rng(5).integers(0, 255, (60, 1, 8, 8), dtype=np.uint8), x2=noise(),
        y=Y), 60, of_x("image"), "y", says=("is in PyTorch's order",), holds=shapes((8, 8), (3,))),
    Case("array of bytes in the other order", lambda: arrays(
        x1=noise().astype(">f4"), x2=noise(seed=1).astype(np.float16), y=Y), 60, of_x(), "y",
        holds=shapes((3,), (3,))),
    Case("arrays without names", lambda: arrays(arr_0=noise(), arr_1=noise(seed=1),
         arr_2=np.arange(60) % 2), 60, {"arr_0": ("vector", 1), "arr_1": ("vector", 1)}, "arr_2",
         ("0", "1")),
    Case("arrays of two splits", lambda: arrays(
        x1_train=noise(40), x2_train=noise(40, seed=1), y_train=Y[:40], x1_test=noise(20, seed=2),
        x2_test=noise(20, seed=3), y_test=Y[40:]), 60, of_x(), "y", split="split",
        says=("the arrays of train, test are put one below the other", "the split 'split' has no "
              "val rows; 4 of 40 training rows are taken for it"), offers=(("val", "train"),)),
    Case("arrays called by their names", lambda: arrays(audio=noise(), video=noise(seed=1),
         labels=Y), 60, {"audio": ("vector", 1), "video": ("vector", 1)}, "labels"),
]  # fmt: skip


SIBLINGS: Final = (*DIALECTS, *NUMBERS, *COLUMNS, *LABELS, *ROLES, *MEDIA, *TYPED)
