"""One encoder per kind of modality, each (B, ...) -> (B, feature_size), and the table of them.

An encoder also defines the target of its decoder: ``target(x)`` (B, target_size), the standardised
input flattened, or the bag of words of a text. Any other ``nn.Module`` with a
``feature_size`` can take an encoder's place (see :func:`adapt`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dmil_core.config import EncoderConfig, ModelConfig
from dmil_core.errors import ConfigError
from dmil_core.models import plugins


class Standardize(nn.Module):
    """(x - mean) / std with statistics of the training rows, kept in the checkpoint as buffers."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        shape = statistics_shape(config)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("std", torch.ones(shape))

    def forward(self, x: Tensor) -> Tensor:
        return (x.float() - self.mean) / self.std


def statistics_shape(config: EncoderConfig) -> tuple[int, ...]:
    """Shape of mean and std: per feature of a vector, per channel of an image or sequence."""
    if config.kind == "mlp":
        return config.shape
    if config.kind == "cnn2d":
        return (config.shape[2],) if len(config.shape) == 3 else (1,)
    return (config.shape[-1],)


class NumericEncoder(nn.Module):
    """Base of the encoders over numbers: standardise, then ``body``."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.feature_size = config.feature_size
        self.target_size = math.prod(config.shape)
        self.standardize = Standardize(config)

    def target(self, x: Tensor) -> Tensor:
        """The target of a decoder: the standardised input, (B, target_size)."""
        return self.standardize(x).flatten(1)


class MLPEncoder(NumericEncoder):
    """Vectors (B, D): two hidden layers."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        d, h = self.target_size, config.hidden
        self.body = nn.Sequential(
            nn.Flatten(1), nn.Dropout(config.dropout), nn.Linear(d, h), nn.GELU(),
            nn.Dropout(config.dropout), nn.Linear(h, h), nn.GELU(),
            nn.Linear(h, config.feature_size),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.body(self.standardize(x))


class ImageEncoder(NumericEncoder):
    """Pictures (B, H, W) or (B, H, W, C) and log-mel maps (B, T, F): three convolutions.

    The last map is pooled to a 4 x 4 grid rather than to a point, since the position of a stroke
    distinguishes a 6 from a 9. Norms over groups of channels, not over the batch: no statistic of
    a frozen encoder may change while a later stage trains.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        channels = config.shape[2] if len(config.shape) == 3 else 1
        c = config.hidden // 4
        # A picture smaller than 16 pixels keeps its resolution through the first convolution.
        stride = 2 if min(config.shape[:2]) >= 16 else 1
        self.body = nn.Sequential(
            nn.Conv2d(channels, c, 3, stride=stride, padding=1), nn.GroupNorm(4, c), nn.GELU(),
            nn.Conv2d(c, c, 3, stride=2, padding=1), nn.GroupNorm(4, c), nn.GELU(),
            nn.Conv2d(c, 2 * c, 3, padding=1), nn.GroupNorm(4, 2 * c), nn.GELU(),
            nn.AdaptiveAvgPool2d(4), nn.Flatten(1), nn.Dropout(config.dropout),
            nn.Linear(32 * c, config.feature_size),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = self.standardize(x)
        return self.body(x.permute(0, 3, 1, 2) if x.ndim == 4 else x.unsqueeze(1))


class SequenceEncoder(NumericEncoder):
    """Signals (B, T, C): three 1-D convolutions, mean and maximum over time.

    Mean and standard deviation of each raw channel go straight to the output: the posture of a
    limb and how much it moves distinguish exercises best across people.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        channels, h = config.shape[-1], config.hidden // 2
        self.body = nn.Sequential(
            nn.Conv1d(channels, h, 5, padding=2), nn.GroupNorm(4, h), nn.GELU(),
            nn.Conv1d(h, h, 5, stride=2, padding=2), nn.GroupNorm(4, h), nn.GELU(),
            nn.Conv1d(h, h, 3, padding=1), nn.GroupNorm(4, h), nn.GELU(),
        )  # fmt: skip
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Sequential(
            nn.Linear(2 * h + 2 * channels, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, self.feature_size),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.standardize(x)
        h = self.body(x.transpose(1, 2))
        raw = [x.mean(dim=1), x.std(dim=1, correction=0)]
        return self.out(self.drop(torch.cat([h.mean(-1), h.amax(-1), *raw], dim=-1)))


class SequenceTransformer(NumericEncoder):
    """Signals (B, T, C): patches of time, two Transformer layers, mean over patches."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        steps, channels = config.shape
        self.patch = 5 if steps % 5 == 0 else 1
        d = config.hidden // 2
        self.embed = nn.Linear(self.patch * channels, d)
        self.position = nn.Parameter(0.02 * torch.randn(steps // self.patch, d))
        layer = nn.TransformerEncoderLayer(
            d, nhead=4, dim_feedforward=2 * d, dropout=config.dropout, batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(d, config.feature_size)

    def forward(self, x: Tensor) -> Tensor:
        x = self.standardize(x)
        patches = x.reshape(len(x), len(self.position), self.patch * x.shape[-1])
        return self.out(self.body(self.embed(patches) + self.position).mean(dim=1))


class TextEncoder(nn.Module):
    """Word indices (B, L), 0 = padding, 1 = unknown word: embeddings and their neighbours.

    A window of three words keeps "more red than small" apart from "more small than red". Words
    are weighed by how rare they are (inverse document frequency, from training rows): in a set
    of questions that all say "is there a", only the rest should move the features. In training
    some words are replaced by the unknown one, so that it means something when it is met.
    """

    rarity: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.feature_size = config.feature_size
        self.target_size = len(config.vocabulary) + 2
        d = config.hidden // 2
        self.register_buffer("rarity", torch.ones(self.target_size))
        self.forget = config.dropout / 2
        self.embed = nn.Embedding(self.target_size, d, padding_idx=0)
        self.position = nn.Parameter(torch.zeros(config.shape[0], d))
        self.window = nn.Conv1d(d, d, 3, padding=1)
        self.drop = nn.Dropout(config.dropout)
        self.out = nn.Sequential(
            nn.Linear(3 * d, config.hidden), nn.GELU(), nn.Linear(config.hidden, self.feature_size)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        known = (tokens > 0).unsqueeze(-1)
        if self.training and self.forget:
            forgotten = (torch.rand(tokens.shape, device=tokens.device) < self.forget) & (
                tokens > 0
            )
            tokens = tokens.masked_fill(forgotten, 1)
        words = self.drop(self.embed(tokens)) * self.rarity[tokens].unsqueeze(-1)
        around = nn.functional.gelu(self.window((words + self.position).transpose(1, 2)))
        around = around.transpose(1, 2)
        count = known.sum(dim=1).clamp(min=1)
        top = around.masked_fill(~known, -1.0).amax(dim=1)
        pooled = [(words * known).sum(dim=1) / count, (around * known).sum(dim=1) / count, top]
        return self.out(torch.cat(pooled, dim=-1))

    def target(self, tokens: Tensor) -> Tensor:
        """Bag of words scaled to unit variance on average, (B, target_size)."""
        bag = torch.zeros(tokens.shape[0], self.target_size, device=tokens.device)
        bag.scatter_(1, tokens, 1.0)
        bag[:, 0] = 0.0
        return bag * math.sqrt(self.target_size / tokens.shape[1])


class Adapted(nn.Module):
    """A foreign module in an encoder's place: flattened input as target."""

    def __init__(self, module: nn.Module, config: EncoderConfig) -> None:
        super().__init__()
        self.name = config.kind
        self.module = module
        self.feature_size = int(module.feature_size)  # type: ignore[arg-type]
        self.target_size = math.prod(config.shape)

    def forward(self, x: Tensor) -> Tensor:
        features = self.module(x.float())
        if features.shape != (len(x), self.feature_size):
            raise ConfigError(
                f"encoder {self.name!r} says feature_size {self.feature_size}, expected features "
                f"of shape {(len(x), self.feature_size)}, got {tuple(features.shape)}; correct "
                "feature_size or the module"
            )
        return features

    def target(self, x: Tensor) -> Tensor:
        return x.float().flatten(1)


ENCODERS: dict[str, Callable[[EncoderConfig], nn.Module]] = {
    "mlp": MLPEncoder,
    "cnn2d": ImageEncoder,
    "cnn1d": SequenceEncoder,
    "transformer": SequenceTransformer,
    "text": TextEncoder,
}


#: The encoders of this package, in contrast to custom ones.
BUILT_IN: Final = frozenset(ENCODERS)


def register(name: str, build: Callable[[EncoderConfig], nn.Module]) -> None:
    """Add an encoder of your own under a name that ``encoders`` and ``--encoder1`` then take.

    A checkpoint stores the name alone. Wherever it is loaded again, the encoder must be there:
    import your module first, name it with ``--plugin`` or in ``DMIL_PLUGINS``, or declare an entry
    point of group ``dmil_core.encoders`` in your package.

    Parameters
    ----------
    build
        ``build(config)`` returns a module (B, ...) -> (B, F) with an integer attribute
        ``feature_size`` F. ``config.shape`` is the shape of one sample.

    Raises
    ------
    ConfigError
        If the name is taken, or ``build`` is no function.
    """
    if not (isinstance(name, str) and name and callable(build)) or isinstance(build, nn.Module):
        raise ConfigError(
            "expected the name of an encoder and a function that builds it, got "
            f"{name!r} and {type(build).__name__}"
        )
    if name in ENCODERS:
        raise ConfigError(f"encoder {name!r} exists already; choose another name")
    ENCODERS[name] = build


def find_encoder(kind: str) -> Callable[[EncoderConfig], nn.Module]:
    """The encoder of a name: built in, registered, of a plugin, or of an entry point.

    Raises
    ------
    ConfigError
        If no encoder has that name, or a plugin cannot be imported.
    """
    if kind not in ENCODERS:
        plugins.load()
    build = ENCODERS.get(kind) or plugins.entry_point(kind)
    if build is None:
        known = ", ".join(sorted(ENCODERS))
        raise ConfigError(
            f"encoder {kind!r} is not known here; expected one of {known}. If it is your own, "
            "name the module that registers it: --plugin MODULE, or DMIL_PLUGINS=MODULE in the "
            "environment; in Python, import that module first"
        )
    return build


def build_encoder(config: EncoderConfig) -> nn.Module:
    """The encoder a config names.

    Raises
    ------
    ConfigError
        If no encoder has that name, or a module has no integer ``feature_size``.
    """
    return adapt(find_encoder(config.kind)(config), config)


def adapt(module: nn.Module, config: EncoderConfig) -> nn.Module:
    """The module itself if it defines a target, else wrapped so that it does."""
    size = getattr(module, "feature_size", None)
    if not isinstance(size, int):
        raise ConfigError(
            f"encoder {config.kind!r} needs an integer attribute feature_size, the number of "
            f"features it returns per sample; got {size!r}"
        )
    return module if hasattr(module, "target") else Adapted(module, config)


class Encoders(nn.Module):
    """Every modality's encoder and a LayerNorm on each feature vector.

    Without the norm the encoder can shrink its features in stage 1 until the synergy basis is
    below the noise of the posteriors.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.modalities = config.modalities
        for m, encoder in enumerate(config.encoders, start=1):
            self.add_module(f"x{m}", build_encoder(encoder))
        for m, size in enumerate(self.sizes(), start=1):
            self.add_module(f"norm{m}", nn.LayerNorm(size))

    def each(self) -> tuple[nn.Module, ...]:
        """The encoders, x1 first."""
        return numbered(self, "x", self.modalities)

    def sizes(self) -> tuple[int, ...]:
        """Feature size of each z."""
        return tuple(int(encoder.feature_size) for encoder in self.each())  # type: ignore[arg-type]

    def target_sizes(self) -> tuple[int, ...]:
        """Size of the target of each modality's decoder."""
        return tuple(int(encoder.target_size) for encoder in self.each())  # type: ignore[arg-type]

    def targets(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The target of each modality's decoder, (B, target size)."""
        pairs = zip(self.each(), inputs, strict=True)
        return tuple(encoder.target(x) for encoder, x in pairs)  # type: ignore[operator]

    def features(self, m: int, x: Tensor) -> Tensor:
        """z of modality ``m`` (from 0), (B, F)."""
        return getattr(self, f"norm{m + 1}")(getattr(self, f"x{m + 1}")(x))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.features(m, x) for m, x in enumerate(inputs))


@contextmanager
def rows_once(model: nn.Module, inputs: Sequence[NDArray[Any]]) -> Iterator[None]:
    """Within, the encoders of a model compute each distinct row of these inputs once.

    Samples with many partners repeat their rows; a model in evaluation mode encodes each by itself.

    Parameters
    ----------
    inputs
        (B, ...) arrays of every modality that the model is called with, x1 first.
    """
    groups = [part.each() for part in model.modules() if isinstance(part, Encoders)]
    hooks = []
    for m, x in enumerate(inputs):
        first, which = _distinct(x)
        if 2 * len(first) > len(which):
            continue

        def chosen(_: nn.Module, given: tuple[Any, ...], first: Tensor = first) -> tuple[Any, ...]:
            return (given[0][first.to(given[0].device)], *given[1:])

        def spread(_: nn.Module, given: Any, out: Tensor, which: Tensor = which) -> Tensor:
            return out[which.to(out.device)]

        for group in groups:
            hooks += [group[m].register_forward_pre_hook(chosen)]
            hooks += [group[m].register_forward_hook(spread)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _distinct(x: NDArray[Any]) -> tuple[Tensor, Tensor]:
    """Positions of distinct rows, and which of these each row is."""
    numbers: dict[bytes, int] = {}
    which = [numbers.setdefault(row.tobytes(), len(numbers)) for row in x]
    _, first = np.unique(which, return_index=True)
    return torch.from_numpy(first), torch.tensor(which)


def numbered(parent: nn.Module, stem: str, count: int) -> tuple[nn.Module, ...]:
    """The parts ``<stem>1``, ``<stem>2`` ... of a module."""
    return tuple(getattr(parent, f"{stem}{m}") for m in range(1, count + 1))
