"""Rebuild ``emoji``: pictures of emoji x their names in words.

    python -m sample_data.build.emoji

Needs the Debian packages fonts-noto-color-emoji (glyphs) and unicode-data (names, groups), and
from PyPI fonttools and uharfbuzz, which the app itself does not use.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uharfbuzz
from fontTools.ttLib import TTFont
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dmil_core.data.card import Card, MediaSpec, Modality
from dmil_core.data.npz import write_bytes, write_npz
from sample_data.build.emoji_groups import SEED, carded, near_twins
from sample_data.build.splits import grouped

FOLDER = Path(__file__).resolve().parents[1] / "emoji"
FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
NAMES = Path("/usr/share/unicode/emoji/emoji-test.txt")
#: Flags are left out: they have one picture per country and their names say "flag".
LEFT_OUT = ("Component", "Flags")
SKIN_TONES = {chr(code) for code in range(0x1F3FB, 0x1F400)}
#: Edge of a picture on the sheet and of the one the features are computed from (pixels).
TILE, SMALL = 64, 32
COLUMNS = 40
#: Squared difference, as a share of the fainter picture's ink, below which two look alike.
ALIKE = 0.05

#: Words that only vary a motif: who, which colour, which way, how large.
_VARIANT_WORDS = (
    "man woman person men women people boy girl mx mrs mr mother santa claus old older "
    "red orange yellow green blue purple brown black white grey light dark pink "
    "up down left right north south east west leftwards rightwards upwards downwards "
    "large small medium one two three four five six seven eight nine ten eleven twelve "
    "thirty first second third 1st 2nd 3rd"
)
_VARIANTS = frozenset(_VARIANT_WORDS.split())
#: Families of look-alikes whose names do not share a word order: pattern in the name, family.
_FAMILIES = (
    (r"o\u2019clock|-thirty", "clock face"),
    (r"\bmoon( face)?$", "moon"),
    (r"^family", "family"),
    (r"^kiss:|^kiss$|^couple", "couple"),
    (r"^keycap", "keycap"),
    (r"^Japanese .* button", "Japanese button"),
    (r"^(?!.*(bow|with)).*\barrows?( curving .*)?$", "arrow"),
    (r"\bcircle\b", "circle"),
    (r"\bsquare\b", "square"),
    (r"\bdiamond\b", "diamond"),
    (r"\bglobe\b", "globe"),
    (r"\bmailbox\b", "mailbox"),
    (r"\bprince", "prince"),
    (r"\bmer(maid|man|person)", "merperson"),
    (r"\bcat\b", "cat"),
    (r"^(?!.*face).*\bhearts?\b", "heart"),
    (r"\bmonkey\b", "monkey"),
    (r"\bclaus\b", "claus"),
)


@dataclass(frozen=True)
class Emoji:
    """One line of emoji-test.txt."""

    text: str
    name: str
    group: str

    @property
    def code(self) -> str:
        """The code points, such as U+1F600 or U+1F44B-1F3FB."""
        return "U+" + "-".join(f"{ord(letter):X}" for letter in self.text)


def listed() -> Iterator[Emoji]:
    """Yield the emoji of emoji-test.txt in its order, without flags and skin tones."""
    group = ""
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        if line.startswith("# group:"):
            group = line.partition(":")[2].strip()
        match = re.match(r"([0-9A-F ]+); fully-qualified +# \S+ E[\d.]+ (.+)", line)
        if match is None or group in LEFT_OUT:
            continue
        text = "".join(chr(int(code, 16)) for code in match[1].split())
        if not SKIN_TONES & set(text):
            yield Emoji(text, match[2].strip(), group)


class Glyphs:
    """Pictures of the colour font: a sequence of code points to its bitmap."""

    def __init__(self, path: Path) -> None:
        self._font = TTFont(path)
        self._bitmaps = self._font["CBDT"].strikeData[0]
        self._shaper = uharfbuzz.Font(uharfbuzz.Face(path.read_bytes()))

    def picture(self, text: str) -> Image.Image | None:
        """Return the picture (TILE x TILE, RGBA), or None if the font has no single glyph."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._shaper, buffer)
        names = [self._font.getGlyphName(info.codepoint) for info in buffer.glyph_infos]
        drawn = [name for name in names if name in self._bitmaps]
        if len(drawn) != 1 or ".notdef" in names:
            return None
        bitmap = Image.open(io.BytesIO(self._bitmaps[drawn[0]].imageData)).convert("RGBA")
        return _fit(bitmap, TILE)


