"""What a visitor is looking at, as a value, and its form in the URL.

Nothing here imports Streamlit. `from_query` accepts whatever a URL can hold and never raises:
what it cannot use it leaves at the default and reports as `Dropped`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from dataclasses import field as dataclass_field
from typing import Any, Final, TypeVar, get_args

from dashboard.state import lesson_progress, slices
from dashboard.state.edits import (
    COMPONENTS,
    is_long,
    read_change,
    read_factors,
    write_change,
    write_factors,
)
from dmil_core import schema

_T = TypeVar("_T")
#: Mark of a field that another data set does not clear.
_KEPT: Final = "kept"

#: Longest text taken from a URL; longer is dropped. No folder, so no data set and no model, has a
#: longer name; a longer sample id is written as its digest, any other name is left out.
LONGEST: Final = 255
#: Longest drawing, or values of a table, in a URL. Three of them and every other text at its
#: longest stay below 16,000 characters, which browsers and servers take.
LONGEST_EDIT: Final = 2000

#: Longest mixture of the page Exact PID: a truth table of 64 rows has at most 1,920 characters.
LONGEST_MIXTURE: Final = 2000

SPLITS: Final = (*reversed(schema.SPLITS), "all")
SHOWS: Final = ("all", "right", "wrong", "apart")
COLOURS: Final = (
    "class",
    "prediction",
    "correct",
    "dominant",
    "interaction_type",
    *(f"gate-{c}" for c in COMPONENTS),
    *(f"bits-{c}" for c in schema.COMPONENTS),
)
#: What a list can be ordered by: largest first, and with ``-up`` smallest first.
QUANTITIES: Final = (
    "id",
    "class",
    "prediction",
    "correct",
    "confidence",
    "unexplained",
    "dominant",
    *(f"gate-{c}" for c in COMPONENTS),
    *(f"contribution-{c}" for c in COMPONENTS),
    *(f"bits-{c}" for c in schema.COMPONENTS),
)
UP: Final = "-up"
#: Orders without a direction: the most telling samples first, and that of the file.
FIXED_ORDERS: Final = ("telling", "stored")
ORDERS: Final = (*FIXED_ORDERS, *QUANTITIES, *(f"{q}{UP}" for q in QUANTITIES))
#: What stands beside the map: the sample or the slice, or nothing although there is one.
PANELS: Final = ("sample", "slice", "closed")
#: How differently all models answer: all alike, or at least so many different answers.
ANSWERS: Final = ("same", "2", "3", "4", "5")
#: Which models of one input each are right about a sample; so far only that none of them is.
ALONE: Final = ("none",)
#: Definitions of pointwise redundancy for a distribution that is known, measures of redundancy for
#: one, and the definitions that the estimates for samples are shown by.
POINTWISE: Final[tuple[str, ...]] = get_args(schema.Definition)
MEASURES: Final[tuple[str, ...]] = get_args(schema.Measure)
DEFINITIONS: Final = tuple(d for d in POINTWISE if d != "lsmi")
#: What a gate mixture is built from, where it does not say so itself: shares of gates, all but one
#: at 0.
BUILDS: Final = ("mix",)
#: Parts of the architecture, of up to three inputs.
BOXES: Final = (
    *(f"{kind}{m}" for kind in "xzmnu" for m in schema.MODALITY_NUMBERS),
    *("r", "s", "heads", "gate", "answer"),
)
#: Live training: what the inputs are, how clear x2 is beside x1, how fast and how long it goes.
INPUTS: Final[tuple[str, ...]] = get_args(schema.Form)
SECONDS: Final = ("clear", "blurred")
PACES: Final = ("slow", "medium", "fast")
LENGTHS: Final = ("glance", "short", "long")
#: Whether a live training waits for its Start, where it would begin by itself.
PAUSES: Final = ("yes",)
#: Whether everything is shown large, for a projector.
SIZES: Final = ("large",)
#: Inputs by their number, and the highest price of one for a row, in errors.
NUMBERS: Final = tuple(str(m) for m in schema.MODALITY_NUMBERS)
MOST_PRICE: Final = 0.5
#: What estimates the inputs' mutual information with the class: the chosen model's heads, or
#: networks that were trained on the data alone.
ESTIMATORS: Final = ("model", "data")
#: How the samples are chosen whose inputs take the place of one's, in post-hoc analysis.
CHOICES: Final = ("marginal", "near", "class")
#: What the card of a sample shows below its decomposition.
CARDS: Final = ("information", "calibration", "parts", "near")
#: Which samples of two compared models are listed: all, or those that only one has right.
SIDES: Final = ("both", "first", "second")

#: What is wrong without it, among predictions that are right: a component, or an input.
NEEDS: Final = (*COMPONENTS, *(f"x{m}" for m in schema.MODALITY_NUMBERS))
#: Which check of a decomposition is shown in detail.
CHECKS: Final = ("types", "components", "inputs", "estimators", "seeds")

#: Scopes of the Leaderboard (``samples`` is of earlier links, see `OLD_PAGES`), and the metrics it
#: can compare by.
PARTS: Final = ("seeds", "sets", "samples")
METRICS: Final = ("accuracy", "macro_f1", "map", "ece", "synergy", "missed")
#: What Disagreements and About this model look at.
LOOKS: Final = ("agreement", "pair", "groups", "calibration", "interactions", "training")
#: What of a training can be drawn over its epochs.
CURVES: Final = ("val_accuracy", "val_loss", "loss")
#: Stands for no name at all in a list of names, where an empty text means "not chosen".
NOBODY: Final = "-"

#: Parameters that belong to Streamlit itself.
FOREIGN: Final = ("embed", "embed_options")

#: Parameters of the browser's parts, which the server only leaves in the URL: the glossary's word.
BROWSER: Final = ("word",)


def _kept(default: _T) -> _T:
    """A field that keeps its value when another data set is chosen."""
    value: _T = dataclass_field(default=default, metadata={_KEPT: True})
    return value


@dataclass(frozen=True)
class View:
    """Everything a link restores.

    Empty text means "not chosen": the first data set, the first latent and colour, every class. A
    field that is `_kept` means the same on another data set, which has other samples, classes and
    latents.
    """

    data: str = _kept("")
    model: str = _kept("dmil")
    seed: int = 0
    split: str = _kept("test")
    sample: str = ""
    cls: str = ""
    against: str = ""
    latent: str = ""
    colour: str = _kept("")
    beside: str = ""
    slice: str = ""
    panel: str = ""
    compared: str = _kept("joint")
    compared_seed: str = ""
    side: str = "both"
    search: str = ""
    truth: str = ""
    predicted: str = ""
    show: str = "all"
    confidence: str = ""
    dominant: str = ""
    interaction_type: str = ""
    flag: str = ""
    flags: str = ""
    alone: str = ""
    needs: str = ""
    right: str = ""
    wrong: str = ""
    answers: str = ""
    order: str = _kept("telling")
    page: int = 0
    part: str = _kept("seeds")
    look: str = _kept("agreement")
    among: str = _kept("")
    subset: str = ""
    curves: str = _kept("")
    metric: str = _kept("accuracy")
    reference: str = _kept("dmil")
    method: str = _kept("")
    setting: str = _kept("")
    check: str = _kept("types")
    definition: str = _kept("same-sign")
    estimator: str = _kept("model")
    card: str = _kept("")
    near: str = ""
    background: str = _kept("marginal")
    edit1: str = ""
    edit2: str = ""
    edit3: str = ""
    factors: str = ""
    mixture: str = _kept("")
    build: str = _kept("")
    measure: str = _kept("broja")
    pointwise: str = _kept("same-sign")
    box: str = ""
    inputs: str = _kept("")
    second: str = _kept("clear")
    draw: int = _kept(0)
    pace: str = _kept("medium")
    length: str = _kept("short")
    paused: str = _kept("")
    lesson: str = _kept("")
    step: int = _kept(1)
    said: str = _kept("")
    size: str = _kept("")
    present: int = _kept(0)
    input: str = ""
    price: str = _kept("")


@dataclass(frozen=True)
class Dropped:
    """A part of a link that could not be used."""

    name: str
    value: str
    reason: str


def _text(value: str, longest: int = LONGEST) -> str:
    if len(value) > longest:
        raise ValueError(f"longer than {longest:,} characters")
    # Names of a data set may hold line breaks and marks that nobody sees; pages show them safely.
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("has characters that cannot be shown")
    return value


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise ValueError("expected a whole number such as 0")
    return int(value)


def _whole_text(value: str) -> str:
    return str(_whole(value))


def _price(value: str) -> str:
    number = float(value)
    if not 0 <= number <= MOST_PRICE:
        raise ValueError(f"expected a number from 0 to {MOST_PRICE:g}")
    return f"{number:g}"


def range_of(text: str) -> tuple[float, float]:
    """The ends of a range of confidence in a link, such as ``0.8:0.9``: from the first, included,
    to the second, included only where it is 1.

    Raises
    ------
    ValueError
        If the text is none.
    """
    low, _, high = text.partition(":")
    ends = float(low), float(high)
    if not 0 <= ends[0] < ends[1] <= 1:
        raise ValueError("expected a range of confidence such as 0.8:0.9")
    return ends


def written_range(low: float, high: float) -> str:
    """A range of confidence for a link; the reverse of `range_of`."""
    return f"{low:.9g}:{high:.9g}"


def _range(value: str) -> str:
    written = written_range(*range_of(_text(value)))
    range_of(written)  # its ends may have been closer than the digits of a link
    return written


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return value

    return read


def names_in(text: str) -> tuple[str, ...]:
    """The names that a text for a link lists, each once; the reverse of `listed`."""
    if text in ("", NOBODY):
        return ()
    return tuple(dict.fromkeys(_ESCAPED.sub(_unescape, n) for n in text.split(",") if n))


def listed(names: Iterable[str]) -> str:
    """Names as a text for a link; none of them may be empty."""
    result = ",".join(n.replace("%", "%25").replace(",", "%2C") for n in names)
    return "%2D" if result == NOBODY else result or NOBODY


def model_word(model: str, seed: int, usual: int) -> str:
    """A model for a list in a link: its name alone where its seed is the view's, ``usual``."""
    return model if seed == usual and not _HAS_SEED.fullmatch(model) else f"{model}:{seed}"


