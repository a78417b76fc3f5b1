"""Group the near-twins of ``emoji``, version 2 of its split.

    python -m sample_data.build.emoji_groups

Rewrites split, group and card of the sets ``emoji`` and ``emoji-minilm`` from the rows they have;
needs neither fonts nor other packages. ``sample_data.build.emoji`` makes the same groups.

Version 1 grouped emoji with one name stem, or with pictures that hardly differ in ink. Pairs such
as "men holding hands" and "woman and man holding hands" were left in different splits: 8.6 % of
the test rows had a training row whose standardised picture features have a cosine above .9.
Version 2 also groups those, from the most alike on, as long as a group has at most ``MOST`` rows;
without that bound the button signs would be one group of 175 rows. No test row then has such a
neighbour; of the other splits of a comparison (``emoji:split=1`` to 4) at most .6 % have one, where
the two groups of buttons part.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from dmil_core.data.card import Card
from dmil_core.data.npz import read_card, read_npz, write_npz
from sample_data.build.splits import grouped

ROOT: Final = Path(__file__).resolve().parents[1]
VERSION: Final = 2
SEED: Final = 20242
#: Cosine of standardised picture features above which two emoji are near-twins.
ALIKE: Final = 0.9
#: Rows of a group at most.
MOST: Final = 100
_MARK: Final = f"Version {VERSION}: "
_RULE: Final = (
    f"{_MARK}by group. Emoji with the same name stem, with pictures that hardly differ, or whose "
    "standardised picture features have a cosine above .9 (from the most alike on, groups of at "
    "most 100), stay together; groups are dealt so that each class keeps about 65 / 13 / 22 %. In "
    "version 1, 8.6 % of the test rows had such a neighbour in training; in this one 0 %."
)


def near_twins(group: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Groups (N,) merged where their stems differ in an "and" alone, or where picture features
    (N, D) are near-twins."""
    names, member = np.unique(group, return_inverse=True)
    label = [name.partition(" ")[2] for name in names.tolist()]
    # "woman and man holding hands" loses who it is about, and keeps the word between them.
    bare = [" ".join(word for word in stem.split() if word != "and") for stem in label]
    first_of = {stem: n for n, stem in reversed(list(enumerate(bare)))}
    merged = np.array([first_of[stem] for stem in bare])[member]
    size = np.bincount(merged, minlength=len(names))
    cosine = cosines(features, features, features)
    first, second = np.nonzero(np.triu(cosine > ALIKE, 1))
    for k in np.argsort(-cosine[first, second], kind="stable"):
        a, b = merged[first[k]], merged[second[k]]
        if a != b and size[a] + size[b] <= MOST:
            kept, gone = min(a, b), max(a, b)
            merged[merged == gone] = kept
            size[kept] += size[gone]
    _, number = np.unique(merged, return_inverse=True)
    return np.array([f"{n:04d} {label[m]}" for n, m in zip(number, merged, strict=True)])


def cosines(left: np.ndarray, right: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Cosines (n, m) of rows, standardised by the mean and spread of the reference rows."""
    reference = reference.astype(np.float64)
    mean, spread = reference.mean(axis=0), np.maximum(reference.std(axis=0), 1e-6)
    unit = []
    for rows in (left, right):
        z = (rows.astype(np.float64) - mean) / spread
        unit.append(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-12))
    return np.asarray(unit[0] @ unit[1].T)


def share_with_twin(features: np.ndarray, split: np.ndarray) -> float:
    """Share of test rows that have a near-twin among the training rows."""
    train, test = features[split == "train"], features[split == "test"]
    return float((cosines(test, train, train).max(axis=1) > ALIKE).mean())


def carded(card: Card) -> Card:
    """The card of version 2."""
    return replace(card, split_rule=_RULE)


def main() -> None:
    """Write both sets anew; a set of version 2 stays as it is."""
    for name in ("emoji", "emoji-minilm"):
        path = ROOT / name / "data.npz"
        card = read_card(path)
        if card is None or card.split_rule.startswith(_MARK):
            print(f"{name}: nothing to do")
            continue
        arrays = dict(read_npz(path).arrays)
        before = share_with_twin(arrays["x1"], arrays["split"])
        arrays["group"] = near_twins(arrays["group"], arrays["x1"])
        label = np.asarray(card.classes)[arrays["y"]]
        arrays["split"] = grouped(label, arrays["group"], SEED)
        after = share_with_twin(arrays["x1"], arrays["split"])
        write_npz(path, arrays, carded(card))
        print(f"{name}: near-twins of test rows in training {before:.1%} before, {after:.1%} now")


if __name__ == "__main__":
    main()