def _fit(bitmap: Image.Image, edge: int) -> Image.Image:
    """Scale into a square of ``edge`` pixels, centred, without changing its proportions."""
    longest = max(bitmap.size)
    square = Image.new("RGBA", (longest, longest), (255, 255, 255, 0))
    square.paste(bitmap, ((longest - bitmap.width) // 2, (longest - bitmap.height) // 2))
    # Premultiplied alpha ("RGBa") keeps the colour of clear pixels out of the edges.
    small = square.convert("RGBa").resize((edge, edge), Image.Resampling.BOX)
    return small.convert("RGBA")


def on_white(picture: Image.Image) -> np.ndarray:
    """Return (H, W, 3) float64 in 0 to 1 of a picture laid on white."""
    rgba = np.asarray(picture, dtype=np.float64) / 255
    return rgba[..., :3] * rgba[..., 3:] + 1 - rgba[..., 3:]


def describe(picture: Image.Image) -> np.ndarray:
    """Return 403 numbers in 0 to 1: 144 edges, 192 colours, 64 coverage, 3 mean colour."""
    small = picture.resize((SMALL, SMALL), Image.Resampling.BOX)
    rgb = on_white(small)
    alpha = np.asarray(small, dtype=np.float64)[..., 3] / 255
    covered = alpha.sum() + 1e-9
    mean = (rgb * alpha[..., None]).sum(axis=(0, 1)) / covered
    parts = (edges(rgb @ [0.299, 0.587, 0.114]), _pool(rgb), _pool(alpha[..., None]), mean)
    return np.concatenate([part.ravel() for part in parts])


def edges(grey: np.ndarray) -> np.ndarray:
    """Return a histogram of gradients (4, 4, 9): cells of 8 pixels, nine directions of an edge."""
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    turn = np.arctan2(down, across) % np.pi / np.pi * 9
    low = np.floor(turn).astype(int)
    cells = np.zeros((4, 4, 9))
    row, column = np.indices(grey.shape) // (SMALL // 4)
    # A direction between two bins counts for both, or a small turn would jump between them.
    for bin_, share in ((low % 9, 1 - (turn - low)), ((low + 1) % 9, turn - low)):
        np.add.at(cells, (row, column, bin_), strength * share)
    return np.sqrt(cells / (cells.sum() + 1e-9))


def _pool(image: np.ndarray) -> np.ndarray:
    return image.reshape(8, SMALL // 8, 8, SMALL // 8, -1).mean(axis=(1, 3))


def stem(name: str) -> str:
    """Return what is left of a name without the words that only vary a motif."""
    for pattern, family in _FAMILIES:
        if re.search(pattern, name):
            return family
    words = re.findall(r"[\w\u2019-]+", name.partition(":")[0].lower())
    return " ".join(word for word in words if word not in _VARIANTS) or "person"


def ink(picture: Image.Image) -> np.ndarray:
    """Return how far 16 x 16 points depart from white, per colour, as one row (768,)."""
    return 1 - on_white(picture.resize((16, 16), Image.Resampling.BOX)).ravel()


def look_alike_groups(stems: list[str], ink: np.ndarray) -> np.ndarray:
    """Return a group name (N,); ``ink`` (N, D) is how far each picture departs from white.

    One stem, or pictures that hardly differ, hang together.
    """
    _, coded = np.unique(stems, return_inverse=True)
    total = (ink**2).sum(axis=1)
    apart = total[:, None] + total - 2 * ink @ ink.T
    # Measured against the ink: two thin drawings on white differ little in absolute terms.
    linked = (apart < ALIKE * np.minimum(total[:, None], total)) | (coded[:, None] == coded)
    _, member = connected_components(coo_array(linked), directed=False)
    first = {part: stems[row] for row, part in reversed(list(enumerate(member)))}
    return np.array([f"{part:04d} {first[part]}" for part in member])


def sheet(pictures: list[Image.Image]) -> bytes:
    """Return a PNG with the pictures in rows of ``COLUMNS``, on white, 255 colours."""
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * TILE, rows * TILE), (255, 255, 255))
    for index, picture in enumerate(pictures):
        at = (index % COLUMNS * TILE, index // COLUMNS * TILE)
        whole.paste(Image.fromarray(np.rint(on_white(picture) * 255).astype(np.uint8)), at)
    stream = io.BytesIO()
    palette = whole.quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def main() -> None:
    """Write data.npz, glyphs.png and card.json."""
    glyphs = Glyphs(FONT)
    result = [(emoji, glyphs.picture(emoji.text)) for emoji in listed()]
    emoji = [entry for entry, picture in result if picture is not None]
    pictures = [picture for _, picture in result if picture is not None]
    traces = np.stack([ink(picture) for picture in pictures])
    label = np.array([entry.group for entry in emoji])
    features = np.stack([describe(picture) for picture in pictures]).astype(np.float16)
    group = near_twins(look_alike_groups([stem(entry.name) for entry in emoji], traces), features)
    arrays: dict[str, np.ndarray] = {
        "x1": features,
        "x2": np.array([entry.name for entry in emoji]),
        "y": np.searchsorted(CARD.classes, label).astype(np.uint8),
        "id": np.array([entry.code for entry in emoji]),
        "split": grouped(label, group, SEED),
        "group": group,
    }
    write_bytes(FOLDER / "glyphs.png", sheet(pictures))
    write_npz(FOLDER / "data.npz", arrays, carded(CARD))


CARD = Card(
    name="emoji",
    title="Emoji and their names",
    summary="The picture of an emoji and its name in words; the class is the keyboard group.",
    source=(
        "Glyphs: Noto Color Emoji (Debian fonts-noto-color-emoji 2.042). Names and groups: "
        "emoji-test.txt of Unicode Emoji 15.0 (Debian unicode-data 15.0.0). Rebuild with "
        "python -m sample_data.build.emoji."
    ),
    licence=(
        "Glyphs SIL OFL 1.1, copyright Google; names Unicode-DFS-2016, copyright Unicode, Inc. "
        "See sample_data/LICENSES.md."
    ),
    modalities=(
        Modality(
            "picture",
            "vector",
            "403 numbers from the 32 x 32 glyph: 144 edge histogram, 8 x 8 colours (192), "
            "8 x 8 coverage (64), mean colour (3)",
            MediaSpec("image", file="glyphs.png", size=(TILE, TILE)),
        ),
        Modality("name", "text", "the English short name", MediaSpec("text")),
    ),
    classes=(
        "Activities",
        "Animals & Nature",
        "Food & Drink",
        "Objects",
        "People & Body",
        "Smileys & Emotion",
        "Symbols",
        "Travel & Places",
    ),
    cautions=(
        "The groups are an editorial choice of the keyboard, not a fact about the picture.",
        "Look-alikes (clock faces, gendered variants, hearts in all colours) stay in one split; a "
        "random split would look better than the truth.",
        "Flags and skin tones are left out.",
        "Names are words: a name whose words never occur in training says nothing to the model.",
    ),
    split_rule=(
        "By group: emoji with the same name stem, or with pictures that hardly differ, stay "
        "together; groups are dealt so that each class keeps about 65 / 13 / 22 %."
    ),
)


if __name__ == "__main__":
    main()
