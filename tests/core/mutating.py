"""Files with changes drawn at random: of their bytes, and of the values that they hold."""

from __future__ import annotations

import copy
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.random import Generator
from numpy.typing import NDArray

#: Changes the content of a file.
Change = Callable[[bytes, Generator], bytes]

JUNK: Final = (
    b"\0" * 8, b"\xff" * 8, b"PK\x03\x04", b"PAR1", b"[" * 3000, b"1e400", b"NaN", b"9" * 400,
    b"{}", b"null", b"True,", b"[1],", b"-1", b'"\\ud800"', b"'descr': '|O'", b"\x93NUMPY\x01\0",
)  # fmt: skip


def bytes_changed(content: bytes, rng: Generator) -> bytes:
    """The content with one to three changes."""
    result = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        n = max(len(result), 1)
        # Headers and footers are short, and are where a file says what it is.
        ends = (rng.integers(min(n, 300)), n - 1 - rng.integers(min(n, 300)), rng.integers(n))
        at = int(ends[rng.integers(3)])
        size = int(rng.integers(1, 40))
        match int(rng.integers(6)):
            case 0:
                result[at : at + 1] = bytes([int(rng.integers(256))])
            case 1:
                del result[at:]
            case 2:
                result[at:at] = JUNK[rng.integers(len(JUNK))]
            case 3:
                junk = JUNK[rng.integers(len(JUNK))]
                result[at : at + len(junk)] = junk
            case 4:
                del result[at : at + size]
            case _:
                other = int(rng.integers(n))
                result[at : at + size] = result[other : other + size]
    return bytes(result)


# --- values --------------------------------------------------------------------------------------

#: In place of any value: of another type, out of range, or text that means something elsewhere.
ODD: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 2**31, 2**63, -(2**70), 10**400, -0.0, 1e308, 5e-324, float("nan"),
    float("inf"), "", "x" * 5000, "\u202e", "\0", "NaN", "1e400", "../../x", "<b>", "1,5", [], {},
    [[]], [None], {"": None}, [1] * 2000, [[1, 2], [3]], "2024-01-01", "\uff11\uff12",
)  # fmt: skip
DTYPES: Final = ("f2", "c8", "S3", "U1", "?", "M8[s]", "m8[s]", "u8", "V4", ">f8", "i1")


def pick(values: Any, rng: Generator) -> Any:
    """One of them."""
    return values[int(rng.integers(len(values)))]


def json_changed(content: bytes, rng: Generator) -> bytes:
    """One to three values of a JSON file are others, gone, doubled or under another name."""
    return _dumped(_value_changed(json.loads(content), rng))


def lines_changed(content: bytes, rng: Generator) -> bytes:
    """The same for lines of JSON."""
    lines = [_value_changed(json.loads(line), rng) for line in content.splitlines()]
    return b"".join(_dumped(line) + b"\n" for line in lines)


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def _value_changed(value: Any, rng: Generator) -> Any:
    result = copy.deepcopy(value)
    for _ in range(int(rng.integers(1, 4))):
        places = list(_places(result))
        if not places:
            return copy.deepcopy(pick(ODD, rng))
        inside, key = pick(places, rng)
        match int(rng.integers(5)):
            case 0:
                del inside[key]
            case 1 if isinstance(inside, dict):
                inside[str(pick(ODD, rng))[:50]] = inside.pop(key)
            case 2 if isinstance(inside, list):
                inside.insert(key, copy.deepcopy(inside[key]))
            case 3 if isinstance(inside[key], float):
                inside[key] *= pick((-1.0, 0.0, 1e3, 1e30), rng)
            case _:
                inside[key] = copy.deepcopy(pick(ODD, rng))
    return result


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every list or object in a value, with each of its indices or names."""
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        yield from _places(inner)


def arrays_changed(content: bytes, rng: Generator) -> bytes:
    """One to three arrays of an .npz have another shape, type or values, or another name."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    for _ in range(int(rng.integers(1, 4))):
        name = pick(list(arrays), rng)
        other = pick(("split", "id", "x3", "group", "", "a/b", "y.npy", name), rng)
        arrays[other] = _array_changed(arrays.pop(name), rng)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    return stream.getvalue()


def _array_changed(a: NDArray[Any], rng: Generator) -> NDArray[Any]:
    if a.ndim == 0 or a.dtype.kind in "VMm":
        return np.zeros(int(rng.integers(50)))
    match int(rng.integers(10)):
        case 0:
            return a[: int(rng.integers(len(a) + 1))]
        case 1:
            return a.reshape(-1)
        case 2:
            return a[..., None]
        case 3:
            return np.zeros(a.shape, pick(DTYPES, rng))
        case 4:
            return np.zeros((len(a), 0), a.dtype)
        case 5:
            return np.asarray(3.0)
        case 6:
            return np.concatenate([a, a])
        case 7:
            return np.full_like(a, a.reshape(-1)[0] if a.size else 0)
        case 8:
            return np.array([str(pick(ODD, rng))[:100]] * len(a))
        case _:
            odd = {"f": (np.nan, np.inf, 1e30), "U": ("", "\ud800", "val")}.get(a.dtype.kind, (1,))
            result = a.copy()
            result.reshape(-1)[: int(rng.integers(3))] = pick(odd, rng)
            return result


