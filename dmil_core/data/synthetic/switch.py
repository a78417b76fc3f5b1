"""The generated sets ``switch`` and ``switch-three``: rows of a ``SwitchDistribution`` of two or
of three modalities, with splits, ids and optionally wrong labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.synthetic import spec as options
from dmil_core.data.synthetic.spec import Option
from dmil_core.data.synthetic.switch_distribution import SwitchDistribution
from dmil_core.schema import FEWEST_MODALITIES, components, modality_numbers

NAME: Final = "switch"
TITLE: Final = "Switch: every sample is R, U1, U2 or S, and we know which"
THREE: Final = "switch-three"
TITLE_THREE: Final = "Switch of three: every sample is R, U1, U2, U3 or S, and we know which"

OPTIONS: Final[tuple[Option, ...]] = (
    Option("classes", 4, options.integer(2, 100), "number of classes"),
    Option("noise", 0.8, options.number(0.01, 100), "standard deviation of the noise"),
    Option("shares", None, options.numbers, "weights of R/U1/U2/S, equal by default"),
    Option("block", 16, options.integer(1, 512), "dimension of a block; a modality has three"),
    Option("strength1", 1.0, options.number(0, 100), "factor on the codes of x1"),
    Option("strength2", 1.0, options.number(0, 100), "factor on the codes of x2"),
    Option("prior", None, options.numbers, "weights of the classes, equal by default"),
    Option("labels_wrong", 0.0, options.number(0, 1), "share of training labels made wrong"),
    Option("rotate", True, options.switch, "mix the blocks by an orthogonal matrix"),
    Option("seed", 0, options.integer(0, 10**9), "seed of codes and rows"),
    Option("train", 8000, options.integer(1, 300_000), "training rows"),
    Option("val", 2000, options.integer(1, 100_000), "validation rows"),
    Option("test", 4000, options.integer(1, 100_000), "test rows"),
)


def _three_options() -> tuple[Option, ...]:
    """The options of two modalities, a third strength, and by default fewer rows."""
    rows = {"train": 6000, "val": 1500, "test": 3000}
    out = [replace(o, default=rows.get(o.name, o.default)) for o in OPTIONS]
    names = [o.name for o in out]
    shares, second = names.index("shares"), names.index("strength2")
    out[shares] = replace(out[shares], help="weights of R/U1/U2/U3/S, equal by default")
    third = replace(out[second], name="strength3", help="factor on the codes of x3")
    return (*out[: second + 1], third, *out[second + 1 :])


THREE_OPTIONS: Final = _three_options()
#: Options of the sets by name; how many modalities one has is how many strengths it takes.
OPTIONS_OF: Final = {NAME: OPTIONS, THREE: THREE_OPTIONS}


@dataclass(frozen=True)
class SwitchSet:
    """A distribution and what is drawn from it.

    ``labels_wrong`` of the training labels are replaced by another class; those rows are flagged
    ``label_wrong``. The distribution's posteriors are about the right labels.
    """

    name: str
    distribution: SwitchDistribution
    seed: int
    train: int
    val: int
    test: int
    labels_wrong: float

    @classmethod
    def from_spec(cls, spec: str) -> SwitchSet:
        """Read ``switch``, ``switch:classes=2,...`` or ``switch-three:...``; raises ConfigError."""
        name = spec.partition(":")[0]
        known = OPTIONS_OF[name]
        values = options.parse(spec, known)
        distribution = SwitchDistribution(
            classes=values["classes"],
            noise=values["noise"],
            shares=values["shares"] or (),
            block=values["block"],
            strength=tuple(v for key, v in values.items() if key.startswith("strength")),
            class_prior=values["prior"],
            rotate=values["rotate"],
            seed=values["seed"],
        )
        sizes = {key: values[key] for key in ("seed", "train", "val", "test", "labels_wrong")}
        return cls(name=options.canonical(name, values, known), distribution=distribution, **sizes)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays of the set, as an .npz file would hold them."""
        sizes = (self.train, self.val, self.test)
        n = sum(sizes)
        arrays = self.distribution.sample(n, self.seed)
        arrays["split"] = np.repeat(np.array(["train", "val", "test"]), sizes)
        arrays["id"] = np.array([f"s{i:06d}" for i in range(n)])
        if self.labels_wrong:
            wrong = _wrong_rows(self.train, self.labels_wrong, self.seed)
            arrays["y"] = _other_labels(arrays["y"], wrong, self.distribution.classes, self.seed)
            arrays["flag_label_wrong"] = np.isin(np.arange(n), wrong)
        return arrays

    def card(self) -> Card:
        """The card of the set."""
        distribution = self.distribution
        shares = ", ".join(f"{s:.2g}" for s in distribution.shares)
        strength = " / ".join(f"{s:g}" for s in distribution.strength)
        names = ", ".join(components(distribution.modalities))
        return Card(
            name=self.name,
            title=TITLE if distribution.modalities == FEWEST_MODALITIES else TITLE_THREE,
            summary=f"{distribution.classes} classes, noise {distribution.noise:g}, "
            f"code norm 4 times {strength}, shares of {names}: {shares}. "
            "The densities are closed forms, so the best possible predictions are known.",
            source="Generated by this program.",
            licence="MIT",
            modalities=tuple(_modality(m) for m in modality_numbers(distribution.modalities)),
            classes=tuple(f"class {k}" for k in range(distribution.classes)),
            cautions=("Artificial numbers, made to check decompositions against a known answer.",),
            split_rule="Rows are independent draws; the first are train, then val, then test.",
            constructed=True,
            counts={"train": self.train, "val": self.val, "test": self.test},
        )

    def dataset(self) -> Dataset:
        """Draw the rows."""
        return from_arrays(self.name, self.arrays(), self.card())


def switch_distribution(spec: str) -> SwitchDistribution:
    """The distribution behind a ``switch`` spec or data set name, for exact posteriors of its
    rows."""
    return SwitchSet.from_spec(spec).distribution


def _modality(m: int) -> Modality:
    return Modality(
        name=f"x{m}",
        kind="vector",
        description="Three blocks (R, U, S), mixed; a code of norm 4 in one of them, else noise.",
        media=MediaSpec("vector"),
    )


def _wrong_rows(train: int, share: float, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, 4])
    return rng.choice(train, size=round(share * train), replace=False)


def _other_labels(
    y: NDArray[np.int64], rows: NDArray[np.int64], classes: int, seed: int
) -> NDArray[np.int64]:
    out = y.copy()
    shift = np.random.default_rng([seed, 5]).integers(1, classes, size=len(rows))
    out[rows] = (out[rows] + shift) % classes
    return out