def model_in(word: str, usual: int) -> tuple[str, int]:
    """Model and seed of a word that `model_word` wrote."""
    match = _HAS_SEED.fullmatch(word)
    return (match[1], int(match[2])) if match else (word, usual)


_HAS_SEED: Final = re.compile("(.+):([0-9]{1,6})", re.DOTALL)
#: What `listed` writes in place of characters that have a meaning there.
_ESCAPED: Final = re.compile("%(25|2C|2D)")


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


#: Stands in a link for an id that is too long for one.
_DIGEST: Final = "sha256:"
_IS_DIGEST: Final = re.compile(_DIGEST + "[0-9a-f]{32}")


def digest_of(sample: str) -> str:
    """What a link holds in place of an id that is too long for it."""
    return _DIGEST + hashlib.sha256(sample.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_digest(sample: str) -> bool:
    """Whether a sample in a link may be a digest of its id."""
    return _IS_DIGEST.fullmatch(sample) is not None


def named_by(sample: str, ids: Iterable[str]) -> str:
    """The id among ``ids`` that a link means: ``sample`` itself, or the one with this digest."""
    return next((i for i in ids if i == sample or digest_of(i) == sample), sample)


def _change(value: str) -> str:
    return write_change(read_change(_text(value, LONGEST_EDIT if is_long(value) else LONGEST)))


def _slice(value: str) -> str:
    return slices.write(slices.read(value))


def _mixture(value: str) -> str:
    return _text(value, LONGEST_MIXTURE)


def _said(value: str) -> str:
    return lesson_progress.write(lesson_progress.read(value))


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
    "beside": ("beside", _text),
    "slice": ("slice", _slice),
    "panel": ("panel", _one_of(PANELS)),
    "compared": ("compared", _text),
    "compared-seed": ("compared_seed", _whole_text),
    "side": ("side", _one_of(SIDES)),
    "q": ("search", _text),
    "truth": ("truth", _text),
    "predicted": ("predicted", _text),
    "show": ("show", _one_of(SHOWS)),
    "confidence": ("confidence", _range),
    "dominant": ("dominant", _one_of(COMPONENTS)),
    "interaction-type": ("interaction_type", _one_of(COMPONENTS)),
    "flag": ("flag", _text),
    "flags": ("flags", _text),
    "alone": ("alone", _one_of(ALONE)),
    "needs": ("needs", _one_of(NEEDS)),
    "right": ("right", _text),
    "wrong": ("wrong", _text),
    "answers": ("answers", _one_of(ANSWERS)),
    "order": ("order", _one_of(ORDERS)),
    "list": ("page", _whole),
    "part": ("part", _one_of(PARTS)),
    "look": ("look", _one_of(LOOKS)),
    "among": ("among", _text),
    "subset": ("subset", _text),
    "curves": ("curves", _text),
    "metric": ("metric", _one_of(METRICS)),
    "reference": ("reference", _text),
    "method": ("method", _text),
    "setting": ("setting", _text),
    "check": ("check", _one_of(CHECKS)),
    "definition": ("definition", _one_of(DEFINITIONS)),
    "estimator": ("estimator", _one_of(ESTIMATORS)),
    "card": ("card", _one_of(CARDS)),
    "near": ("near", _text),
    "background": ("background", _one_of(CHOICES)),
    "edit1": ("edit1", _change),
    "edit2": ("edit2", _change),
    "edit3": ("edit3", _change),
    "gate": ("factors", _factors),
    "mixture": ("mixture", _mixture),
    "build": ("build", _one_of(BUILDS)),
    "measure": ("measure", _one_of(MEASURES)),
    "pointwise": ("pointwise", _one_of(POINTWISE)),
    "box": ("box", _one_of(BOXES)),
    "inputs": ("inputs", _one_of(INPUTS)),
    "x2": ("second", _one_of(SECONDS)),
    "draw": ("draw", _whole),
    "pace": ("pace", _one_of(PACES)),
    "length": ("length", _one_of(LENGTHS)),
    "paused": ("paused", _one_of(PAUSES)),
    "lesson": ("lesson", _one_of(lesson_progress.LESSONS)),
    "step": ("step", _whole),
    "said": ("said", _said),
    "size": ("size", _one_of(SIZES)),
    "present": ("present", _whole),
    "input": ("input", _one_of(NUMBERS)),
    "price": ("price", _price),
}

