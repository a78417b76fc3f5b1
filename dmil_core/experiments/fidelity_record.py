"""The record of the fidelity benchmark, and tables of it by setting.

The record is benchmarks/results/fidelity.json: ``settings`` with the exact reference figures of
each distribution, ``runs`` with a row of figures for each paradigm and seed, ``invariance`` with
rank correlations of gates. A record may be partial while the benchmark is running; what is missing
is NaN or not listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from dmil_core.io.reading import MAX_RECORD_BYTES, parsing, read_json
from dmil_core.schema import COMPONENTS

OURS, PAPER = "dmil", "dmil-paper"
#: The released losses with the published optimiser; earlier records lack it.
PAPER_SGD: Final = "dmil-paper-sgd"
#: The gate that is read off ``ensemble`` and ``joint`` without training.
TRAINING_FREE: Final = "responsibilities"
#: Test rows of a setting where the record does not say.
ROWS: Final = 4000
#: Seeds and settings of the complete benchmark.
SEEDS: Final = 5
SETTINGS: Final = 15


@dataclass(frozen=True)
class Fidelity:
    """A record whose structure has been checked.

    Attributes
    ----------
    distributions
        Setting -> its exact figures: the reference gates ``information`` (from label information)
        and ``generator`` (from the posterior of the interaction type), ``share`` of each component,
        the Bayes ``accuracy`` and its parts by interaction type.
    runs
        A row per run: setting, paradigm, seed and the figures; ``purity`` as it was stored.
    invariance
        Rank correlations by name.
    """

    distributions: dict[str, dict[str, Any]]
    runs: pd.DataFrame
    invariance: dict[str, float]

    def interaction_types(self, setting: str) -> tuple[str, ...]:
        """The components that samples of a setting are made of."""
        return tuple(c for c in COMPONENTS if f"accuracy_{c}" in self.distributions[setting])

    def of(self, setting: str, paradigm: str) -> pd.DataFrame:
        """The runs of one paradigm in one setting."""
        return self._groups.get((setting, paradigm), self.runs.iloc[:0])

    @cached_property
    def _groups(self) -> dict[Any, pd.DataFrame]:
        return dict(iter(self.runs.groupby(["setting", "paradigm"])))

    @cached_property
    def _means(self) -> dict[Any, dict[Any, float]]:
        # A page asks for hundreds of means: all at once they take a hundredth of the time.
        means = self.runs.groupby(["setting", "paradigm"]).mean(numeric_only=True)
        return means.to_dict("index")

    def values(self, setting: str, paradigm: str, figure: str) -> pd.Series:
        """One figure of these runs by seed, where it was measured."""
        runs = self.of(setting, paradigm)
        if figure not in runs:
            return pd.Series(dtype=float)
        return runs.set_index("seed")[figure].dropna().astype(float)

    def mean(self, setting: str, paradigm: str, figure: str) -> float:
        """Mean over seeds; NaN where nothing was measured."""
        return self._means.get((setting, paradigm), {}).get(figure, float("nan"))


def read_fidelity(path: Path) -> Fidelity | None:
    """The record at ``path``; None where there is none.

    Raises
    ------
    DataError
        If the file is not such a record.
    """
    advice = "Run `make bench-fidelity`"
    try:
        record = read_json(path, MAX_RECORD_BYTES, advice=advice)
    except FileNotFoundError:
        return None
    with parsing(path, "a record of the fidelity benchmark", advice=advice):
        return fidelity_of(record)


def fidelity_of(record: Mapping[str, Any]) -> Fidelity:
    """A record in memory.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it has another structure.
    """
    distributions = {}
    for name, distribution in dict(record["settings"]).items():
        top = {
            kind: float(distribution[kind]["agreement"]) for kind in ("information", "generator")
        }
        distributions[str(name)] = {
            **distribution,
            "accuracy": float(distribution["accuracy"]),
            "agreement": top,
        }
    runs = pd.DataFrame(list(record["runs"]))
    if missing := {"setting", "paradigm", "seed"} - set(runs.columns):
        raise ValueError(f"runs have no {', '.join(sorted(missing))}")
    keep = ("setting", "paradigm", "seed", "purity")
    figures = [c for c in runs.columns if c not in keep]
    runs[figures] = runs[figures].apply(pd.to_numeric, errors="coerce")
    known = {k: float(v) for k, v in dict(record.get("invariance") or {}).items()}
    return Fidelity(distributions, runs, known)


def settings(record: Fidelity) -> pd.DataFrame:
    """A row per setting that ``dmil`` was run in.

    Columns, all shares from 0 to 1: setting, interaction_types (how many), seeds; agreement,
    agreement_sd, reference (agreement of the label-information reference), generator (agreement of
    the posterior of the interaction type, an upper bound in expectation), reference_share
    (agreement / reference), bound_share (agreement / generator); training_free (agreement of the
    gate read off ensemble and joint); worst_auroc (as a share of the bound's) and worst_component;
    reference_calibration_error, that of the label-information reference; calibration_error, absent
    (mean weight of a component that does not occur), share_S and distribution_share_S; accuracy of
    dmil, joint, ensemble, dmil-paper, dmil-paper-sgd and ``bayes``; paper_agreement,
    paper_largest (the component with the largest mean gate of dmil-paper) and paper_gate, that
    gate; paper_sgd_agreement, that of dmil-paper-sgd.
    """
    rows = [_setting(record, name) for name in record.distributions if len(record.of(name, OURS))]
    return pd.DataFrame(rows)


def _setting(record: Fidelity, name: str) -> dict[str, Any]:
    distribution = record.distributions[name]
    ours = record.values(name, OURS, "gate_agreement")
    reference = distribution["agreement"]["information"]
    ratios = auroc_shares(record, name)
    worst = min(ratios, key=lambda c: ratios[c], default="")
    gates = {c: record.mean(name, PAPER, f"mean_gate_{c}") for c in COMPONENTS}
    largest = max(gates, key=lambda c: np.nan_to_num(gates[c]))
    return {
        "setting": name,
        "interaction_types": len(record.interaction_types(name)),
        "seeds": len(ours),
        "agreement": ours.mean(),
        "agreement_sd": ours.std(ddof=1),
        "reference": reference,
        "generator": distribution["agreement"]["generator"],
        "reference_share": ours.mean() / reference,
        "bound_share": ours.mean() / distribution["agreement"]["generator"],
        "training_free": record.mean(name, TRAINING_FREE, "gate_agreement"),
        "worst_auroc": ratios.get(worst, np.nan),
        "worst_component": worst,
        "calibration_error": record.mean(name, OURS, "gate_calibration_error"),
        "reference_calibration_error": float(
            distribution["information"].get("calibration_error", np.nan)
        ),
        "absent": record.mean(name, OURS, "gate_absent"),
        "share_S": synergy_share(record, name),
        "distribution_share_S": float(distribution.get("share", {}).get("S", np.nan)),
        **{
            p: record.mean(name, p, "accuracy")
            for p in (OURS, "joint", "ensemble", PAPER, PAPER_SGD)
        },
        "bayes": distribution["accuracy"],
        "paper_agreement": record.mean(name, PAPER, "gate_agreement"),
        "paper_sgd_agreement": record.mean(name, PAPER_SGD, "gate_agreement"),
        "paper_largest": largest if np.isfinite(gates[largest]) else "",
        "paper_gate": gates[largest],
    }


def auroc_shares(record: Fidelity, setting: str, paradigm: str = OURS) -> dict[str, float]:
    """Component -> mean AUROC of its gate as a share of that of the generator's posterior."""
    distribution = record.distributions[setting]
    tops = distribution["generator"].get("auroc") or distribution["information"].get("auroc", {})
    ours = {c: record.mean(setting, paradigm, f"gate_auroc_{c}") for c in tops}
    return {c: v / float(tops[c]) for c, v in ours.items() if np.isfinite(v)}


def above_bound(record: Fidelity, errors: float = 2.0) -> list[tuple[str, str, int, float, float]]:
    """Runs whose agreement exceeds the generator's bound by more than ``errors`` standard errors.

    The bound argmax p(interaction type | x1, x2) is largest in expectation; on n rows its own
    agreement b has the standard error sqrt(b (1 - b) / n). What exceeds it by much more shows a
    mistake in the bound or in how agreement is measured.

    Returns
    -------
    (setting, paradigm, seed, agreement, bound) of each.
    """
    result = []
    runs = record.runs
    known = runs.dropna(subset=["gate_agreement"]) if "gate_agreement" in runs else runs.iloc[:0]
    for r in known.to_dict("records"):
        distribution = record.distributions.get(r["setting"])
        if distribution is None:
            continue
        bound = distribution["agreement"]["generator"]
        error = np.sqrt(bound * (1 - bound) / float(distribution.get("rows", ROWS)))
        if r["gate_agreement"] > bound + errors * error + 1e-12:
            named = r["setting"], r["paradigm"], int(r["seed"])
            result.append((*named, float(r["gate_agreement"]), bound))
    return result


def synergy_share(record: Fidelity, setting: str, paradigm: str = OURS) -> float:
    """Mean explained share of S; the mean gate of S for models without an explained share."""
    share = record.mean(setting, paradigm, "share_S")
    return share if np.isfinite(share) else record.mean(setting, paradigm, "mean_gate_S")


def accuracies(record: Fidelity, setting: str) -> pd.DataFrame:
    """Accuracy by true interaction type: columns paradigm, interaction type, accuracy, sd, seeds.

    The best possible is listed as ``best possible``, without a spread.
    """
    distribution, rows = record.distributions[setting], []
    here = record.runs[record.runs["setting"] == setting]
    for paradigm in dict.fromkeys(here["paradigm"]):
        for c in record.interaction_types(setting):
            v = record.values(setting, paradigm, f"accuracy_{c}")
            rows.append((paradigm, c, v.mean(), v.std(ddof=1), len(v)))
    rows += [
        ("best possible", c, float(distribution[f"accuracy_{c}"]), np.nan, 0)
        for c in record.interaction_types(setting)
    ]
    return pd.DataFrame(rows, columns=["paradigm", "interaction_type", "accuracy", "sd", "seeds"])


def shares(record: Fidelity, setting: str) -> pd.DataFrame:
    """Mean share of each part: columns who, part, share (0 to 1).

    ``who`` is dmil, dmil-paper or ``exact`` for the distribution; part is a component or
    ``unexplained``.
    """
    distribution, rows = record.distributions[setting], []
    names = (*COMPONENTS, "unexplained")
    for paradigm in (OURS, PAPER):
        explained = [record.mean(setting, paradigm, f"share_{c}") for c in COMPONENTS]
        gates = [record.mean(setting, paradigm, f"mean_gate_{c}") for c in COMPONENTS]
        rest = record.mean(setting, paradigm, "share_unexplained")
        values = [*explained, rest] if np.isfinite(explained).all() else [*gates, 0.0]
        rows += [(paradigm, p, v) for p, v in zip(names, values, strict=True)]
    exact = [float(distribution.get("share", {}).get(c, np.nan)) for c in COMPONENTS]
    rows += [("exact", p, v) for p, v in zip(names, [*exact, 1 - sum(exact)], strict=True)]
    return pd.DataFrame(rows, columns=["who", "part", "share"]).dropna(subset=["share"])


def purity(record: Fidelity, setting: str, paradigm: str = OURS) -> pd.DataFrame:
    """Mean over seeds of the accuracy lost on samples of interaction type k without component c.

    Rows c, columns k; see :func:`dmil_core.metrics.fidelity.purity`. Empty where not measured.
    """
    runs = record.of(setting, paradigm)
    stored = runs["purity"].dropna() if "purity" in runs else pd.Series(dtype=object)
    matrices = [pd.DataFrame(p).T.astype(float) for p in stored]
    if not matrices:
        return pd.DataFrame()
    mean = sum(matrices[1:], matrices[0]) / len(matrices)
    present = [c for c in COMPONENTS if c in mean.columns]
    return mean.reindex(index=list(COMPONENTS), columns=present)
