"""What a run is made of: frozen dataclasses and their versioned JSON.

The JSON is read strictly: an unknown or missing field is an error that names it, so that an old
reader never half-understands a new file.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from dmil_core.errors import ConfigError
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES

CONFIG_VERSION = 1

Architecture = Literal["dmil", "joint", "ensemble", "qmf", "mmtm", "mib", "i2m2", "i2moe"]
Rebuild = Literal["input", "features"]
Average = Literal["probabilities", "logits"]
Optimizer = Literal["adamw", "sgd"]

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
        Words a text encoder knows, from training rows only; empty for other kinds.
    """

    kind: str
    shape: tuple[int, ...]
    feature_size: int = 64
    hidden: int = 128
    dropout: float = 0.1
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """What a paradigm decides of its model, whatever the data; an ablation replaces one of them."""

    architecture: Architecture
    #: DMIL: stage 1 rebuilds the standardised input, or the encoder's own features as released.
    rebuild: Rebuild = "input"
    #: DMIL: Gaussian posteriors, or plain layers in their place.
    variational: bool = True
    #: DMIL: split each modality into M and N.
    intra: bool = True
    #: DMIL: split M1 and M2 into R, U1 and U2.
    consistency: bool = True
    #: DMIL: the gate also tells how much of a sample any component explains.
    explained: bool = True
    #: Joint: a linear head on each modality's features beside the head on both.
    heads: bool = False
    #: Joint: as many parameters as DMIL has for the same data, put into the fusion.
    matched: bool = False
    #: Ensemble: what is averaged.
    average: Average = "probabilities"


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Parts):
    """Everything needed to build a model without its weights."""

    encoders: tuple[EncoderConfig, ...]
    classes: int
    latent_size: int = 32
    #: Hidden units of the fusion, by default four for each latent dimension.
    fusion_size: int = 0

    def __post_init__(self) -> None:
        if not FEWEST_MODALITIES <= self.modalities <= MOST_MODALITIES:
            raise ConfigError(
                f"encoders: expected {FEWEST_MODALITIES} or {MOST_MODALITIES}, one for each "
                f"modality, got {self.modalities}"
            )

    @property
    def modalities(self) -> int:
        """How many inputs the model reads."""
        return len(self.encoders)


@dataclass(frozen=True)
class Stage:
    """One stage of training: what moves, how long, and towards what.

    Attributes
    ----------
    trainable
        Prefixes of parameter names; everything else is frozen. One that matches nothing is an
        error.
    losses
        Weight of each term of ``dmil_core.training.losses.TERMS``.
    watch
        Weights of the terms that decide on validation rows when to stop; by default ``losses``.
    rule
        How the losses become gradients: a key of ``dmil_core.training.rules.RULES``.
    settings
        The rule's own numbers by name, in place of its defaults.
    lr_factors
        Prefixes of parameter names -> factor on their learning rate.
    patience
        Epochs without a better validation loss before the stage ends; its best state goes on.
    """

    name: str
    title: str
    trainable: tuple[str, ...]
    epochs: int
    lr: float
    losses: dict[str, float]
    patience: int = 15
    optimizer: Optimizer = "adamw"
    weight_decay: float = 1e-2
    batch_size: int = 128
    #: Share of the epochs over which the learning rate rises to ``lr``. Rushed at the start, a
    #: network settles on what one modality says and never finds what only both say.
    warmup: float = 0.2
    #: What the learning rate does after that: stay, or fall along half a cosine to zero.
    schedule: Literal["constant", "cosine"] = "cosine"
    watch: dict[str, float] = field(default_factory=dict)
    rule: str = "plain"
    settings: dict[str, float] = field(default_factory=dict)
    lr_factors: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RunConfig:
    """One training run: paradigm by name, model, stages and seed."""

    paradigm: str
    seed: int
    model: ModelConfig
    stages: tuple[Stage, ...]
    #: Folds of the cross-fitted responsibilities; 0 where the paradigm does not use them.
    folds: int = 0
    version: int = field(default=CONFIG_VERSION)


def to_json(config: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values; tuples become lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def from_json(cls: type[T], data: Any, where: str = "config") -> T:
    """Read a dataclass back, strictly.

    Raises
    ------
    ConfigError
        Naming the field that is missing, unknown or of the wrong type.
    """
    return typing.cast(T, _read(cls, data, where))


def _read(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return _expect(value in args, value, where, f"one of {', '.join(map(str, args))}")
    if origin is tuple:
        _expect(isinstance(value, list | tuple), value, where, "a list")
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_read(args[0], v, f"{where}[{i}]") for i, v in enumerate(value))
        _expect(len(value) == len(args), value, where, f"a list of {len(args)}")
        pairs = zip(args, value, strict=True)
        return tuple(_read(a, v, f"{where}[{i}]") for i, (a, v) in enumerate(pairs))
    if origin is dict:
        _expect(isinstance(value, dict), value, where, "an object")
        return {str(k): _read(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if origin in (types.UnionType, typing.Union):
        return None if value is None else _read(args[0], value, where)
    if kind is float:
        ok = isinstance(value, int | float) and not isinstance(value, bool)
        return _float(_expect(ok, value, where, "a number"), where)
    if kind is int:
        ok = isinstance(value, int) and not isinstance(value, bool)
        return _expect(ok, value, where, "a whole number")
    return value if kind is Any else _expect(isinstance(value, kind), value, where, kind.__name__)


def _float(value: float, where: str) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number of hundreds of digits
        raise ConfigError(f"{where}: expected a number, got one that is too large") from None


def _read_dataclass(cls: Any, value: Any, where: str) -> Any:
    _expect(isinstance(value, dict), value, where, "an object")
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(value) - set(fields))
    _expect(not unknown, ", ".join(unknown), where, f"only the fields {', '.join(fields)}")
    missing = sorted(
        n
        for n, f in fields.items()
        if n not in value
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    )
    _expect(not missing, "none", where, f"the field {', '.join(missing)}")
    values = {k: _read(hints[k], v, f"{where}.{k}") for k, v in value.items()}
    try:
        return cls(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None


def _expect(ok: bool, value: Any, where: str, expected: str) -> Any:
    if not ok:
        raise ConfigError(f"{where}: expected {expected}, got {str(value)[:80]!r}")
    return value