DEFAULT: Final = View()

#: Written even at their default, so that a link means the same when a default changes.
ALWAYS: Final = ("data", "model", "seed")


#: Names that parameters had in links of earlier versions, which still open the same view.
OLD_PARAMETERS: Final[Mapping[str, str]] = {
    "composition": "interaction-type",
    "rival": "compared",
    "rival-seed": "compared-seed",
    "told": "estimator",
    "world": "mixture",
}
#: The same for values: (today's name of the parameter, value) -> today's value.
OLD_VALUES: Final[Mapping[tuple[str, str], str]] = {
    ("colour", "composition"): "interaction_type",
    ("length", "normal"): "short",
    ("look", "bits"): "agreement",
}
_SAMPLES: Final = {"part": "samples"}
_SEEDS: Final = {"part": DEFAULT.part}
#: Pages of earlier versions: address, and what of its query must hold -> today's page and what of
#: the view it shows there.
OLD_PAGES: Final[tuple[tuple[str, Mapping[str, str], str, Mapping[str, str]], ...]] = (
    ("fidelity", {}, "trust", {}),
    ("compare", {**_SAMPLES, "look": "bits"}, "trust", {**_SEEDS, "check": "estimators"}),
    *(
        ("compare", {**_SAMPLES, "look": look}, "about", _SEEDS)
        for look in ("calibration", "interactions", "training")
    ),
    ("compare", _SAMPLES, "disagreements", _SEEDS),
)
#: Addresses at which there is no page of today.
OLD_ADDRESSES: Final = ("fidelity",)


