"""Every encoder reads its kind, and a module of one's own can take its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dmil_core.checkpoint import load_model
from dmil_core.config import EncoderConfig
from dmil_core.data.dataset import Dataset
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.models import encoders
from dmil_core.models.encoders import ENCODERS, build_encoder, register
from dmil_core.training.run import train
from tests.core.builders import batch, model

WORDS = ("more", "red", "than", "small")

#: kind and shape of one sample, for every form of input the encoders are meant for.
FORMS = [
    ("mlp", (7,)),
    ("cnn2d", (8, 8)),
    ("cnn2d", (20, 20, 3)),
    ("cnn2d", (33, 12)),
    ("cnn1d", (50, 3)),
    ("cnn1d", (4, 1)),
    ("transformer", (50, 3)),
    ("transformer", (7, 2)),
    ("text", (6,)),
]


def config(kind: str, shape: tuple[int, ...]) -> EncoderConfig:
    return EncoderConfig(kind, shape, 16, 32, vocabulary=WORDS if kind == "text" else ())


def encoder(kind: str, shape: tuple[int, ...]) -> nn.Module:
    torch.manual_seed(0)
    return build_encoder(config(kind, shape)).eval()


def inputs(kind: str, shape: tuple[int, ...], rows: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    if kind == "text":
        return torch.randint(1, len(WORDS) + 2, (rows, *shape), generator=generator)
    return torch.randn(rows, *shape, generator=generator)


@pytest.mark.parametrize(("kind", "shape"), FORMS)
def test_features_have_the_size_promised(kind: str, shape: tuple[int, ...]) -> None:
    net, x = encoder(kind, shape), inputs(kind, shape)
    assert net(x).shape == (6, net.feature_size) == (6, 16)
    assert net.target(x).shape == (6, net.target_size)


@pytest.mark.filterwarnings("ignore:std()")
@pytest.mark.parametrize(("kind", "shape"), FORMS)
def test_no_rows_are_no_features(kind: str, shape: tuple[int, ...]) -> None:
    assert encoder(kind, shape)(inputs(kind, shape)[:0]).shape == (0, 16)


@pytest.mark.parametrize(("kind", "shape"), FORMS)
def test_every_row_is_read_and_only_for_itself(kind: str, shape: tuple[int, ...]) -> None:
    net, x = encoder(kind, shape), inputs(kind, shape)
    whole = net(x)
    assert len(torch.unique(whole, dim=0)) == 6
    for i in range(6):
        torch.testing.assert_close(net(x[i : i + 1])[0], whole[i], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("kind", "shape"), [f for f in FORMS if f[0] != "text"])
def test_every_number_of_the_input_matters(kind: str, shape: tuple[int, ...]) -> None:
    net, x = encoder(kind, shape), inputs(kind, shape).requires_grad_()
    net(x).square().sum().backward()
    assert (x.grad.abs().sum(dim=0) > 0).all()


def test_all_encoders_are_tried_here() -> None:
    assert {kind for kind, _ in FORMS} == set(ENCODERS)


def test_whole_numbers_of_a_picture_are_read_as_they_are() -> None:
    net = encoder("cnn2d", (8, 8))
    x = torch.arange(128, dtype=torch.uint8).reshape(2, 8, 8)
    assert torch.equal(net(x), net(x.float()))


def test_a_picture_encoder_knows_where_a_stroke_lies() -> None:
    net, x = encoder("cnn2d", (8, 8)), inputs("cnn2d", (8, 8))
    assert not torch.allclose(net(x), net(x.flip(1, 2)), atol=1e-3)


@pytest.mark.parametrize("kind", ["cnn1d", "transformer"])
def test_a_sequence_encoder_knows_the_direction_of_time(kind: str) -> None:
    net, x = encoder(kind, (50, 3)), inputs(kind, (50, 3))
    if kind == "transformer":  # positions are learnt, and start out nearly equal
        nn.init.normal_(net.position)
    assert not torch.allclose(net(x), net(x.flip(1)), atol=1e-3)


def tokens(*sentences: str) -> Tensor:
    index = {w: i + 2 for i, w in enumerate(WORDS)}
    rows = [[index.get(w, 1) for w in s.split()] for s in sentences]
    return torch.tensor([(r + [0] * 6)[:6] for r in rows])


def test_the_order_of_words_matters() -> None:
    net = encoder("text", (6,))
    a, b = net(tokens("more red than small", "more small than red"))
    assert not torch.allclose(a, b, atol=1e-3)


def test_an_unknown_word_is_a_word_and_padding_is_none() -> None:
    net = encoder("text", (6,))
    bag = net.target(tokens("red nonsense red", "", "red"))
    scale = bag.max().item()
    # 0 padding, 1 unknown, 2 more, 3 red, 4 than, 5 small
    assert (bag / scale).tolist() == [[0, 1, 0, 1, 0, 0], [0] * 6, [0, 0, 0, 1, 0, 0]]
    assert torch.isfinite(net(torch.zeros(2, 6, dtype=torch.int64))).all()


# --- modules of one's own ------------------------------------------------------------------


class Sums(nn.Module):
    """Two features: sum and sum of squares."""

    feature_size = 2

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.stack([flat.sum(dim=1), flat.square().sum(dim=1)], dim=1)


@pytest.fixture
def own_encoders() -> Iterator[None]:
    """Registers nothing that outlives a test."""
    before = dict(ENCODERS)
    yield
    ENCODERS.clear()
    ENCODERS.update(before)


@pytest.mark.usefixtures("own_encoders")
def test_a_registered_module_is_built_and_rebuilds_its_input() -> None:
    register("sums", lambda _: Sums())
    net, x = build_encoder(config("sums", (3, 2))), torch.ones(4, 3, 2)
    assert net(x).tolist() == [[6.0, 6.0]] * 4
    assert net.feature_size == 2
    assert torch.equal(net.target(x), torch.ones(4, 6))
    assert net.target_size == 6


@pytest.mark.usefixtures("own_encoders")
def test_a_name_can_be_taken_once() -> None:
    register("sums", lambda _: Sums())
    with pytest.raises(ConfigError, match="'sums' exists already"):
        register("sums", lambda _: Sums())


@pytest.mark.usefixtures("own_encoders")
@pytest.mark.parametrize("size", [None, "8", 3.5])
def test_a_module_without_a_feature_size_is_refused_by_name(size: object) -> None:
    class Sizeless(nn.Linear):
        feature_size = size

    register("sizeless", lambda _: Sizeless(3, 3))
    with pytest.raises(ConfigError, match=r"'sizeless'.*feature_size"):
        build_encoder(config("sizeless", (3,)))


@pytest.mark.usefixtures("own_encoders")
def test_features_of_another_size_than_promised_are_refused_by_name() -> None:
    class Liar(nn.Linear):
        feature_size = 7

    register("liar", lambda _: Liar(3, 3))
    net = build_encoder(config("liar", (3,)))
    with pytest.raises(ConfigError, match=r"'liar'.*feature_size 7.*\(5, 7\), got \(5, 3\)"):
        net(torch.ones(5, 3))


def test_only_a_function_can_be_registered() -> None:
    with pytest.raises(ConfigError, match="a function that builds it, got 'sums' and Sums"):
        register("sums", Sums())  # type: ignore[arg-type]


@pytest.mark.usefixtures("own_encoders")
def test_a_registered_module_is_trained_and_its_checkpoint_needs_it(
    tiny: Dataset, tmp_path: Path
) -> None:
    register("sums", lambda _: Sums())
    run = train(tiny, "dmil", 0, tmp_path, encoders=("sums", None), epochs_scale=0.01)
    assert [e.kind for e in run.config.model.encoders] == ["sums", "mlp"]
    model, _ = load_model(tmp_path)
    assert isinstance(model.encoders.x1.module, Sums)
    del ENCODERS["sums"]
    with pytest.raises(CheckpointError, match=r"'sums' is not known here.*--plugin MODULE"):
        load_model(tmp_path)


def test_an_unknown_encoder_names_the_known_ones() -> None:
    with pytest.raises(ConfigError) as error:
        build_encoder(config("resnet", (3,)))
    assert "'resnet'" in str(error.value)
    assert all(name in str(error.value) for name in encoders.ENCODERS)


def test_rows_that_repeat_are_encoded_once_and_predicted_the_same() -> None:
    network = model("joint")
    rows = batch(6)
    x1 = np.repeat(rows.x1.numpy(), 20, axis=0)
    x2 = np.tile(rows.x2.numpy(), (20, 1))
    seen: list[int] = []
    hook = network.encoders.x1.register_forward_hook(lambda *of: seen.append(len(of[2])))  # type: ignore
    with torch.inference_mode():
        each = network(torch.from_numpy(x1), torch.from_numpy(x2)).logits
        with encoders.rows_once(network, [x1, x2]):
            once = network(torch.from_numpy(x1), torch.from_numpy(x2)).logits
        after = network(torch.from_numpy(x1), torch.from_numpy(x2)).logits
    hook.remove()
    torch.testing.assert_close(once, each)
    torch.testing.assert_close(after, each)
    assert seen == [120, 6, 120]


def test_rows_that_do_not_repeat_are_left_as_they_are() -> None:
    network, rows = model("joint"), batch(6)
    arrays = [rows.x1.numpy(), rows.x2.numpy()]
    with torch.inference_mode(), encoders.rows_once(network, arrays):
        once = network(*rows.inputs).logits
    with torch.inference_mode():
        torch.testing.assert_close(once, network(*rows.inputs).logits)
