"""What a run is made of: frozen dataclasses and their versioned JSON.

The JSON is read strictly (by pydantic, over these same dataclasses): every missing, unknown or
unfit field is named with its path, and a file of a newer version is refused as a whole. Files of
earlier versions are migrated first; see :mod:`dmil_core.migration`.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

from annotated_types import Ge, Le, Len

from dmil_core import migration
from dmil_core.errors import ConfigError
from dmil_core.schema import FEWEST_MODALITIES, MOST_MODALITIES

if TYPE_CHECKING:
    from pydantic import TypeAdapter

CONFIG_VERSION = 2

Architecture = Literal["dmil", "joint", "ensemble", "qmf", "mmtm", "mib", "i2m2", "i2moe"]
Reconstruct = Literal["input", "features"]
Average = Literal["probabilities", "logits"]
Optimizer = Literal["adamw", "sgd"]

#: A number of units, classes or values: more than this no tensor here can have.
Size = Annotated[int, Ge(1), Le(10**9)]

#: Weight of a loss: one number, or one for each modality, that of x1 first.
Weight = float | tuple[float, ...]

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
    """

    kind: str
    shape: Annotated[tuple[Size, ...], Len(1)]
    feature_size: Size = 64
    hidden: Size = 128
    dropout: Annotated[float, Ge(0), Le(1)] = 0.1
    vocabulary: tuple[str, ...] = ()


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

    encoders: Annotated[tuple[EncoderConfig, ...], Len(FEWEST_MODALITIES, MOST_MODALITIES)]
    classes: Size
    latent_size: Size = 32
    fusion_size: Annotated[int, Ge(0), Le(10**9)] = 0

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
        Epochs without a better validation loss after which the stage ends. The model continues
        from the best state of the stage.
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
    version
        Version of this description, ``CONFIG_VERSION``.
    """

    paradigm: str
    seed: int
    model: ModelConfig
    stages: tuple[Stage, ...]
    folds: int = 0
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
    import pydantic

    adapter: TypeAdapter[tuple[T]] = _adapter(typing.cast(Any, cls))
    try:
        (value,) = adapter.validate_json(json.dumps([data]))
    except pydantic.ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        raise ConfigError("; ".join(_described(faults, where))) from None
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
        if version == 1 and not isinstance(version, bool):
            data = migration.to_version_2(data)
        elif version != CONFIG_VERSION:
            raise ConfigError(
                f"{where}.version: expected at most {CONFIG_VERSION}, got {_short(version)}; read "
                "it with the release of dmil_core that wrote it"
            )
    return from_json(RunConfig, data, where)


@cache
def _adapter(cls: Any) -> TypeAdapter[Any]:
    """Reads a list that holds one ``cls``: a configuration of the adapter itself reaches a
    dataclass only from a type around it."""
    from pydantic import ConfigDict, TypeAdapter

    strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    return TypeAdapter(tuple[cls], config=strict)


#: pydantic's types of faults -> what was expected.
_EXPECTED: Final[Mapping[str, str]] = {
    "bool_type": "true or false",
    "dataclass_type": "an object",
    "dict_type": "an object",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "string_type": "text",
    "tuple_type": "a list",
    "unexpected_keyword_argument": "no such field",
}
_MOST_FAULTS: Final = 8


def _described(faults: Sequence[Any], where: str) -> Iterator[str]:
    """One phrase for each field: a value that fits no member of a union is one fault, not many."""
    expected: dict[str, list[str]] = {}
    got: dict[str, str] = {}
    for fault in faults:
        path = _path(where, fault["loc"][1:])
        wanted = _expected(fault)
        if wanted not in expected.setdefault(path, []):
            expected[path].append(wanted)
        got[path] = "nothing" if fault["type"] == "missing" else _short(fault["input"])
    for path in list(expected)[:_MOST_FAULTS]:
        yield f"{path}: expected {' or '.join(expected[path])}, got {got[path]}"
    if len(expected) > _MOST_FAULTS:
        yield f"and {len(expected) - _MOST_FAULTS} more"


def _expected(fault: Any) -> str:
    kind, about = fault["type"], fault.get("ctx", {})
    if kind == "literal_error":
        return f"one of {about['expected']}"
    if kind == "too_short":
        return f"at least {about['min_length']} items"
    if kind == "too_long":
        return f"at most {about['max_length']} items"
    if kind == "greater_than_equal":
        return f"a number from {about['ge']} on"
    if kind == "less_than_equal":
        return f"a number up to {about['le']}"
    if kind == "missing":
        return "a value"
    return _EXPECTED.get(kind, str(fault["msg"]))


def _path(where: str, steps: Sequence[int | str]) -> str:
    """``config.stages[0].lr``, without the steps that only name a member of a union."""
    names = (s for s in steps if not (isinstance(s, str) and (s == "float" or s[:6] == "tuple[")))
    return where + "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in names)


def _short(value: Any) -> str:
    return repr(value)[:80]