def parquet_changed(content: bytes, rng: Generator) -> bytes:
    """One to three columns of a Parquet file, and its metadata, are others."""
    table = pq.read_table(io.BytesIO(content))
    changed = pa.Table.from_pandas(_frame_changed(table.to_pandas(), rng), preserve_index=False)
    about = dict(table.schema.metadata or {})
    for key in about:
        if rng.random() < 0.3:
            about[key] = json_changed(about[key], rng)
    stream = io.BytesIO()
    pq.write_table(changed.replace_schema_metadata(about), stream)
    return stream.getvalue()


def csv_changed(content: bytes, rng: Generator) -> bytes:
    """The same for a CSV file, in other ways of writing one."""
    frame = _frame_changed(pd.read_csv(io.BytesIO(content)), rng)
    text = frame.to_csv(
        index=bool(rng.random() < 0.2),
        header=bool(rng.random() < 0.9),
        sep=pick(",;\t|", rng),
        lineterminator=pick(("\n", "\r\n", "\r"), rng),
        quoting=pick((0, 1, 2), rng),
    )
    return text.encode(pick(("utf-8", "utf-8-sig", "utf-16", "latin-1"), rng), "replace")


def _frame_changed(frame: pd.DataFrame, rng: Generator) -> pd.DataFrame:
    odd: tuple[Any, ...] = (
        np.nan, None, pd.Timestamp("2024-01-01"), [1, 2], b"\xff", np.inf, 2**62, True, "", {"a": 1}
    )  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        if not len(frame.columns):
            break
        name = pick(frame.columns, rng)
        match int(rng.integers(5)):
            case 0:
                frame = frame.drop(columns=name)
            case 1:
                frame = frame.rename(columns={name: str(pick(ODD, rng))[:200]})
            case 2:
                frame = frame.iloc[: int(rng.integers(len(frame) + 1))]
            case 3:
                frame = frame.assign(**{name: frame[name].map(str).astype("category")})
            case _:
                frame = frame.assign(**{name: [pick(odd, rng)] * len(frame)})
    return frame.loc[:, ~frame.columns.duplicated()]


def weights_changed(content: bytes, rng: Generator) -> bytes:
    """The header of a safetensors file says something else, or some numbers are no weights."""
    (size,) = struct.unpack("<Q", content[:8])
    header, body = json.loads(content[8 : 8 + size]), bytearray(content[8 + size :])
    if rng.random() < 0.3:
        body[:4] = struct.pack("<f", pick((np.nan, np.inf, 1e38), rng))
    else:
        header = _value_changed(header, rng)
    text = _dumped(header)
    return struct.pack("<Q", len(text)) + text + bytes(body)


def members_changed(content: bytes, rng: Generator) -> bytes:
    """Members of a .zip have other names, kinds, packings or content."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(stream, "w") as changed:
        for member in archive.infolist():
            inside = archive.read(member)
            before = pick(("", "", "", "../", "/", "a/", "a\\", "C:", "\u202e"), rng)
            info = zipfile.ZipInfo(before + member.filename)
            info.compress_type = pick((0, 8, 8, 8, 12), rng)
            info.external_attr = pick((0o644, 0o644, 0o120777, 0o40755), rng) << 16
            changed.writestr(info, bytes_changed(inside, rng) if rng.random() < 0.5 else inside)
    return stream.getvalue()


def onnx_changed(content: bytes, rng: Generator) -> bytes:
    """A model of ONNX with one to three other values: operators, names, sizes, numbers."""
    import onnx

    model = onnx.load_model_from_string(content)
    for _ in range(int(rng.integers(1, 4))):
        places = list(_values_of(model))
        message, name, value = places[rng.integers(len(places))]
        changed = _onnx_value(value, rng)
        if isinstance(changed, list):
            del getattr(message, name)[:]
            getattr(message, name).extend(changed)
        else:
            setattr(message, name, changed)
    changed_content: bytes = model.SerializeToString()
    return changed_content


def _values_of(message: Any) -> Iterator[tuple[Any, str, Any]]:
    for field, value in message.ListFields():
        if field.message_type is None and not field.enum_type:
            yield message, field.name, value
        elif field.message_type is not None:
            for inner in [value] if hasattr(value, "ListFields") else value:
                yield from _values_of(inner)


def _onnx_value(value: Any, rng: Generator) -> Any:
    operators = ("Gemm", "Conv", "Loop", "If", "Expand", "Range", "Tile", "Scan", "", "x1", "a")
    match value:
        case int():
            return int(rng.choice([0, -1, 7, 2**31 - 1, -(2**31)]))
        case float():
            return float(rng.choice([0.0, -1.0, np.nan, np.inf]))
        case bytes():
            return bytes(rng.integers(0, 256, len(value), dtype=np.uint8))
        case str():
            return str(rng.choice(operators))
    return [_onnx_value(v, rng) for v in value]
