"""What a run is made of: frozen dataclasses and their versioned JSON.

The JSON is read strictly (by pydantic, over these same dataclasses): every missing, unknown or
unfit field is named with its path, and a file of a newer version is refused as a whole. Files of
earlier versions are migrated first; see :mod:`dmil_core.migration`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Literal, TypeVar

from dmil_core import migration
from dmil_core.errors import ConfigError
from dmil_core.io import strict_json
from dmil_core.io.strict_json import Expected
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES, Tokenizer

CONFIG_VERSION = 4

#: ``external`` is a model that was trained elsewhere, of which only predictions are known.
Architecture = Literal[
    "dmil", "joint", "ensemble", "qmf", "mmtm", "mib", "i2m2", "i2moe", "external"
]
Reconstruct = Literal["input", "features"]
Average = Literal["probabilities", "logits"]
Optimizer = Literal["adamw", "sgd"]
#: Which epoch of a stage is kept: the one of least watched loss; the latest whose accuracy on
#: validation rows is within one standard error of the best; the last.
Keep = Literal["loss", "one-se", "last"]

#: Dimensions of each latent, unless a model says otherwise.
LATENT_SIZE: Final = 32
#: A number of units, classes or values; no tensor here can have more.
_MOST: Final = 10**9
Size = Annotated[int, Expected("an integer from 1 to 10^9", lambda n: 1 <= n <= _MOST)]
SizeOrZero = Annotated[int, Expected("an integer from 0 to 10^9", lambda n: 0 <= n <= _MOST)]

#: Weight of a loss: one number, or one for each modality, that of x1 first.
Weight = float | tuple[float, ...]
#: How a path to a faulty weight names the member of the union that was tried.
_MEMBERS_OF_WEIGHT: Final = ("float", "tuple[float, ...]")

T = TypeVar("T")


@dataclass(frozen=True)
class EncoderConfig:
    """One modality's encoder.

    Attributes
    ----------
    kind
        A key of ``dmil_core.models.encoders.ENCODERS``.
    shape
        Shape of one sample: (D,), (H, W[, C]), (T, C), or (words,) for text.
    feature_size
        Size of z_m.
    vocabulary
        Words that a text encoder has an embedding of, from training rows only; empty for other
        kinds.
    tokenizer
        How a text is cut into words; see :mod:`dmil_core.data.tokens`.
    """

    kind: str
    shape: Annotated[tuple[Size, ...], Expected("at least one size", bool)]
    feature_size: Size = 64
    hidden: Size = 128
    dropout: Annotated[float, Expected("a number from 0 to 1", lambda p: 0 <= p <= 1)] = 0.1
    vocabulary: tuple[str, ...] = ()
    tokenizer: Tokenizer = "words"

    def __post_init__(self) -> None:
        if not 0 <= self.dropout <= 1:  # NaN included
            raise ConfigError(f"dropout: expected a number from 0 to 1, got {self.dropout!r}")


@dataclass(frozen=True)
class ArchitectureOptions:
    """What a paradigm decides about its model, whatever the data. An ablation changes one option.

    Attributes
    ----------
    reconstruct
        DMIL: stage 1 reconstructs the standardised input, or, as in the released code, the
        encoder's features.
    variational
        DMIL: Gaussian posteriors, or plain layers in their place.
    intra
        DMIL: split each modality into M and N.
    consistency
        DMIL: split M1 and M2 into R, U1 and U2.
    explained
        DMIL: the gate also predicts how much of a sample the components explain.
    heads
        Joint: a linear head on each modality's features, beside the head on the fusion.
    matched
        Joint: a wider fusion, so that the model has as many parameters as DMIL for the same data.
    average
        Ensemble: whether probabilities or logits are averaged.
    unimodal_terms
        DMIL: the logits of a component include those of the unimodal heads that it builds on,
        l_U_m = h_U_m + o_m, l_R = h_R + sum_m o_m and l_S = h_S + sum_m o_m.
    """

    architecture: Architecture
    reconstruct: Reconstruct = "input"
    variational: bool = True
    intra: bool = True
    consistency: bool = True
    explained: bool = True
    heads: bool = False
    matched: bool = False
    average: Average = "probabilities"
    unimodal_terms: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelConfig(ArchitectureOptions):
    """Everything needed to build a model without its weights.

    Attributes
    ----------
    encoders
        One per modality, that of x1 first.
    fusion_size
        Hidden units of the fusion; 0 means four for each latent dimension.
    """

    encoders: Annotated[
        tuple[EncoderConfig, ...],
        Expected("2 or 3 encoders", lambda e: FEWEST_MODALITIES <= len(e) <= MOST_MODALITIES),
    ]
    classes: Size
    latent_size: Size = LATENT_SIZE
    fusion_size: SizeOrZero = 0

    def __post_init__(self) -> None:
        if not FEWEST_MODALITIES <= self.modalities <= MOST_MODALITIES:
            raise ConfigError(
                f"encoders: expected {FEWEST_MODALITIES} or {MOST_MODALITIES}, one for each "
                f"modality, got {self.modalities}"
            )

    @property
    def modalities(self) -> int:
        """Number of modalities that the model reads."""
        return len(self.encoders)


@dataclass(frozen=True)
class Stage:
    """One stage of training: which parameters are trained, for how long, with which losses.

    Attributes
    ----------
    trainable
        Prefixes of parameter names; all other parameters are frozen. A prefix that matches
        nothing is an error.
    losses
        Weight of each term of ``dmil_core.training.losses``. A family of terms, such as
        ``kl_intra``, has a term for every modality: one weight applies to each of them, a tuple
        holds the weight of each.
    patience
        Epochs without a better validation loss after which the stage ends; 0 for a stage that
        runs all its epochs.
    smoothing
        Label smoothing of every cross-entropy to the true class: that class has this much less,
        spread evenly over all classes.
    averaging
        Share of the stage's optimiser steps over which a running average of the weights reaches;
        validation and the next stage use the averaged weights. 0 for the weights themselves.
    keep
        Which epoch of the stage is kept; see :data:`Keep`.
    warmup
        Share of the epochs over which the learning rate rises to ``lr``. Without it a network
        settles on the information of one modality and misses what only both provide.
    schedule
        After the warm-up the rate stays, or falls along half a cosine to zero.
    watch
        Weights of the terms whose sum on validation rows decides when to stop; by default
        ``losses``.
    rule
        How the losses become gradients: a key of ``dmil_core.training.rules.RULES``.
    settings
        The rule's own hyperparameters by name, in place of its defaults.
    lr_factors
        Prefix of parameter names -> factor on their learning rate.
    modality
        The only modality, from 1, that the loss families of this stage apply to; None for all.
    """

    name: str
    title: str
    trainable: tuple[str, ...]
    epochs: int
    lr: float
    losses: dict[str, Weight]
    patience: int = 15
    smoothing: Annotated[float, Expected("a number from 0 to 1", lambda p: 0 <= p <= 1)] = 0.0
    averaging: Annotated[float, Expected("a number from 0 to 1", lambda p: 0 <= p <= 1)] = 0.0
    keep: Keep = "loss"
    optimizer: Optimizer = "adamw"
    weight_decay: float = 1e-2
    batch_size: int = 128
    warmup: float = 0.2
    schedule: Literal["constant", "cosine"] = "cosine"
    watch: dict[str, Weight] = field(default_factory=dict)
    rule: str = "plain"
    settings: dict[str, float] = field(default_factory=dict)
    lr_factors: dict[str, float] = field(default_factory=dict)
    modality: int | None = None


@dataclass(frozen=True)
class RunConfig:
    """One training run.

    Attributes
    ----------
    paradigm
        Name of the paradigm.
    folds
        Number of folds of the cross-fitted responsibilities; 0 for a paradigm without them.
    recipe
        Name of the recipe that stages and out-of-fold models follow, a key of
        ``dmil_core.paradigms.RECIPES``; empty in runs of versions before it had a name.
    version
        Version of this description, ``CONFIG_VERSION``.
    """

    paradigm: str
    seed: int
    model: ModelConfig
    stages: tuple[Stage, ...]
    folds: int = 0
    recipe: str = ""
    version: int = field(default=CONFIG_VERSION)


def to_json(config: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values; tuples become lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_json(cls: type[T], data: Any, where: str = "config") -> T:
    """Read a dataclass, or another annotated type, back from JSON values, strictly.

    Parameters
    ----------
    cls
        A dataclass, or a type such as ``dict[str, float]``.
    data
        JSON values, as ``json.loads`` returns them.
    where
        What the messages call the value itself.

    Raises
    ------
    ConfigError
        Naming every field that is missing, unknown or unfit: its path, what was expected and
        what came.
    """
    try:
        value: T = strict_json.read(cls, data)
    except strict_json.UnfitJsonError as error:
        raise ConfigError("; ".join(_described(error.faults, where))) from None
    return value


def read_run_config(data: Any, where: str = "config") -> RunConfig:
    """Read a :class:`RunConfig` of this version or an earlier one.

    Raises
    ------
    ConfigError
        As :func:`from_json`, or if the version is not known.
    """
    if isinstance(data, dict) and "version" in data:
        version = data["version"]
        if version in range(1, CONFIG_VERSION) and not isinstance(version, bool):
            data = migration.to_version_4(data)
        elif version != CONFIG_VERSION:
            raise ConfigError(
                f"{where}.version: expected at most {CONFIG_VERSION}, got {_short(version)}; read "
                "it with the release of dmil_core that wrote it"
            )
    return from_json(RunConfig, data, where)


#: Faults that are described; more are counted.
_MOST_FAULTS: Final = 8


def _described(faults: Sequence[strict_json.Fault], where: str) -> Iterator[str]:
    """One phrase for each fault: a value that fits no member of a union counts once."""
    phrases: dict[tuple[int | str, ...], str] = {}
    for fault in faults:
        path = tuple(s for s in fault.path if s not in _MEMBERS_OF_WEIGHT)
        key = path if path != fault.path else (*path, fault.problem)
        phrases.setdefault(key, replace(fault, path=path).describe(where))
    yield from list(phrases.values())[:_MOST_FAULTS]
    if len(phrases) > _MOST_FAULTS:
        yield f"and {len(phrases) - _MOST_FAULTS} more"


def _short(value: Any) -> str:
    return repr(value)[:80]