def moved(address: str, params: Mapping[str, Any]) -> tuple[str, Mapping[str, str]] | None:
    """Where a link of an earlier version leads: a page, and what of the view it shows there; None
    where the page is still the one at this address."""
    for old, wanted, page, shown in OLD_PAGES:
        if address == old and all(_last(params.get(k, "")) == v for k, v in wanted.items()):
            return page, shown
    return None


def to_query(view: View) -> dict[str, str]:
    """A view as URL parameters; what is empty, at its default, or cannot be read back from a link
    is left out."""
    query = {}
    for name, (field, _) in PARAMETERS.items():
        value = getattr(view, field)
        if value == "" or (name not in ALWAYS and value == getattr(DEFAULT, field)):
            continue
        if field == "sample" and len(value) > LONGEST:
            value = digest_of(value)
        if _is_read_back(name, value):
            query[name] = str(value)
    return query


def _is_read_back(name: str, value: Any) -> bool:
    try:
        return bool(PARAMETERS[name][1](str(value)) == value)
    except ValueError:
        return False


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
        name, text = OLD_PARAMETERS.get(name, name), _last(raw)
        text = OLD_VALUES.get((name, text), text)
        if name in (*FOREIGN, *BROWSER):
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


#: Filters of rows: name in the URL -> field.
FILTERS: Final = {
    "q": "search",
    **{f: f for f in ("truth", "predicted", "show", "confidence", "dominant", "needs")},
    "interaction-type": "interaction_type",
    **{f: f for f in ("flag", "flags", "alone", "right", "wrong", "answers", "slice")},
}
#: Filters whose text lists names, as `listed` writes them: exactly these flags, all these models.
LISTS: Final = ("flags", "right", "wrong")


