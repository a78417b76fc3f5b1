"""Row filters in words, for the chip, the caption of the list and the report. Not escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.text import terms

#: What a filter is called by who offers it, by its name in the URL.
HELP = "The samples that the filters in force leave. They stay in force on the other pages."
SAMPLES, MAP, CLEAR = "Open in Samples", "Show on the map", "Clear"


def words(name: str, values: Sequence[str], model: str) -> str:
    """One filter in words.

    Parameters
    ----------
    name : of the filter in the URL.
    values : the names that it lists, else one text: of a range of confidence its two ends.
    model : the chosen model, whose predictions some filters are about.
    """
    if name in ("right", "wrong"):
        return f"{name} by {' and '.join(values)}"
    if name == "flags":
        return f"only {' and '.join(map(_spaced, values))}" if values else "no sample attribute"
    if name == "confidence":
        low, high = (f"{float(v):.0%}" for v in values)
        return f"{model} with confidence {low} to {high}"
    value = values[0]
    return {
        "q": f"“{value}” in id, class or text",
        "truth": f"true class {value}",
        "predicted": f"{model} predicts {value}",
        "show": terms.GATE_AND_BITS + " disagree" if value == "apart" else f"{value} by {model}",
        "dominant": f"largest gate weight {value}",
        "interaction-type": f"interaction type {value}",
        "flag": _spaced(value),
        "alone": "no input alone suffices",
        "needs": f"right by {model}, wrong without {value}",
        "answers": terms.ANSWERS.get(value, value),
        "slice": value,
    }[name]


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def headline(filters: Mapping[str, Sequence[str]], model: str) -> str:
    """All filters in one line; what `words` says of each, by its name in the URL.

    Of models that are right and models that are wrong the only one of its side is named alone.
    """
    right, wrong = filters.get("right", ()), filters.get("wrong", ())
    shown = {name: words(name, values, model) for name, values in filters.items()}
    if right and wrong and len(right) + len(wrong) > 2:
        if len(wrong) == 1:
            del shown["right"]
            shown["wrong"] = f"wrong by {wrong[0]} only"
        elif len(right) == 1:
            del shown["wrong"]
            shown["right"] = f"right by {right[0]} only"
    return ", ".join(shown.values())
