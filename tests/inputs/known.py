"""The cases that were reported: the kinds 1 to 7 of ways in which files were misunderstood."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from tests.core.data.archives import encoded
from tests.inputs.cases import (
    LEFT_RIGHT,
    Case,
    Files,
    N,
    ab,
    arrays,
    comma,
    differ,
    endless,
    face,
    ids,
    image,
    media,
    mood,
    parquet,
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

CLIPS: Final = [f"03-01-0{5 if i % 3 else 2}-01-0{i % 3}-{i:02}" for i in range(48)]
MOODS: Final = ("angry", "calm")
PICTURE_SOUND: Final = {"picture": ("image", 1), "sound": ("audio", 1)}
KINDS: Final = ("even", "odd")
HUNDREDS: Final = [3000 + 37 * i for i in range(48)]


# --- kind 1: what is left out, and groups cut through ----------------------------------------


def genes(rows: int = N) -> Files:
    rng = np.random.default_rng(0)
    names = [f"{stem}{i}" for stem in ("TP", "BRCA", "EGFR") for i in range(400)]
    values = rng.normal(size=(len(names), rows)).round(2)
    return table({n: v.tolist() for n, v in zip(names, values, strict=True)} | {"label": ab(rows)})


def penguins() -> Files:
    from pathlib import Path

    return {"penguins.csv": (Path(__file__).parent / "penguins.csv").read_bytes()}


def urbansound() -> Files:
    """Folds, and classes as numbers and as words, as UrbanSound8K has them."""
    f = noise(48, 2)
    return table({
        "slice_file_name": [f"{i}-3-0-0.wav" for i in range(48)],
        "fold": [1 + i % 10 for i in range(48)], "classID": [int(m == "calm") for m in mood()],
        "class": mood(), "f_0": f[:, 0].tolist(), "f_1": f[:, 1].tolist(),
    })  # fmt: skip


PREFIXES: Final = (
    "audio_mfcc_mean", "audio_mfcc_sd", "audio_zcr", "audio_rms", "text_len", "text_sentiment",
    "text_caps", "text_ttr", "video_motion", "video_cuts", "video_faces", "video_light",
)  # fmt: skip


def prefixed() -> Files:
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {n: rng.normal(size=48).round(3).tolist() for n in PREFIXES}
    return table(columns | {"label": mood()})


KIND_1: Final = [
    Case("prefix-columns", prefixed, 48, dict.fromkeys(("audio", "text", "video"), ("vector", 4)),
         classes=MOODS),
    Case("csv-1200-genes", genes, N,
         dict.fromkeys(("TP", "BRCA", "EGFR"), ("vector", 400))),
    Case("penguins", penguins, 344, {"bill": ("vector", 2), "rest": ("vector", 4)}, "species",
         ("Adelie", "Chinstrap", "Gentoo"), unused={"year": "years, 2007 to 2009"},
         says=("numbers are missing in 2 of 344 rows (0.6 %)",
               "'sex' is missing in 11 of 344 rows (3.2 %)"),
         offers=(("missing", "drop"), ("missing", "keep"), ("missing", "mean"),
                 ("missing", "drop"), ("missing", "mean"))),
    Case("csv-fold-numbers", lambda: table(sides(fold=[i % 5 for i in range(N)])), N, LEFT_RIGHT,
         group="fold", says=("rows of one 'fold' stay together in one split",)),
    Case("fold-urbansound", urbansound, 48, {"f": ("vector", 2)}, "class", MOODS, group="fold",
         asks={"slice_file_name": "audio"}, unused={"classID": "a number that names something"},
         says=("rows of one 'fold' stay together in one split", "2 of 6 columns are not used",
               "'slice_file_name' names 48 .wav sounds"), error="only one input is chosen"),
    Case("csv-no-header", lambda: table(sides(), header=False), N, label="column 5",
         unused=dict.fromkeys((f"column {i}" for i in range(1, 5)),
                              "their names suggest no two or three groups"),
         says=("the first row looks like the others",), error="no input is chosen"),
]  # fmt: skip


# --- kind 2: text that is none ---------------------------------------------------------------


def clips(ending: str) -> Files:
    return table(face(clip=[f"{c}.{ending}" for c in CLIPS]))


def asked(ending: str) -> Case:
    return Case(f"ext-{ending}", lambda: clips(ending), 48, {"face": ("vector", 2)}, classes=MOODS,
                asks={"clip": "audio"}, error="only one input is chosen",
                says=(f"'clip' names 48 .{ending}", "1 of 4 columns is not used"))  # fmt: skip


def refused(ending: str, what: str) -> Case:
    return Case(f"ext-{ending}", lambda: clips(ending), 48, {"face": ("vector", 2)}, classes=MOODS,
                unused={"clip": f"names of .{ending} {what}"},
                error="only one input is chosen")  # fmt: skip


def embedded() -> Files:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(N, 4)).round(3)
    lists = [f"[{', '.join(f'np.float64({v})' for v in row)}]" for row in rows]
    return table(sides(emb=lists))


KIND_2: Final = [
    Case("csv-decimal-comma", lambda: table({
        n: c if n == "label" else comma(c) for n, c in sides().items()}, ";"), N, LEFT_RIGHT,
        says=("160 cells of 'left_0', 'left_1', 'right_0' and 1 more column are written with a "
              "decimal comma",)),
    Case("csv-thousands", lambda: table(sides(left_0=[f"{8000.5 - 150 * i:,}" for i in range(N)])),
         N, LEFT_RIGHT, says=("40 cells of 'left_0' are written with commas between thousands",),
         holds=same(1, 0, [8000.5 - 150 * i for i in range(N)])),
    Case("csv-percent", lambda: table(sides(left_0=[f"{19.5 + i}%" for i in range(N)])), N,
         LEFT_RIGHT, says=("40 cells of 'left_0' are written with percent",),
         holds=same(1, 0, [19.5 + i for i in range(N)])),
    Case("num-units", lambda: table(face(size_0=[f"{2.5 + i % 7} cm" for i in range(48)],
                                         size_1=[f"{1.5 + i % 9} cm" for i in range(48)])),
         48, {"face": ("vector", 2), "size": ("vector", 2)}, classes=MOODS,
         says=("96 cells of 'size_0', 'size_1' are written with the unit cm",)),
    Case("num-space-thousands", lambda: table(face(v_0=[f"{v:,}".replace(",", " ")
                                                        for v in HUNDREDS])),
         48, {"face": ("vector", 2), "v_0": ("vector", 1)}, classes=MOODS,
         says=("48 cells of 'v_0' are written with blanks between thousands",),
         holds=same(2, 0, HUNDREDS)),
    Case("num-mostly-na", lambda: table(face(
        v_0=[1.64 + i if i % 4 == 0 else "NA" for i in range(48)],
        v_1=[0.07 + i if i % 4 == 0 else "NA" for i in range(48)])),
        48, {"face": ("vector", 2), "v": ("vector", 2)}, classes=MOODS,
        says=("numbers are missing in 36 of 48 rows (75 %): 'v_0', 'v_1'",),
        offers=(("missing", "drop"), ("missing", "keep"), ("missing", "mean"))),
    Case("num-fraction-date", lambda: table(face(
        t_0=[f"{i % 24:02}:{i:02}" for i in range(48)],
        t_1=[f"{1 + i % 12}/{1 + i % 28}/2026" for i in range(48)])),
        48, {"face": ("vector", 2)}, classes=MOODS, unused={"t_0": "dates or times",
                                                             "t_1": "dates"},
        error="only one input is chosen"),
    *map(asked, ("mp3", "flac", "ogg")),
    refused("mp4", "videos"), refused("tif", "pictures"), refused("svg", "pictures"),
    refused("npy", "files"), refused("pt", "files"),
    Case("m-no-ext", lambda: media(photo, tone, said="{stem}"), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1, 2)),
    Case("m-url", lambda: media(photo, tone, said="https://example.org/{name}?size=large"), 36,
         PICTURE_SOUND, classes=KINDS,
         holds=differ(1, 2)),
    Case("csv-embedding-as-string", embedded, N, LEFT_RIGHT | {"emb": ("vector", 1)},
         holds=shapes((2,), (2,), (4,))),
]  # fmt: skip


# --- kind 3: inputs that say nothing ----------------------------------------------------------


def grey16(low: int, step: int) -> Any:
    """Pictures with grey levels of 16 bits from ``low`` on."""

    def one(i: int) -> bytes:
        return image((low + step * pixels(i)[..., 0].astype(int)).astype(np.uint16))

    return one


def drawn_in_alpha(i: int) -> bytes:
    """A black picture, drawn in its transparency alone."""
    rgba = np.zeros((12, 12, 4), np.uint8)
    rgba[..., 3] = 255 * (pixels(i)[..., 0] > 128)
    return image(rgba)


def against(i: int) -> bytes:
    """Two channels that cancel each other."""
    return encoded(np.stack([wave(i), -wave(i)], axis=1), "WAV", "PCM_16", 8000)


def silence(i: int) -> bytes:
    return encoded(np.zeros(800), "WAV", "PCM_16", 8000)


def noise(rows: int = 60, width: int = 3, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)


Y: Final = np.asarray(ab(60))


def written(words: list[str]) -> np.ndarray[Any, Any]:
    return np.asarray(words)


def at_place(place: int, length: int = 41, rows: int = 60) -> np.ndarray[Any, Any]:
    """Texts of common words in which one word tells the class."""
    rng = np.random.default_rng(3)
    texts = []
    for i in range(rows):
        words = [f"w{k}" for k in rng.integers(0, 50, length)]
        words[place] = ["good", "bad"][i % 2]
        texts.append(" ".join(words))
    return written(texts)


def chinese(between: str, rows: int = 60) -> np.ndarray[Any, Any]:
    """Sentences that say the class in one character, with something between the characters."""
    rng = np.random.default_rng(4)
    common = "\u4eca\u5929\u6211\u4eec\u53bb\u770b\u7535\u5f71\u89c9\u5f97\u5f88"
    return written([
        between.join([*rng.choice(list(common), 8), "\u597d\u574f"[i % 2]]) for i in range(rows)
    ])  # fmt: skip


def of_x(kind: str = "vector", second: str = "vector") -> dict[str, tuple[str, int]]:
    return {"x1": (kind, 1), "x2": (second, 1)}


NUMBERED: Final = {"label": "y", "classes": ("a", "b")}

KIND_3: Final = [
    Case("m-depth16", lambda: media(grey16(500, 9), tone), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1)),
    Case("m-16bit", lambda: media(grey16(0, 257), tone), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1)),
    Case("m-alpha-only", lambda: media(drawn_in_alpha, tone), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(1)),
    Case("m-antiphase", lambda: media(photo, against), 36, PICTURE_SOUND, classes=KINDS,
         says=("the channels cancel each other in 36 files",), holds=differ(2)),
    Case("m-silence", lambda: media(photo, silence), 36, PICTURE_SOUND, classes=KINDS,
         says=("input 2 (sound) is silent in 36 rows (100 %)",)),
    Case("constant/first", lambda: arrays(x1=np.zeros((60, 3)), x2=noise(), y=Y), 60, of_x(),
         "y", says=("input 1 is the same in every row",)),
    Case("constant/white", lambda: arrays(
        x1=np.full((60, 8, 8, 3), 255, np.uint8), x2=noise(), y=Y), 60, of_x("image"), "y",
        says=("input 1 is blank in 60 rows (100 %)",)),
    Case("constant/text_same", lambda: arrays(x1=written(["one and the same"] * 60), x2=noise(),
                                              y=Y), 60, of_x("text"), "y",
         says=("input 1 is the same in every row",)),
    Case("npz-text-late", lambda: arrays(x1=at_place(40), x2=noise(), y=Y), 60, of_x("text"), "y"),
    Case("npz-text-early", lambda: arrays(x1=at_place(0), x2=noise(), y=Y), 60, of_x("text"), "y"),
    Case("npz-zh-varied", lambda: arrays(x1=chinese(""), x2=noise(), y=Y), 60, of_x("text"), "y"),
    Case("npz-zh-spaced", lambda: arrays(x1=chinese(" "), x2=noise(), y=Y), 60, of_x("text"), "y"),
]  # fmt: skip


# --- kind 4: one column decides about a file ---------------------------------------------------


def stored(**more: Any) -> Files:
    return parquet(sides() | more)


def days(kind: pa.DataType) -> pa.Array:
    return pa.array([1_767_225_600 + 86_400 * i for i in range(N)], pa.timestamp("s")).cast(kind)


def decimals() -> pa.Array:
    from decimal import Decimal

    return pa.array([Decimal("1.25") + i for i in range(N)], pa.decimal128(9, 2))


LISTS: Final = noise(N, 4).astype(float).round(3).tolist()


def photos() -> list[bytes]:
    return [photo(i) for i in range(N)]


KIND_4: Final = [
    Case("pq-timestamp", lambda: stored(when=days(pa.timestamp("us"))), N, LEFT_RIGHT,
         unused={"when": "dates or times"}),
    Case("pq-date", lambda: stored(when=days(pa.date32())), N, LEFT_RIGHT,
         unused={"when": "dates or times"}),
    Case("pq-null", lambda: stored(nothing=pa.nulls(N)), N, LEFT_RIGHT,
         unused={"nothing": "no value"}),
    Case("pq-nested", lambda: stored(deep=pa.array([{"a": 1, "b": "x"}] * N)), N, LEFT_RIGHT,
         unused={"deep": "nested"}),
    Case("pq-binary", lambda: stored(picture=pa.array(photos())), N,
         LEFT_RIGHT | {"picture": ("image", 1)}),
    Case("pq-hf-image", lambda: stored(picture=pa.array(
        [{"bytes": b, "path": f"{i}.png"} for i, b in enumerate(photos())])), N,
        LEFT_RIGHT | {"picture": ("image", 1)}),
    Case("pq-decimal", lambda: stored(price=decimals()), N, LEFT_RIGHT | {"price": ("vector", 1)},
         holds=same(3, 0, [1.25 + i for i in range(N)])),
    Case("pq-decimal-only-input", lambda: parquet({"left_0": sides()["left_0"], "left_1":
         sides()["left_1"], "price": decimals(), "label": ab()}), N,
         {"left": ("vector", 2), "price": ("vector", 1)},
         holds=same(2, 0, [1.25 + i for i in range(N)])),
    Case("pq-string-view", lambda: stored(word=pa.array(
        [f"the {['old', 'new'][i % 2]} house of number {i}" for i in range(N)],
        pa.string_view())), N, LEFT_RIGHT | {"word": ("text", 1)}),
    Case("pq-list", lambda: stored(emb=pa.array(LISTS)), N, LEFT_RIGHT | {"emb": ("vector", 1)},
         holds=shapes((2,), (2,), (4,))),
    Case("pq-fixed-list", lambda: stored(emb=pa.array(LISTS, pa.list_(pa.float32(), 4))), N,
         LEFT_RIGHT | {"emb": ("vector", 1)}, holds=shapes((2,), (2,), (4,))),
    Case("csv-long-text", lambda: table(sides(text=[
        ("word " * 2000 if i == 7 else "a ") + f"word {i % 5}" for i in range(N)])), N,
        LEFT_RIGHT | {"text": ("text", 1)}, says=("input 3 (text) has over 256 words in 1 row",),
         on_page={"inputs": LEFT_RIGHT, "says": (), "unused": {
             "text": "it has a text of 10,006 characters in row 7"}}),
]  # fmt: skip


# --- kind 5: advice that is wrong --------------------------------------------------------------


def hot(rows: int = 60) -> np.ndarray[Any, Any]:
    return np.eye(2)[np.arange(rows) % 2]


def pictures(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).integers(0, 255, (60, *shape), dtype=np.uint8)


KIND_5: Final = [
    Case("npz-chw", lambda: arrays(x1=pictures(3, 8, 8), x2=noise(), y=Y), 60, of_x("image"), "y",
         says=("'x1' of shape (60, 3, 8, 8) is in PyTorch's order",),
         holds=shapes((8, 8, 3), (3,))),
    Case("npz-rgba", lambda: arrays(x1=pictures(8, 8, 4), x2=noise(), y=Y), 60, of_x("image"), "y",
         says=("has transparency; it is laid over white",), holds=shapes((8, 8, 3), (3,))),
    Case("npz-y-column", lambda: arrays(x1=noise(), x2=noise(seed=1), y=np.arange(60)[:, None] % 2),
         60, of_x(), "y", ("0", "1"), says=("'y' of shape (60, 1) is read as (60,)",)),
    Case("npz-y-onehot", lambda: arrays(x1=noise(), x2=noise(seed=1), y=hot()), 60, of_x(), "y",
         ("0", "1"), says=("'y' of shape (60, 2) is one-hot",)),
    Case("npz-complex", lambda: arrays(x1=noise() * 1j, x2=noise(), y=Y), 60,
         {"x2": ("vector", 1)}, "y", unused={"x1": "it holds complex numbers (complex64)"},
         error="only one input is chosen"),
    Case("pq-uint64", lambda: stored(id=pa.array([2**60 + i for i in range(N)], pa.uint64())), N,
         LEFT_RIGHT, id="id", holds=ids(str(2**60), str(2**60 + 1))),
    Case("csv-label-continuous", lambda: table(sides(label=sides()["left_0"])), N, LEFT_RIGHT,
         classes=(), error="the label 'label' looks like a number to predict",
         offers=tuple(("quantiles", n) for n in (2, 3, 4, 5))),
    Case("csv-label-many-ints", lambda: table(sides(label=range(1, N + 1))), N, LEFT_RIGHT,
         classes=(), error="the label 'label' looks like a number to predict: every row has "
         "another", offers=tuple(("quantiles", n) for n in (2, 3, 4, 5))),
    Case("csv-pandas-index", lambda: table({"": range(N)} | sides()), N, LEFT_RIGHT, id="index",
         says=("1 column without a name: called 'index'",), holds=ids("0", "1")),
    Case("csv-excel-sep-line", lambda: {"t.csv": b"sep=;\n" + text(sides(), ";").encode()}, N,
         LEFT_RIGHT),
    Case("csv-comment-line", lambda: {"t.csv": b"# exported 2026-01-02 by device 7\n"
                                      + text(sides()).encode()}, N, LEFT_RIGHT),
    Case("csv-tsv-named-tsv", lambda: table(sides(), "\t", "t.tsv"), N, LEFT_RIGHT),
    Case("csv-pipe", lambda: table(sides(), "|"), N, LEFT_RIGHT),
    Case("csv-cp1252-semicolon-comma", lambda: {"t.csv": text({
        n: c if n == "label" else comma(c) for n, c in
        sides(label=["K\u00f6ln", "M\u00fcller"] * (N // 2)).items()}, ";").encode("cp1252")},
        N, LEFT_RIGHT, classes=("K\u00f6ln", "M\u00fcller"),
        says=("the text is not UTF-8; it is read as Windows-1252",
              "160 cells of 'left_0', 'left_1', 'right_0' and 1 more column are written with a "
              "decimal comma")),
    Case("m-float32", lambda: media(photo, lambda i: encoded(wave(i), "WAV", "FLOAT", 8000)), 36,
         PICTURE_SOUND, classes=KINDS, holds=differ(2)),
    Case("m-float-ext", lambda: media(photo, lambda i: encoded(wave(i), "WAVEX", "FLOAT", 8000)),
         36, PICTURE_SOUND, classes=KINDS, holds=differ(2)),
    Case("m-stream-size", lambda: media(photo, endless), 36, PICTURE_SOUND, classes=KINDS,
         holds=differ(2)),
    Case("m-class-folders-prefix", lambda: media(photo, tone, name="{kind}/{half}.png",
                                                 said="data/{name}"), 36, PICTURE_SOUND,
         classes=KINDS, holds=differ(1)),
    Case("m-class-folders-zipped-in-folder", lambda: media(
        photo, tone, name="{kind}/{half}.png", at="mydata/{name}"), 36, PICTURE_SOUND,
        classes=KINDS, holds=differ(1)),
    Case("m-mp3", lambda: media(photo, lambda i: b"ID3\3" + bytes(200), heard="s{i}.mp3"), 36,
         PICTURE_SOUND, classes=KINDS, error="not readable as sounds: 36 files (damaged"),
]  # fmt: skip


# --- kind 7: one value in two dresses ----------------------------------------------------------


def labelled(*words: Any, rows: int = N) -> Files:
    return table(sides(rows, label=[words[i % len(words)] for i in range(rows)]))


KIND_7: Final = [
    Case("csv-label-float", lambda: labelled("0.0", "1.0"), N, LEFT_RIGHT, classes=("0", "1")),
    Case("csv-label-case", lambda: labelled("no", "yes", "no", "Yes"), N, LEFT_RIGHT,
         classes=("Yes", "no", "yes"),
         says=("classes that differ only by case or blanks: 'Yes', 'yes'",)),
    Case("csv-label-none-words", lambda: labelled("nan", "None"), N, LEFT_RIGHT,
         classes=("None", "nan"),
         says=("classes of 'label' are named as missing values often are: 'None' (20 rows), 'nan' "
               "(20 rows)",)),
    Case("csv-label-10-sorted", lambda: labelled(*range(12), rows=120), 120, LEFT_RIGHT,
         classes=tuple(map(str, range(12)))),
    Case("csv-na-words", lambda: table(sides(left_0=[
        "NA" if i == 3 else v for i, v in enumerate(sides()["left_0"])])), N, LEFT_RIGHT,
        says=("numbers are missing in 1 of 40 rows (2.5 %): 'left_0'",),
        offers=(("missing", "drop"), ("missing", "mean"))),
    Case("npz-y-bool", lambda: arrays(x1=noise(), x2=noise(seed=1), y=np.arange(60) % 2 == 1), 60,
         of_x(), "y", ("false", "true")),
    Case("npz-y-float", lambda: arrays(x1=noise(), x2=noise(seed=1), y=np.arange(60) % 2 * 1.0),
         60, of_x(), "y", ("0", "1")),
    Case("npz-dups", lambda: arrays(x1=np.tile(noise(15), (4, 1)), x2=np.tile(noise(15, seed=1),
                                    (4, 1)), y=np.tile(Y[:15], 4)), 60, of_x(), "y",
         says=("have the same inputs as a training row",)),
]  # fmt: skip

#: All of them; the name is that of the folder of the report.
KNOWN: Final = (*KIND_1, *KIND_2, *KIND_3, *KIND_4, *KIND_5, *KIND_7)
