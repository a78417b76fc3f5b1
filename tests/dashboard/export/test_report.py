"""A report: whole in one file, bounded, and every foreign text only text."""

from __future__ import annotations

import base64
import io
import re
import wave
from html.parser import HTMLParser

import pytest
from PIL import Image

from dashboard.export import report
from dashboard.services.sample.samples import decomposition
from dashboard.services.store import catalog as store_catalog
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, checkpoint_catalog
from tests.dashboard.folders import (
    GENERATED,
    HTML_ID,
    MARKDOWN_ID,
    ODD,
    REAL,
    THREE,
    Room,
    table_of,
)


class Page(HTMLParser):
    """Text, tags and attributes of a document, as a browser reads it."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(content.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, tag: str, name: str) -> list[str]:
        return [v for t, n, v in self.attributes if (t, n) == (tag, name)]


@pytest.fixture
def catalog(room: Room, monkeypatch: pytest.MonkeyPatch) -> CheckpointCatalog:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    return checkpoint_catalog()


def ids(checkpoint: Checkpoint, count: int) -> list[str]:
    return [
        str(i) for i in store_catalog.table(checkpoint).query("split == 'test'")["id"].iloc[:count]
    ]


def content(address: str, kind: str) -> io.BytesIO:
    start = f"data:{kind};base64,"
    assert address.startswith(start)
    return io.BytesIO(base64.b64decode(address[len(start) :]))


def test_a_report_of_a_sample_is_whole_without_the_app(catalog: CheckpointCatalog) -> None:
    dmil = catalog.get(REAL, "dmil", 0)
    (sample,) = ids(dmil, 1)
    made = report.of_samples(dmil, [sample], "One", address="https://host/app/samples")
    page = Page(made)
    assert f"Sample {sample}" in page.text
    for picture in page.values("img", "src"):
        Image.open(content(picture, "image/png")).verify()
    (sound,) = page.values("audio", "src")
    with wave.open(content(sound, "audio/wav")) as played:
        assert 0.1 < played.getnframes() / played.getframerate() < 5
    for model in ("joint", "ensemble", "dmil-paper", "image alone", "speech alone"):
        assert model in page.text
    answer = str(store_catalog.table(dmil).loc[sample, "pred"])
    split = decomposition(dmil, sample, answer)
    assert split
    assert f"= {split.total:+.2f} bits, the model's score of {answer}" in page.text
    assert dmil.run
    assert dmil.run.data_digest in page.text
    assert dmil.run.weights_sha256 in page.text
    (link,) = [v for v in page.values("a", "href") if not v.startswith("#")]
    assert link.startswith("https://host/app/samples?")
    assert f"sample={sample}" in link
    outside = [v for _, n, v in page.attributes if n in ("src", "href") and "://" in v]
    assert outside == [link]


def test_a_report_runs_nothing_and_says_so(catalog: CheckpointCatalog) -> None:
    dmil = catalog.get(GENERATED, "dmil", 0)
    page = Page(report.of_samples(dmil, ids(dmil, 2), "Two", address="javascript:alert(1)"))
    assert "script" not in page.tags
    assert not [n for _, n, _ in page.attributes if n.startswith("on")]
    policies = [v for v in page.values("meta", "content") if "default-src" in v]
    assert policies
    assert "default-src 'none'" in policies[0]
    assert "script" not in policies[0]
    assert not [v for v in page.values("a", "href") if not v.startswith("#")]


@pytest.mark.parametrize("sample", [HTML_ID, MARKDOWN_ID])
def test_foreign_text_is_only_text(catalog: CheckpointCatalog, sample: str) -> None:
    odd = catalog.get(ODD, "dmil", 0)
    page = Page(report.of_samples(odd, [sample], sample, note=sample))
    assert page.text.count(sample) >= 4  # window title, heading, note, the sample's own
    assert "b" not in page.tags
    assert "Digits with <i>odd</i> ids" in page.text
    assert all(v.startswith("data:image/png") for v in page.values("img", "src"))


def test_three_inputs_and_models_without_a_gate_are_reported_too(
    catalog: CheckpointCatalog,
) -> None:
    three = catalog.get(THREE, "dmil", 0)
    assert "U3" in Page(report.of_samples(three, ids(three, 1), "Three")).text
    joint = catalog.get(REAL, "joint", 0)
    page = Page(report.of_samples(joint, ids(joint, 2), "Joint"))
    assert "Gate weights" not in page.text
    assert "Predictions by model" in page.text


def test_a_report_is_bounded_and_says_what_it_leaves_out(
    catalog: CheckpointCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST", 2)
    monkeypatch.setattr(report, "MOST_ROWS", 3)
    dmil = catalog.get(REAL, "dmil", 0)
    listed = ids(dmil, 4)
    page = Page(report.of_samples(dmil, [*listed, "nobody"], "Many"))
    assert "Only the first 2 of 4 samples" in page.text
    assert "the first 3 of 4 samples" in page.text
    assert "1 of the samples asked for are not" in page.text
    assert page.tags.count("article") == 2
    assert listed[2] in page.text
    assert listed[3] not in page.text
    monkeypatch.setattr(report, "MOST_MEDIA", 1000)
    small = Page(report.of_samples(dmil, listed, "Many"))
    assert "pictures or sounds are left out" in small.text
    assert len(small.values("img", "src")) < len(page.values("img", "src"))


def test_a_set_of_samples_says_how_often_each_model_is_right(
    catalog: CheckpointCatalog, room: Room
) -> None:
    dmil = catalog.get(REAL, "dmil", 0)
    listed = ids(dmil, 20)
    page = Page(report.of_samples(dmil, listed, "Twenty"))
    for model in ("joint", "dmil"):
        table = table_of(room, REAL, model)
        right = table[table["id"].isin(listed)]["correct"].mean()
        assert re.search(rf"{model}\s*{right:.1%}\s*20", re.sub(r"\s+", " ", page.text))
