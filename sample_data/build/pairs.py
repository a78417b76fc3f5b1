"""Rebuild ``avdigits-same`` and ``avdigits-parity``: questions that need image and sound together.

    python -m sample_data.build.pairs

Needs the files that ``avdigits`` wrote, whose clean clips the pairs refer to, and no more packages
than requirements.txt. Images and clips are those of avdigits without corruption; each is used at
most once, and only with partners of its own split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from dmil_core.data.card import Card
from dmil_core.data.media import mulaw_decode
from dmil_core.data.npz import write_npz
from dmil_core.schema import SPLITS
from sample_data.build import avdigits
from sample_data.build.speech import logmel

ROOT = Path(__file__).resolve().parents[1]
SEED = 20243
AUDIO = "audio.npz"
#: One pair a line: row of the image, row of the clip, label.
Pairs = np.ndarray
#: From the rows of a split, the digit of every row, and a source of chance to the pairs.
Maker = Callable[[np.ndarray, np.ndarray, np.random.Generator], Pairs]


def halves(rows: np.ndarray, digit: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut ``rows`` in two halves, each digit as evenly as its count allows."""
    # Sorted by digit and then dealt in turn: odd counts do not add up on one side.
    dealt = rng.permutation(rows)
    dealt = dealt[np.argsort(digit[dealt], kind="stable")]
    return [dealt[start::2] for start in (0, 1)]


def same_pairs(rows: np.ndarray, digit: np.ndarray, rng: np.random.Generator) -> Pairs:
    """Return pairs (n, 3) for "the same digit?": half of every digit's images meet their digit."""
    pairs = []
    images, clips = [], []
    for value in np.unique(digit):
        same = rows[digit[rows] == value]
        agree = len(same) // 2
        image, clip = rng.permutation(same), rng.permutation(same)
        pairs += [(i, c, 1) for i, c in zip(image[:agree], clip[:agree], strict=True)]
        images.append(image[agree:])
        clips.append(clip[agree:])
    left, right = np.concatenate(images), np.concatenate(clips)
    pairs += [(i, c, 0) for i, c in zip(left, _other_digit(left, right, digit, rng), strict=True)]
    return np.array(pairs)


def _other_digit(
    left: np.ndarray, right: np.ndarray, digit: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return ``right`` in an order in which no clip meets an image of its own digit."""
    order = rng.permutation(right)
    while len(clash := np.flatnonzero(digit[left] == digit[order])):
        swap = rng.integers(len(order), size=len(clash))
        for row, other in zip(clash, swap, strict=True):
            order[[row, other]] = order[[other, row]]
    return order


def parity_pairs(rows: np.ndarray, digit: np.ndarray, rng: np.random.Generator) -> Pairs:
    """Return pairs (n, 3) for "is the sum odd?": every digit is in odd and even sums alike."""
    even, odd = (rows[digit[rows] % 2 == parity] for parity in (0, 1))
    # As many of either parity, or one of them could not be in odd sums as often as in even ones.
    size = 2 * (min(len(even), len(odd)) // 2)
    pairs = []
    images, clips = (
        [halves(rng.permutation(side)[:size], digit, rng) for side in (even, odd)] for _ in range(2)
    )
    for parity in (0, 1):
        for label in (0, 1):
            chosen = clips[(parity + label) % 2][label]
            partner = rng.permutation(chosen)
            pairs += [(i, c, label) for i, c in zip(images[parity][label], partner, strict=True)]
    return np.array(pairs)


def write(name: str, pairs: Pairs, split: np.ndarray, card: Card) -> None:
    """Write data.npz and card.json of one set, and a link to the clips of avdigits."""
    folder = ROOT / name
    folder.mkdir(exist_ok=True)
    link = folder / AUDIO
    link.unlink(missing_ok=True)
    # A card may only name files of its own folder; a link keeps one copy of the clips.
    link.symlink_to(Path("..") / avdigits.FOLDER.name / AUDIO)
    pairs = pairs[np.argsort(pairs[:, 0])]
    image, take = pairs[:, 0], clean_takes()[pairs[:, 1]]
    short = name.partition("-")[2]
    arrays: dict[str, np.ndarray] = {
        "x1": avdigits.clean_images()[image],
        "x2": heard(take),
        "y": pairs[:, 2].astype(np.uint8),
        "id": np.array([f"{short}-i{i:04d}-c{c:04d}" for i, c, _ in pairs]),
        "split": split[image],
        "media_index2": take.astype(np.uint16),
    }
    write_npz(folder / "data.npz", arrays, card)


def clean_takes() -> np.ndarray:
    """Return, for each clip of avdigits (N,), where audio.npz holds it without noise."""
    with np.load(avdigits.FOLDER / "data.npz", allow_pickle=False) as file:
        noisy = file["flag_audio_corrupt"]
    return np.where(noisy, len(noisy) + np.cumsum(noisy) - 1, np.arange(len(noisy)))


def heard(takes: np.ndarray) -> np.ndarray:
    """Return log-mel features (n, 24, 24) of clips in audio.npz."""
    with np.load(avdigits.FOLDER / AUDIO, allow_pickle=False) as file:
        codes, offset = file["mulaw"], file["offset"]
    return np.stack([logmel(mulaw_decode(codes[offset[t] : offset[t + 1]])) for t in takes])


def main() -> None:
    """Write both sets."""
    digit, split = avdigits.digits_and_split()
    for number, (name, make) in enumerate(MAKERS.items()):
        rng = np.random.default_rng([SEED, number])
        parts = [make(np.flatnonzero(split == part), digit, rng) for part in SPLITS]
        write(name, np.concatenate(parts), split, card(name))


MAKERS: dict[str, Maker] = {"avdigits-same": same_pairs, "avdigits-parity": parity_pairs}

_QUESTIONS = {
    "avdigits-same": (
        "Same digit? (constructed)",
        "Is the digit in the picture the digit that is spoken?",
        ("different", "same"),
    ),
    "avdigits-parity": (
        "Is the sum odd? (constructed)",
        "Is the sum of the digit in the picture and the digit that is spoken odd?",
        ("even", "odd"),
    ),
}


def card(name: str) -> Card:
    """Return the card of one of the two sets."""
    base = avdigits.CARD
    title, question, classes = _QUESTIONS[name]
    return replace(
        base,
        name=name,
        title=title,
        summary=f"{question} Neither side predicts the class alone; both together do.",
        source=(
            "The images and clean clips of the set avdigits, paired at random by a program "
            "(python -m sample_data.build.pairs). " + base.source
        ),
        classes=classes,
        constructed=True,
        cautions=(
            "The labels are constructed: pairs were drawn so that either answer is equally "
            "frequent for every digit seen and for every digit heard.",
            "Two models that only flip a coin are both wrong on a quarter of the rows, so with "
            "two classes the synergy indicator cannot go much above .25 here.",
            "Unimodal models fall around .50, slightly below as often as above: balance within "
            "the split makes what they memorise useless.",
            "Images and clips are the clean ones; each is used at most once.",
            *base.cautions[:2],
        ),
        split_rule=(
            "Image and clip keep their split in avdigits and only meet partners of the same "
            "split, so none crosses over."
        ),
    )


if __name__ == "__main__":
    main()
