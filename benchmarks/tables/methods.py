"""A row for each paradigm: its paper, the files that implement it, and where we deviate."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from dmil_core.models.registry import ARCHITECTURES
from dmil_core.paradigms import PARADIGMS, Paradigm
from dmil_core.training.rules import RULES

ROOT = Path(__file__).resolve().parents[2]

#: Paradigm -> how it differs from the publication or from its released code.
DEVIATIONS: Final = {
    "dmil": "Heads and gate learn from responsibilities of out-of-fold models; the gate's target "
    "has shares of information, the heads' shares of probability. "
    "A component's logits build on those of the unimodal heads of its inputs. Labels of a unimodal "
    "head are smoothed where its input cannot predict them, the less the better the input predicts "
    "elsewhere. Stage 1 reconstructs the input instead of the encoder's features; see [Why the "
    "released losses collapse](collapse.md).",
    "dmil-paper": "Loss weights are those released for CREMA-D. AdamW, its learning rates, epochs, "
    "warm-up and schedule are ours, as are KL terms per dimension (1/32 of their sum), a LayerNorm "
    "on the features, posteriors that start with a log-variance of -3, and a gate that also reads "
    "the heads' predictions. The figures come from the publication and from notes on its code; the "
    "repository itself could not be read (in August 2026 it was not found).",
    "dmil-paper-sgd": "As `dmil-paper`, but with the published optimiser: SGD with momentum 0.9, "
    "learning rates of 4e-3, 1e-3 and 1e-5 for 10, 5 and 55 epochs, which are scaled with the rows "
    "as everywhere here, and summed KL terms. Weight decay (1e-4) and schedule are ours.",
    "dmil-fc": "The publication's ablation, applied to `dmil`.",
    "dmil-id": "The publication's ablation, applied to `dmil`.",
    "dmil-cd": "The publication's ablation, applied to `dmil`.",
    "ogm-ge": "Modulates every tensor of an encoder and its norm, where the release modulates 4-D "
    "tensors alone. Scores come from linear heads on detached features, as the fusion here is not "
    "additive.",
    "mlb": "The columns of the fusion that are modulated are its projections.",
    "agm": "A modality is removed by setting its normalised features to zero before the fusion. "
    "Modulation lasts for a share of the epochs, where the release stops after 20.",
    "mmpareto": "None known in the rule.",
    "pmr": "The form printed in the paper, with the entropy term that the release lacks; "
    "prototypes are recomputed from all training rows before each epoch.",
    "mcr": "L_Con reads the projections of the fusion, as features may differ in size. L_CEB is "
    "left out, as the paper advises for encoders trained from scratch.",
    "tcmax": "The fusion is not additive, so each pair is one pass through it; `negatives` limits "
    "how many pairs there are.",
    "qmf": "The margin has the sign of the paper, not of the release. Mean losses over the visits "
    "of a row replace sums. A negative confidence counts as zero.",
    "mmtm": "One transfer module after the encoders, before the common fusion, where the paper has "
    "several between convolutional blocks.",
    "mib": "Codes are posterior means at test time, and take the place of the fusion's "
    "projections. Their noise starts at a standard deviation of 0.22 (published: 0.007).",
    "i2m2": "None known; q12 is the joint model of this repository.",
    "i2moe": "A removed modality gets the features of another row of the batch, where the paper "
    "uses Gaussian noise.",
    "multi-loss": "The losses alone, on the fusion of this repository.",
}  # fmt: skip

_GROUPS: Final[tuple[tuple[str, Callable[[Paradigm], bool]], ...]] = (
    ("DMIL and its ablations", lambda p: p.name.startswith("dmil")),
    ("Published methods", lambda p: p.name in DEVIATIONS),
    ("Baselines and controls", lambda p: True),
)


def methods() -> str:
    """A table of all paradigms, then an entry for each, by group in the order of ``PARADIGMS``."""
    left = dict(PARADIGMS)
    rows, parts = [], []
    for title, belongs in _GROUPS:
        group = [p for p in left.values() if belongs(p)]
        left = {n: p for n, p in left.items() if p not in group}
        rows += [_row(p) for p in group]
        parts.append(f"## {title}\n\n" + "\n\n".join(_entry(p) for p in group))
    head = "| name | title | inputs | architecture | rule |\n|---|---|---|---|---|"
    return "\n\n".join(["\n".join([head, *rows]), *parts])


def _row(p: Paradigm) -> str:
    inputs = "2 or 3" if p.most_modalities > 2 else "2"
    rules = ", ".join(f"`{r.name}`" for r in _rules(p))
    return f"| `{p.name}` | {p.title} | {inputs} | `{_architecture(p).name}` | {rules} |"


def _entry(p: Paradigm) -> str:
    """One paradigm, as a heading with a short list."""
    deviation = DEVIATIONS.get(p.name)
    lines = [
        f"### {p.title}",
        "",
        f"`{p.name}`: {p.summary}",
        "",
        f"- Source: {p.citation.rstrip('.')}.",
        f"- Architecture: `{_architecture(p)}`; rule: {', '.join(f'`{r}`' for r in _rules(p))}; "
        f"defined in `{_defined(p)}`",
    ]
    return "\n".join([*lines, *([f"- Deviations: {deviation}"] if deviation else [])])


def _architecture(p: Paradigm) -> Path:
    return _file(ARCHITECTURES[p.options.architecture])


def _rules(p: Paradigm) -> list[Path]:
    return list(dict.fromkeys(_file(RULES[s.rule]) for s in p.stages_of()))


def _file(thing: type[Any] | Callable[..., Any]) -> Path:
    """Where a class is written, from the repository's root."""
    return Path(inspect.getfile(thing)).resolve().relative_to(ROOT)


def _defined(p: Paradigm) -> Path:
    """The module that has this paradigm as a value."""
    folder = ROOT / "dmil_core" / "paradigms"
    for file in sorted(folder.glob("*.py")):
        if f'name="{p.name}"' in file.read_text("utf-8"):
            return file.relative_to(ROOT)
    raise LookupError(f"no file under {folder} defines the paradigm {p.name!r}")
