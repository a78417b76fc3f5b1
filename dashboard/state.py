"""What a visitor is looking at, as a value, and its form in the URL.

Nothing here imports Streamlit. `from_query` accepts whatever a URL can hold and never raises:
what it cannot use it leaves at the default and reports as `Dropped`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from dashboard.edits import COMPONENTS, read_change, read_factors, write_change, write_factors

#: Longest text taken from a URL; longer is dropped. Sample ids and class names stay far below.
LONGEST: Final = 200

SPLITS: Final = ("test", "val", "train", "all")
SHOWS: Final = ("all", "right", "wrong", "apart")
COLOURS: Final = (
    "class",
    "prediction",
    "correct",
    "dominant",
    "composition",
    *(f"gate-{c}" for c in COMPONENTS),
    *(f"bits-{c}" for c in ("R", "U1", "U2", "S")),
)
ORDERS: Final = ("stored", "unsure", "sure", *COMPONENTS, "unexplained")
RENDERERS: Final = ("webgl", "svg")
#: Ways to say what two inputs share of what they tell; see `dmil_core.information.pointwise`.
DEFINITIONS: Final = ("same-sign", "ccs")
#: Who says what the inputs tell: the chosen model's heads, or networks that read the data alone.
TELLERS: Final = ("model", "data")
#: Which samples of two compared models are listed: all, or those that only one has right.
SIDES: Final = ("both", "first", "second")

#: Parts of the Compare page, and the metrics it can compare by.
PARTS: Final = ("seeds", "sets", "samples")
METRICS: Final = ("accuracy", "macro_f1", "map", "ece", "synergy", "missed")
#: What the part about single samples looks at.
LOOKS: Final = ("agreement", "pair", "groups", "calibration", "bits", "training")
#: What of a training can be drawn over its epochs.
CURVES: Final = ("val_accuracy", "val_loss", "loss")
#: Stands for no name at all in a list of names, where an empty text means "not chosen".
NOBODY: Final = "-"

#: Parameters that belong to Streamlit itself.
FOREIGN: Final = ("embed", "embed_options")


@dataclass(frozen=True)
class View:
    """Everything a link restores.

    Empty text means "not chosen": the first data set, the first latent, every class.
    """

    data: str = ""
    model: str = "dmil"
    seed: int = 0
    split: str = "test"
    sample: str = ""
    cls: str = ""
    against: str = ""
    latent: str = ""
    colour: str = "class"
    renderer: str = "webgl"
    rival: str = "joint"
    rival_seed: str = ""
    side: str = "both"
    search: str = ""
    truth: str = ""
    show: str = "all"
    dominant: str = ""
    composition: str = ""
    flag: str = ""
    order: str = "stored"
    part: str = "seeds"
    look: str = "agreement"
    among: str = ""
    right: str = ""
    curves: str = ""
    metric: str = "accuracy"
    reference: str = "dmil"
    method: str = ""
    setting: str = ""
    definition: str = "same-sign"
    teller: str = "model"
    near: str = ""
    edit1: str = ""
    edit2: str = ""
    edit3: str = ""
    factors: str = ""


@dataclass(frozen=True)
class Dropped:
    """A part of a link that could not be used."""

    name: str
    value: str
    reason: str


def _text(value: str) -> str:
    if len(value) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    if not value.isprintable():
        raise ValueError("has characters that cannot be shown")
    return value


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise ValueError("expected a whole number such as 0")
    return int(value)


def _whole_text(value: str) -> str:
    return str(_whole(value))


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return value

    return read


def names_in(text: str) -> tuple[str, ...]:
    """The names that a text for a link lists, each once; the reverse of `listed`."""
    return () if text in ("", NOBODY) else tuple(dict.fromkeys(n for n in text.split(",") if n))


def listed(names: Iterable[str]) -> str:
    """Names as a text for a link."""
    return ",".join(names) or NOBODY


def _change(value: str) -> str:
    return write_change(read_change(_text(value)))


def _factors(value: str) -> str:
    return write_factors(read_factors(_text(value)))


#: URL name -> (field of View, reader that returns the value or raises ValueError(reason)).
PARAMETERS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "data": ("data", _text),
    "model": ("model", _text),
    "seed": ("seed", _whole),
    "split": ("split", _one_of(SPLITS)),
    "sample": ("sample", _text),
    "class": ("cls", _text),
    "against": ("against", _text),
    "latent": ("latent", _text),
    "colour": ("colour", _one_of(COLOURS)),
    "draw": ("renderer", _one_of(RENDERERS)),
    "rival": ("rival", _text),
    "rival-seed": ("rival_seed", _whole_text),
    "side": ("side", _one_of(SIDES)),
    "q": ("search", _text),
    "truth": ("truth", _text),
    "show": ("show", _one_of(SHOWS)),
    "dominant": ("dominant", _one_of(COMPONENTS)),
    "composition": ("composition", _one_of(COMPONENTS)),
    "flag": ("flag", _text),
    "order": ("order", _one_of(ORDERS)),
    "part": ("part", _one_of(PARTS)),
    "look": ("look", _one_of(LOOKS)),
    "among": ("among", _text),
    "right": ("right", _text),
    "curves": ("curves", _text),
    "metric": ("metric", _one_of(METRICS)),
    "reference": ("reference", _text),
    "method": ("method", _text),
    "setting": ("setting", _text),
    "definition": ("definition", _one_of(DEFINITIONS)),
    "told": ("teller", _one_of(TELLERS)),
    "near": ("near", _text),
    "edit1": ("edit1", _change),
    "edit2": ("edit2", _change),
    "edit3": ("edit3", _change),
    "gate": ("factors", _factors),
}

DEFAULT: Final = View()

#: Written even at their default, so that a link means the same when a default changes.
ALWAYS: Final = ("data", "model", "seed")


def to_query(view: View) -> dict[str, str]:
    """A view as URL parameters; what is empty or at its default is left out."""
    query = {}
    for name, (field, _) in PARAMETERS.items():
        value = getattr(view, field)
        if value != "" and (name in ALWAYS or value != getattr(DEFAULT, field)):
            query[name] = str(value)
    return query


def from_query(params: Mapping[str, Any]) -> tuple[View, tuple[Dropped, ...]]:
    """Read a view from URL parameters.

    Parameters
    ----------
    params
        Name to text; of a list the last entry counts, as browsers repeat parameters. Empty text
        counts as not given.

    Returns
    -------
    The view, and what was dropped in the order it came. Never raises.
    """
    values: dict[str, Any] = {}
    dropped = []
    for name, raw in params.items():
        text = _last(raw)
        if name in FOREIGN:
            continue
        if name not in PARAMETERS:
            dropped.append(Dropped(_short(str(name)), _short(text), "no such parameter"))
            continue
        if not text:
            continue
        field, read = PARAMETERS[name]
        try:
            values[field] = read(text)
        except ValueError as reason:
            dropped.append(Dropped(name, _short(text), str(reason)))
    return replace(DEFAULT, **values), tuple(dropped)


def _last(raw: Any) -> str:
    if isinstance(raw, list | tuple):
        return str(raw[-1]) if raw else ""
    return str(raw)


def _short(text: str, length: int = 60) -> str:
    shown = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: length + 1]
    )
    return shown if len(shown) <= length else shown[:length] + "…"


def change(view: View, **values: Any) -> View:
    """A view with some choices changed, and the choices that no longer mean anything cleared.

    Another data set has other samples, classes, flags and latents; another model may have other
    latents, but shows the same sample.
    """
    if "data" in values and values["data"] != view.data:
        keep = {"data", "model", "split", "renderer", "rival", "colour", "order"}
        keep |= {"part", "metric", "reference", "method", "setting", "definition", "teller"}
        keep |= {"look", "among", "curves"}
        cleared: dict[str, Any] = {
            f.name: getattr(DEFAULT, f.name) for f in fields(View) if f.name not in keep
        }
        view = replace(view, **cleared)
    return replace(view, **values)


def complete(
    view: View, sets: Sequence[str], models: Sequence[str], seeds: Sequence[int]
) -> tuple[View, tuple[Dropped, ...]]:
    """Fill in what the view leaves open and replace what does not exist.

    Parameters
    ----------
    sets : data sets there are, the first being the default.
    models, seeds : those of the view's data set, or of the first set where it has none of that
        name. A model that is known but not trained stays: the page then says so.

    Returns
    -------
    The view to show, and what of it had to be replaced.
    """
    dropped = []
    if models and view.model not in models:
        dropped.append(Dropped("model", _short(view.model), "no such model"))
        view = replace(view, model="dmil" if "dmil" in models else models[0])
    if seeds and view.seed not in seeds:
        dropped.append(Dropped("seed", str(view.seed), "no model was trained with this seed"))
        view = replace(view, seed=seeds[0])
    if sets and view.data not in sets:
        if view.data:
            dropped.append(Dropped("data", _short(view.data), "no such data set"))
        if view.sample:
            reason = "a sample needs the data set it belongs to"
            dropped.append(Dropped("sample", _short(view.sample), reason))
        view = change(view, data=sets[0], seed=view.seed)
    if view.rival not in models and models:
        view = replace(view, rival=DEFAULT.rival if DEFAULT.rival in models else models[0])
    return view, tuple(dropped)


#: Fields that hold what is changed of a sample.
EDITS: Final = ("edit1", "edit2", "edit3", "factors")


def edits_of(view: View) -> dict[str, str]:
    """What is changed of the sample, by field; empty where it is as it was."""
    return {name: value for name in EDITS if (value := getattr(view, name))}


def filters_of(view: View) -> dict[str, str]:
    """The row filters in force, by URL name; empty when every row of the split is shown."""
    query = to_query(view)
    return {
        k: query[k] for k in ("q", "truth", "show", "dominant", "composition", "flag") if k in query
    }


def without_filters(view: View) -> View:
    """The view with every row filter cleared."""
    return replace(view, search="", truth="", show="all", dominant="", composition="", flag="")
