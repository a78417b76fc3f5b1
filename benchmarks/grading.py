"""Does post-hoc analysis find what is known to be true? ``make bench-grading``.

``switch`` in the 15 settings of ``make bench-fidelity``, whose runs are read where they are
finished: the share of test rows whose interaction type is that of the largest part, by each way to
the parts, beside the gate of ``dmil``; accuracy, EMAP, interaction share, and what they cost. The
paradigm ``exact`` is the distribution's own p(y|x1,x2), which has no error of a model. Writes
benchmarks/results/grading.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics as st
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.fidelity import SETTINGS, distribution_data, planned, trained
from benchmarks.runs import RESULTS, Records
from benchmarks.study import Study, Unit, add_options, carry_out, opened
from dmil_core.schema import COMPONENTS

if TYPE_CHECKING:
    from dmil_core.data.dataset import Dataset

RESULT: Final = RESULTS / "grading.json"
EXACT: Final = "exact"
PARADIGMS: Final = (EXACT, "ensemble", "joint", "dmil")
SEEDS: Final = 5
ROWS: Final = 1000
#: Measure -> arguments of ``explain``.
MEASURES: Final[dict[str, dict[str, Any]]] = {
    "partners": {},
    "near": {"choice": "near", "partners": 20},
}


def run(setting: str, paradigm: str, seed: int, out: Path) -> Records:
    """What is found on one setting in one model."""
    import torch

    from dmil_core.posthoc.explain import explain

    torch.set_num_threads(1)
    dataset = distribution_data(setting, SETTINGS[setting])
    f, figures = model(dataset, setting, paradigm, seed, out)
    entry: dict[str, Any] = {"setting": setting, "paradigm": paradigm, "seed": seed,
                             "settings": settings_of(setting, paradigm, seed)}  # fmt: skip
    for name, how in MEASURES.items():
        start = time.monotonic()
        explained = explain(f, dataset, rows=ROWS, seed=seed, progress=False, **how)
        seconds = time.monotonic() - start
        if name == "partners":
            entry |= {
                "rows": len(explained),
                "accuracy": explained.accuracy,
                "emap_accuracy": explained.emap_accuracy,
                "interaction_share": explained.interaction_share,
                "evaluations": explained.evaluations,
                "seconds": seconds,
            }
        largest = dict(zip(explained.frame["id"], explained.frame["largest"], strict=True))
        entry[f"found_{name}"] = found(dataset, largest)
    return [entry | figures(list(explained.frame["id"]))]


def model(
    dataset: Dataset, setting: str, paradigm: str, seed: int, out: Path
) -> tuple[Any, Callable[[list[str]], dict[str, Any]]]:
    """A callable, and what else is recorded of it for samples of these ids."""
    from dmil_core.api import load
    from dmil_core.checkpoint import run_folder

    if paradigm == EXACT:
        from dmil_core.information.truth import known_distribution

        distribution = known_distribution(SETTINGS[setting])
        assert distribution is not None
        return distribution.log_joint, lambda _: {}
    trained(dataset, paradigm, seed, out)
    loaded = load(run_folder(out, dataset.slug, paradigm, seed))

    def figures(ids: list[str]) -> dict[str, Any]:
        found_by = {"found_embeddings": found(dataset, of_embeddings(loaded, dataset, ids, seed))}
        if loaded.decomposes:
            gates = loaded.decompose(dataset, split="test")
            names = np.array(gates.components)[gates.gate.argmax(axis=1)]
            by_id = dict(zip(gates.ids.tolist(), names.tolist(), strict=True))
            found_by["found_gate"] = found(dataset, {i: by_id[i] for i in ids})
        return found_by

    return loaded, figures


def of_embeddings(loaded: Any, dataset: Dataset, ids: list[str], seed: int) -> dict[str, str]:
    """Id -> component of the largest part, from the model's embeddings of each input."""
    from dmil_core.posthoc.pointwise import from_embeddings

    latents = loaded.latents(dataset, split="test")
    if "Z1" in latents:
        z1, z2 = latents["Z1"], latents["Z2"]
    else:  # a decomposition has the features of both side by side
        size = loaded.run.config.model.encoders[0].feature_size
        z1, z2 = np.split(latents["Z"], [size], axis=1)
    test = dataset.rows("test")
    parts = from_embeddings(z1, z2, dataset.y[test], seed=seed)
    by_id = dict(zip(dataset.ids[test].tolist(), parts.largest().tolist(), strict=True))
    return {i: by_id[i] for i in ids}


def found(dataset: Dataset, largest: dict[str, str]) -> dict[str, float]:
    """Share of samples whose interaction type is found: ``all``, and of each type that occurs."""
    assert dataset.interaction_type is not None
    types = dict(zip(dataset.ids.tolist(), dataset.interaction_type.tolist(), strict=True))
    right = np.array([types[i] == c for i, c in largest.items()])
    truth = np.array([types[i] for i in largest])
    each: dict[str, float] = {
        c: float(right[truth == c].mean()) for c in COMPONENTS if (truth == c).any()
    }
    return {"all": float(right.mean()), **each}


def settings_of(setting: str, paradigm: str, seed: int) -> str:
    """Fingerprint of what is graded."""
    spec = SETTINGS[setting]
    of_model = spec if paradigm == EXACT else planned(setting, spec, paradigm, seed)
    how = repr((of_model, seed, ROWS, MEASURES))
    return hashlib.sha256(how.encode()).hexdigest()[:16]


def summary(runs: Records) -> dict[str, Any]:
    """Share found, mean over settings and seeds, of each paradigm and measure."""
    measures = sorted({k for r in runs for k in r if k.startswith("found_")})
    return {
        "found": {
            p: {
                m.removeprefix("found_"): st.mean(r[m]["all"] for r in of_paradigm)
                for m in measures
                if (of_paradigm := [r for r in runs if r["paradigm"] == p and m in r])
            }
            for p in PARADIGMS
            if any(r["paradigm"] == p for r in runs)
        }
    }


STUDY: Final = Study(
    RESULT, {"setting": tuple(SETTINGS), "paradigm": PARADIGMS, "seed": ()}, summary
)


def units(settings: Sequence[str], paradigms: Sequence[str], seeds: int, out: Path) -> list[Unit]:
    """One for each model."""
    return [
        Unit((n, p, s, out), frozenset([settings_of(n, p, s)]))
        for s in range(seeds)
        for n in settings
        for p in paradigms
    ]


def show(result: dict[str, Any]) -> None:
    """Print a row for each paradigm."""
    for paradigm, by_measure in result["found"].items():
        cells = ", ".join(f"{name} {share:.3f}" for name, share in by_measure.items())
        print(f"{paradigm:12}{cells}")


def main() -> int:
    """Run all, or what is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    add_options(parser)
    a = parser.parse_args()
    wanted = units(a.settings, a.paradigms, a.seeds, a.out)
    show(carry_out(opened(parser, a, STUDY), a, run, wanted))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
