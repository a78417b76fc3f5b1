"""Configurations of earlier versions: read as today's, and written again for fingerprints.

Version 1 named the terms of each modality one by one (``kl_1``, ``kl_2``), said ``rebuild`` for
reconstruct, and named some rules by their idea rather than by their method. Everything here works
on plain JSON values and leaves alone what does not look like a configuration, so that the reader
can name what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dmil_core.schema import MODALITY_NUMBERS

#: Family of loss terms -> how version 1 named its term of a modality.
_TERM: Final[Mapping[str, str]] = {
    "ce_unimodal": "ce_x{m}",
    "ce_known": "ce_known_x{m}",
    "kl_intra": "kl_{m}",
    "recon_input": "rebuild_{m}",
}
#: Term of version 1 -> its family and modality.
_FAMILY: Final[Mapping[str, tuple[str, int]]] = {
    name.format(m=m): (family, m) for family, name in _TERM.items() for m in MODALITY_NUMBERS
}
#: Term that belongs to no modality -> its name in version 1.
_OTHER_TERM: Final[Mapping[str, str]] = {"recon_components": "rebuild_parts"}
_RULE: Final[Mapping[str, str]] = {
    "pmr": "prototypes",
    "mcr": "game",
    "tcmax": "correlation",
    "qmf": "ranking",
    "i2moe": "experts",
}
#: Prefix that matches a part of every modality, which version 1 named one by one.
_PREFIX: Final = "intra"


def term_name(family: str, modality: int) -> str:
    """Name of a family's term of one modality, from 1: ``kl_intra_x1``."""
    return f"{family}_x{modality}"


def todays_term(name: str) -> str:
    """Today's name of a loss term in a history file, which may be of version 1."""
    if name in _FAMILY:
        return term_name(*_FAMILY[name])
    return _inverse(_OTHER_TERM).get(name, name)


#: What version 3 added to run, model and stages -> the value that keeps version 2's meaning.
_ADDED_TO_RUN: Final[Mapping[str, Any]] = {"recipe": ""}
_ADDED_TO_MODEL: Final[Mapping[str, Any]] = {"unimodal_terms": False}
_ADDED_TO_STAGE: Final[Mapping[str, Any]] = {"smoothing": 0.0, "averaging": 0.0, "keep": "loss"}


#: What version 4 added to encoders -> the value that keeps version 3's meaning.
_ADDED_TO_ENCODER: Final[Mapping[str, Any]] = {"tokenizer": "words"}


def to_version_4(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a run of an earlier version as version 4 writes it."""
    if config.get("version") != 3:
        config = to_version_3(config)
    return {**config, "version": 4}


def to_version_3(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a run of version 1 or 2 as version 3 writes it."""
    if config.get("version") == 1:
        config = to_version_2(config)
    return {**config, "version": 3}


def to_version_2(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a run of version 1 as version 2 writes it."""
    result = {**config, "version": 2}
    model = config.get("model")
    modalities = 0
    if isinstance(model, dict):
        result["model"] = {("reconstruct" if k == "rebuild" else k): v for k, v in model.items()}
        modalities = len(model["encoders"]) if isinstance(model.get("encoders"), list) else 0
    stages = config.get("stages")
    if isinstance(stages, list):
        result["stages"] = [
            _stage_to_version_2(s, modalities) if isinstance(s, dict) else s for s in stages
        ]
    return result


def _stage_to_version_2(stage: Mapping[str, Any], modalities: int) -> dict[str, Any]:
    result = dict(stage)
    losses, watch = stage.get("losses"), stage.get("watch", {})
    if isinstance(losses, dict) and isinstance(watch, dict):
        only = _only_modality([*losses, *watch])
        result["losses"] = _by_family(losses, modalities, only)
        if "watch" in stage:
            result["watch"] = _by_family(watch, modalities, only)
        result["modality"] = only
    if isinstance(stage.get("trainable"), list):
        result["trainable"] = _together(stage["trainable"], modalities)
    if isinstance(stage.get("rule"), str):
        result["rule"] = _inverse(_RULE).get(stage["rule"], stage["rule"])
    return result


def _only_modality(names: Iterable[str]) -> int | None:
    """The modality that every one of these terms of version 1 is about, if there is one."""
    modalities = {_FAMILY[name][1] if name in _FAMILY else None for name in names}
    return modalities.pop() if len(modalities) == 1 else None


def _by_family(weights: Mapping[str, Any], modalities: int, only: int | None) -> dict[str, Any]:
    """Weights of single terms as weights of families: one number where all modalities agree."""
    result: dict[str, Any] = {}
    for name, weight in weights.items():
        family, m = _FAMILY.get(name, (None, 0))
        if family is None or m > modalities:
            result[_inverse(_OTHER_TERM).get(name, name)] = weight
        elif only is not None:
            result[family] = weight
        elif family not in result:
            names = [_TERM[family].format(m=n) for n in range(1, modalities + 1)]
            each = [weights.get(n, 0.0) for n in names]
            result[family] = each[0] if all(w == each[0] for w in each) else each
    return result


def _together(prefixes: list[Any], modalities: int) -> list[Any]:
    """``intra1.``, ``intra2.`` ... as ``intra``, where all of them are there."""
    numbered = [f"{_PREFIX}{m}." for m in range(1, modalities + 1)]
    if not numbered or any(n not in prefixes for n in numbered):
        return prefixes
    kept = [p for p in prefixes if p not in numbered[1:]]
    return [_PREFIX if p == numbered[0] else p for p in kept]


def to_version_1(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a run as version 1 would have written it, for its fingerprint.

    What a later version added must be left out here where it is at its default.
    """
    modalities = len(config["model"]["encoders"])
    kept = _without(config["model"], _ADDED_TO_MODEL)
    model = {("rebuild" if k == "reconstruct" else k): v for k, v in kept.items()}
    model["encoders"] = [_without(e, _ADDED_TO_ENCODER) for e in model["encoders"]]
    stages = [_stage_to_version_1(stage, modalities) for stage in config["stages"]]
    result = _without(config, _ADDED_TO_RUN)
    return {**result, "model": model, "stages": stages, "version": 1}


def _stage_to_version_1(stage: Mapping[str, Any], modalities: int) -> dict[str, Any]:
    result = {k: v for k, v in _without(stage, _ADDED_TO_STAGE).items() if k != "modality"}
    only = stage["modality"]
    numbers = range(1, modalities + 1) if only is None else (only,)
    for table in ("losses", "watch"):
        result[table] = {
            name: weight
            for family, value in stage[table].items()
            for name, weight in _by_term(family, value, numbers).items()
        }
    result["trainable"] = [
        name
        for prefix in stage["trainable"]
        for name in ([f"{_PREFIX}{m}." for m in numbers] if prefix == _PREFIX else [prefix])
    ]
    return {**result, "rule": _RULE.get(stage["rule"], stage["rule"])}


def _by_term(family: str, weight: Any, numbers: Iterable[int]) -> dict[str, Any]:
    if family not in _TERM:
        return {_OTHER_TERM.get(family, family): weight}
    each = weight if isinstance(weight, list) else None
    return {_TERM[family].format(m=m): each[m - 1] if each else weight for m in numbers}


def _without(values: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """The values but for later additions that are at their default."""
    return {k: v for k, v in values.items() if k not in added or v != added[k]}


def _inverse(names: Mapping[str, str]) -> dict[str, str]:
    return {old: new for new, old in names.items()}