def change(view: View, **values: Any) -> View:
    """A view with some choices changed, and the choices that no longer mean anything cleared.

    Another data set has other samples, classes, flags and latents; another model may have other
    latents, but shows the same sample. A list that holds other rows, or in another order, is shown
    from its start; with another sample it is shown where that one is, and beside the map.
    """
    if "sample" in values:
        values = {"panel": DEFAULT.panel, **values}
    if set(values) & {"order", "split", *FILTERS.values()}:
        values = {"page": 1, **values}
    elif "sample" in values:
        values = {"page": DEFAULT.page, **values}
    if "data" in values and values["data"] != view.data:
        cleared: dict[str, Any] = {
            f.name: f.default for f in fields(View) if not f.metadata.get(_KEPT)
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
    if view.compared not in models and models:
        view = replace(view, compared=DEFAULT.compared if DEFAULT.compared in models else models[0])
    return view, tuple(dropped)


#: Fields that hold what is changed of a sample.
EDITS: Final = ("edit1", "edit2", "edit3", "factors")


def edits_of(view: View) -> dict[str, str]:
    """What is changed of the sample, by field; empty where it is as it was."""
    return {name: value for name in EDITS if (value := getattr(view, name))}


def too_long(view: View) -> tuple[str, ...]:
    """Fields with a drawing or values that no link can hold; everything else is kept short where it
    is chosen."""
    return tuple(
        name for name, code in edits_of(view).items() if is_long(code) and len(code) > LONGEST_EDIT
    )


def filters_of(view: View) -> dict[str, str]:
    """The row filters in force, by URL name; empty when every row of the split is shown."""
    query = to_query(view)
    return {k: query[k] for k in FILTERS if k in query}


def without_filters(view: View) -> View:
    """The view with every row filter cleared."""
    return replace(view, **{f: getattr(DEFAULT, f) for f in (*FILTERS.values(), "page")})
