"""From a data set to the input of a model: encoder configs, training statistics, tensors.

Everything fitted here (means, scales, vocabulary) sees training rows only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dmil_core import schema
from dmil_core.config import EncoderConfig, ModelConfig
from dmil_core.data.dataset import Dataset
from dmil_core.data.tokens import (
    MAX_WORDS,
    tokenizer_of,
    vocabulary_of,
    words_of,
)
from dmil_core.errors import ConfigError
from dmil_core.models.baselines import shared_fusion
from dmil_core.models.batch import Batch
from dmil_core.models.encoders import Encoders, Standardize, TextEncoder
from dmil_core.models.registry import build
from dmil_core.paradigms import DMIL, PARADIGMS, Paradigm
from dmil_core.schema import Tokenizer

ENCODER_OF_KIND = {
    "vector": "mlp",
    "image": "cnn2d",
    "audio": "cnn2d",
    "sequence": "cnn1d",
    "text": "text",
}

#: (text?, dimensions of the array) that each encoder of ours can read.
_READS = {
    "mlp": {(False, 2), (False, 3), (False, 4)},
    "cnn2d": {(False, 3), (False, 4)},
    "cnn1d": {(False, 3)},
    "transformer": {(False, 3)},
    "text": {(True, 1)},
}

PADDING, UNKNOWN = 0, 1


def tokenize(
    texts: NDArray[np.str_],
    vocabulary: tuple[str, ...],
    length: int,
    tokenizer: Tokenizer = "words",
) -> Tensor:
    """Word indices (N, length), int64; longer texts are cut, unknown words become 1."""
    index = {word: i + 2 for i, word in enumerate(vocabulary)}
    tokens = np.full((len(texts), length), PADDING, dtype=np.int64)
    for row, text in enumerate(texts.tolist()):
        words = words_of(text, tokenizer)[:length]
        result = [index.get(w, UNKNOWN) for w in words] or [UNKNOWN]
        tokens[row, : len(result)] = result
    return torch.from_numpy(tokens)


def encoder_config(dataset: Dataset, modality: int, kind: str | None = None) -> EncoderConfig:
    """The encoder that suits a modality's kind, or the named one.

    Raises
    ------
    ConfigError
        If the named encoder cannot read such an array.
    """
    x = dataset.x(modality)
    if kind in _READS and (x.dtype.kind == "U", x.ndim) not in _READS[kind]:
        fit = [name for name, forms in _READS.items() if (x.dtype.kind == "U", x.ndim) in forms]
        got = "text" if x.dtype.kind == "U" else f"numbers of shape {x.shape[1:]} per sample"
        raise ConfigError(
            f"encoder {kind!r} cannot read x{modality}, which is {got}; expected "
            f"{' or '.join(fit)}, or one of your own"
        )
    if x.dtype.kind == "U":
        texts = x[dataset.rows("train")]
        tokenizer = tokenizer_of(texts.tolist())
        longest = max(len(words_of(t, tokenizer)) for t in texts.tolist())
        return EncoderConfig(
            kind or "text",
            (min(MAX_WORDS, max(longest, 3)),),
            dropout=0.2,
            vocabulary=vocabulary_of(texts, tokenizer),
            tokenizer=tokenizer,
        )
    default = ENCODER_OF_KIND[dataset.card.modalities[modality - 1].kind]
    return EncoderConfig(kind or default, tuple(x.shape[1:]), dropout=0.2)


def model_config(
    dataset: Dataset, paradigm: Paradigm, encoders: tuple[str | None, ...] = ()
) -> ModelConfig:
    """The model a paradigm builds for a data set; an encoder left out is the one that suits.

    Raises
    ------
    ConfigError
        If the paradigm reads fewer modalities, or an encoder is named for one that is not there.
    """
    check_modalities(dataset, paradigm)
    if any(encoders[dataset.modalities :]):
        raise ConfigError(
            f"an encoder is named for x{len(encoders)}; expected at most {dataset.modalities}, "
            f"one for each modality of {dataset.name!r}"
        )
    chosen = (*encoders, *[None] * dataset.modalities)
    each = tuple(
        encoder_config(dataset, m, chosen[m - 1])
        for m in schema.modality_numbers(dataset.modalities)
    )
    config = ModelConfig(**vars(paradigm.options), encoders=each, classes=len(dataset.classes))
    return replace(config, fusion_size=matched_fusion_size(config)) if config.matched else config


def check_modalities(dataset: Dataset, paradigm: Paradigm) -> None:
    """Refuse a data set with more modalities than a paradigm can read.

    Raises
    ------
    ConfigError
        Naming the paradigms that can.
    """
    if dataset.modalities > paradigm.most_modalities:
        able = (p.name for p in PARADIGMS.values() if p.most_modalities >= dataset.modalities)
        raise ConfigError(
            f"paradigm {paradigm.name!r} expects two modalities; {dataset.name!r} has "
            f"{dataset.modalities}. Use {', '.join(able)}, or leave one modality out of the data"
        )


def matched_fusion_size(config: ModelConfig) -> int:
    """The fusion size at which a joint model is nearest in parameters to DMIL's for the same data.

    DMIL's count includes what only training needs, its decoders.
    """

    def fusion(size: int) -> int:
        with torch.device("meta"):  # shapes only: nothing is stored, no random number drawn
            return _count(shared_fusion(replace(config, fusion_size=size)))

    with torch.random.fork_rng():
        theirs = _count(build(replace(config, **vars(DMIL.options))))
        rest = _count(build(replace(config, fusion_size=1))) - fusion(1)
    above = bisect_left(range(1 << 16), theirs - rest, lo=1, key=fusion)
    below = max(1, above - 1)
    return min((below, above), key=lambda size: abs(rest + fusion(size) - theirs))


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def inputs(dataset: Dataset, rows: NDArray[Any], config: ModelConfig) -> tuple[Tensor, ...]:
    """Every modality of some rows as a tensor, texts as word indices."""
    return tensors([x[rows] for x in dataset.inputs], config)


def tensors(arrays: Sequence[NDArray[Any]], config: ModelConfig) -> tuple[Tensor, ...]:
    """Rows of every modality as tensors, texts as word indices."""
    return tuple(_tensor(x, encoder) for x, encoder in zip(arrays, config.encoders, strict=False))


def _tensor(x: NDArray[Any], config: EncoderConfig) -> Tensor:
    if x.dtype.kind == "U":
        return tokenize(x, config.vocabulary, config.shape[0], config.tokenizer)
    return torch.from_numpy(np.ascontiguousarray(x))


def batch(dataset: Dataset, rows: NDArray[Any], config: ModelConfig) -> Batch:
    """Rows as a training batch, with responsibilities of zero until they are known."""
    x1, x2, *x3 = inputs(dataset, rows, config)
    y = torch.from_numpy(dataset.y[rows])
    unknown = torch.zeros(len(rows), len(schema.components(config.modalities)))
    return Batch(x1, x2, y, unknown, x3=x3[0] if x3 else None)


def rarity(tokens: Tensor, words: int) -> Tensor:
    """Inverse document frequency of each word index, (words,), 1 on average over the tokens.

    log((1 + N) / (1 + n_w)) with n_w of N texts holding the word. Padding and the unknown word,
    which no training text holds, weigh 0 and 1.
    """
    containing = torch.zeros(len(tokens), words).scatter_(1, tokens, 1.0).sum(dim=0)
    weight = torch.log((1.0 + len(tokens)) / (1.0 + containing))
    used = tokens[tokens > UNKNOWN]
    scale = weight[used].mean() if len(used) else torch.ones(())
    weight = weight / scale if scale > 0 else torch.ones(words)
    weight[PADDING], weight[UNKNOWN] = 0.0, 1.0
    return weight


def blanked(
    model: nn.Module, dataset: Dataset, rows: NDArray[Any], batch: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """The inputs of rows of a set without training rows, with the blanks of the model's training.

    Where a row lacks an input (:mod:`dmil_core.data.absent`), new rows have no mean of training
    rows to put there: the model's encoder has it, of a picture, sound or signal that of each
    channel. Texts are empty, and stay so, as does an input whose encoder keeps no mean.
    """
    if len(dataset.rows("train")):
        return batch
    encoders = next((part.each() for part in model.modules() if isinstance(part, Encoders)), ())
    out = list(batch)
    for m, encoder in zip(schema.modality_numbers(dataset.modalities), encoders, strict=False):
        scaler, lacks = getattr(encoder, "standardize", None), dataset.lacks(m)
        if lacks is None or not isinstance(scaler, Standardize):
            continue
        x = out[m - 1].float().clone()
        x[torch.from_numpy(lacks[rows])] = scaler.mean.cpu().expand(x.shape[1:])
        out[m - 1] = x
    return tuple(out)


def fit_statistics(model: nn.Module, *inputs: Tensor) -> None:
    """Set mean and scale of the encoders, and the rarity of words, from training inputs.

    A feature that never varies keeps a scale of 1, so that it becomes 0 and not noise. What
    counts as varying is relative to its size: units are the user's choice.
    """
    groups = [part.each() for part in model.modules() if isinstance(part, Encoders)]
    for encoder, x in (pair for group in groups for pair in zip(group, inputs, strict=True)):
        if isinstance(encoder, TextEncoder):
            encoder.rarity.copy_(rarity(x, len(encoder.rarity)))
        scaler = getattr(encoder, "standardize", None)
        if isinstance(scaler, Standardize):
            rows = x.double().reshape(-1, *scaler.mean.shape)
            _set(scaler, rows.mean(dim=0), rows.std(dim=0, correction=0))


def set_statistics(model: nn.Module, *moments: tuple[Tensor, Tensor]) -> None:
    """The same from (mean, standard deviation) of each input, where all are vectors."""
    groups = [part.each() for part in model.modules() if isinstance(part, Encoders)]
    for encoder, each in (pair for group in groups for pair in zip(group, moments, strict=True)):
        scaler = getattr(encoder, "standardize", None)
        if isinstance(scaler, Standardize):
            _set(scaler, *each)


def _set(scaler: Standardize, mean: Tensor, std: Tensor) -> None:
    # float32 resolves 1e-7 of a value; below that there is only rounding.
    varies = (std > 1e-8 * mean.abs()) & (std > 1e-30)
    scaler.mean.copy_(mean)
    scaler.std.copy_(torch.where(varies, std, torch.ones_like(std)))
