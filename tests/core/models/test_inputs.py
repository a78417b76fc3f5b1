"""What is fitted before training comes from training rows, and units do not matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.tokens import MAX_WORDS, vocabulary_of, words_of
from dmil_core.errors import ConfigError
from dmil_core.models.inputs import (
    batch,
    encoder_config,
    fit_statistics,
    inputs,
    model_config,
    tokenize,
)
from dmil_core.models.registry import build
from dmil_core.paradigms import DMIL, JOINT
from tests.core.builders import batch as toy_batch
from tests.core.builders import model, write_mixed


@pytest.fixture
def mixed(tmp_path: Path) -> Dataset:
    """Sequences and sentences, 120 rows."""
    return load_dataset(write_mixed(tmp_path / "mixed.npz", card=True))


def standardized(x1: torch.Tensor) -> torch.Tensor:
    net, b = model("joint"), toy_batch()
    fit_statistics(net, x1, b.x2)
    return net.encoders.x1.standardize(x1)


def test_training_inputs_become_mean_zero_and_variance_one() -> None:
    x = 40.0 + 3.0 * toy_batch().x1
    out = standardized(x)
    torch.testing.assert_close(out.mean(dim=0), torch.zeros(6), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var(dim=0, correction=0), torch.ones(6), atol=1e-4, rtol=0)


@given(st.sampled_from([1e-9, 1e-6, 1.0, 1e6, 1e12]))
def test_the_unit_of_a_feature_does_not_matter(unit: float) -> None:
    x = toy_batch().x1
    torch.testing.assert_close(standardized(x * unit), standardized(x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1.0, -273.15, 1e9, 0.1])
def test_a_constant_feature_becomes_zero(value: float) -> None:
    x = toy_batch().x1.clone()
    x[:, 2] = value
    out = standardized(x)
    assert (out[:, 2] == 0).all()
    assert (out[:, 3] != 0).any()


def test_pictures_share_one_scale_per_channel_and_pixels_keep_their_contrast() -> None:
    from dmil_core.config import EncoderConfig, ModelConfig

    pair = (EncoderConfig("cnn2d", (6, 6, 3)), EncoderConfig("cnn1d", (9, 2)))
    net = build(ModelConfig("joint", encoders=pair, classes=2))
    x1 = torch.randint(0, 255, (30, 6, 6, 3), dtype=torch.uint8)
    x2 = torch.randn(30, 9, 2) * torch.tensor([1.0, 50.0])
    fit_statistics(net, x1, x2)
    for encoder, x in ((net.encoders.x1, x1), (net.encoders.x2, x2)):
        out = encoder.standardize(x)
        channels = out.shape[-1]
        torch.testing.assert_close(
            out.reshape(-1, channels).mean(0), torch.zeros(channels), atol=1e-4, rtol=0
        )
        assert encoder.standardize.std.shape == (channels,)


def test_statistics_and_vocabulary_come_from_training_rows(mixed: Dataset) -> None:
    others = mixed.split != "train"
    x1, x2 = mixed.x1.copy(), mixed.x2.astype("U40").copy()
    x1[others] *= 1000.0
    x2[others] = "words that no training row has and a longer sentence than any of them"
    changed = replace(mixed, x1=x1, x2=x2)
    config = model_config(mixed, DMIL)
    assert model_config(changed, DMIL) == config
    rows = mixed.rows("train")
    for one, two in zip(inputs(mixed, rows, config), inputs(changed, rows, config), strict=True):
        assert torch.equal(one, two)


def test_a_batch_is_the_rows_asked_for_in_that_order(tiny: Dataset) -> None:
    rows = np.array([5, 3, 400])
    b = batch(tiny, rows, model_config(tiny, JOINT))
    assert b.y.tolist() == tiny.y[rows].tolist()
    assert np.array_equal(b.x1.numpy(), tiny.x1[rows])
    assert (b.responsibilities == 0).all()


def test_encoders_follow_the_kind_of_the_modality(mixed: Dataset, tiny: Dataset) -> None:
    assert encoder_config(mixed, 1).kind == "cnn1d"
    assert encoder_config(mixed, 1).shape == (20, 2)
    assert encoder_config(mixed, 2).kind == "text"
    assert encoder_config(tiny, 1).kind == "mlp"
    assert encoder_config(mixed, 1, "transformer").kind == "transformer"


@pytest.mark.parametrize(
    ("modality", "kind"), [(1, "text"), (2, "mlp"), (2, "cnn1d")], ids=lambda v: str(v)
)
def test_an_encoder_that_cannot_read_the_modality_is_refused(
    mixed: Dataset, modality: int, kind: str
) -> None:
    with pytest.raises(ConfigError, match=f"'{kind}' cannot read x{modality}"):
        encoder_config(mixed, modality, kind)


@pytest.mark.parametrize("kind", ["cnn2d", "cnn1d", "transformer", "text"])
def test_a_vector_is_read_by_an_mlp_only(tiny: Dataset, kind: str) -> None:
    with pytest.raises(ConfigError, match=r"shape \(12,\) per sample; expected mlp"):
        encoder_config(tiny, 1, kind)


# --- words ---------------------------------------------------------------------------------


def test_tokens_by_hand() -> None:
    tokens = tokenize(np.array(["red circle", "", "RED zebra red red red"]), ("red", "circle"), 4)
    assert tokens.tolist() == [[2, 3, 0, 0], [1, 0, 0, 0], [2, 1, 2, 2]]
    assert tokens.dtype == torch.int64


@given(st.lists(st.text(), min_size=1, max_size=8), st.integers(1, 40))
def test_any_text_becomes_tokens_the_encoder_has_room_for(texts: list[str], length: int) -> None:
    array = np.array(texts)
    words = vocabulary_of(array)
    tokens = tokenize(array, words, length)
    assert tokens.shape == (len(texts), length)
    assert tokens.max() < len(words) + 2
    # A text of the vocabulary's own has no unknown word, unless it has no word at all.
    for row, text in zip(tokens.tolist(), array.tolist(), strict=True):
        count = min(len(words_of(text)), length)
        assert sum(t > 1 for t in row) == count
        assert row[max(count, 1) :] == [0] * (length - max(count, 1))


def test_long_texts_are_cut_and_length_is_learnt_from_training_rows(mixed: Dataset) -> None:
    assert encoder_config(mixed, 2).shape == (3,)
    longer = replace(mixed, x2=np.full(len(mixed), "word " * 41))
    assert encoder_config(longer, 2).shape == (41,)
    too_long = replace(mixed, x2=np.full(len(mixed), "word " * 300))
    assert encoder_config(too_long, 2).shape == (MAX_WORDS,) == (256,)


def test_the_length_does_not_depend_on_rows_outside_training(mixed: Dataset) -> None:
    x2 = np.where(mixed.split == "train", "a few words", "word " * 100)
    assert encoder_config(replace(mixed, x2=x2), 2).shape == (3,)


CHINESE = np.array(["早上画面精美", "我很喜欢这部电影"])


def test_chinese_is_read_like_the_same_characters_with_spaces(mixed: Dataset) -> None:
    texts = CHINESE[np.arange(len(mixed)) % 2]
    spaced = np.array([" ".join(t) for t in texts])
    written, apart = (replace(mixed, x2=x) for x in (texts, spaced))
    config = encoder_config(written, 2)
    assert config == encoder_config(apart, 2)
    assert config.tokenizer == "unicode"
    assert len(config.vocabulary) == len(set("".join(CHINESE)))
    rows = np.arange(len(mixed))
    both = [inputs(d, rows, model_config(d, JOINT))[1] for d in (written, apart)]
    torch.testing.assert_close(*both, rtol=0, atol=0)


def test_words_between_spaces_are_cut_as_in_every_version(mixed: Dataset) -> None:
    assert encoder_config(mixed, 2).tokenizer == "words"
