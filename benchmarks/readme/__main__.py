"""Write the results in README.md and docs/ from the records of benchmarks and checkpoints/.

``make results``. What stands between the two markers is replaced; nothing else is touched, and
no figure there is typed by hand.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import criteria
from benchmarks.readme import behaviour, bits, reasons, waiting
from benchmarks.readme.cells import record_path
from benchmarks.readme.headlines import headlines
from dmil_core.io.atomic import replacing
from dmil_core.io.paths import checkpoints_root

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BEGIN, END = "<!-- results: written by `make results` -->", "<!-- end of results -->"


def write_between(path: Path, parts: list[str]) -> None:
    """Replace what stands between the markers of a file."""
    text = path.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise SystemExit(f"{path.name}: expected the lines {BEGIN} and {END}")
    with replacing(path) as temporary:
        temporary.write_text(before + "\n\n".join([BEGIN, *parts, END]) + after, "utf-8")


def main() -> int:
    """Replace the blocks in README.md and docs/collapse.md; write the targets for the app."""
    criteria.write(record_path("targets"), checkpoints_root(), record_path("fidelity"))
    sections = {
        "information": bits.information,
        "avdigits": behaviour.avdigits,
        "theorem": reasons.theorem,
        "ablations": reasons.ablations,
        "three": behaviour.three,
        "corruption": behaviour.corruption,
        "unseen": behaviour.unseen,
        "architectures": behaviour.architectures,
        "dominance": reasons.dominance,
        "live": waiting.live,
        "app": waiting.app,
    }
    recorded = [section() for name, section in sections.items() if record_path(name).exists()]
    write_between(README, [*headlines(), *recorded, behaviour.accuracy(), behaviour.speed()])
    if record_path("collapse").exists():
        write_between(ROOT / "docs" / "collapse.md", [reasons.collapse()])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
