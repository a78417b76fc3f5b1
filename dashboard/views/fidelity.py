"""Fidelity: is the decomposition the real one, where the truth is known?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import board
from dashboard.figures import fidelity as figures
from dashboard.services import fidelity as service
from dashboard.services.fidelity import Fidelity
from dashboard.services.store.catalog import DataProblem, shown
from dashboard.services.targets import targets
from dashboard.state import session
from dashboard.text import messages, terms, verdicts
from dashboard.widgets import plain


def fidelity() -> None:
    """The page."""
    st.header("Is the decomposition the real one?", anchor=False)
    result = service.record()
    if result is None:
        widgets.notice(messages.no_fidelity(shown(service.path())))
        return
    if isinstance(result, DataProblem):
        widgets.notice(messages.bad_fidelity(result.message))
        return
    table = service.settings(result)
    if table.empty:
        widgets.notice(messages.no_fidelity(shown(service.path())))
        return
    criteria = targets("fidelity")
    mixed = table[table["interaction_types"] > 1]["bound_share"]
    st.markdown(
        verdicts.fidelity(
            float(mixed.min()) if len(mixed) else float(table["bound_share"].min()),
            len(table),
            [t.state for t in criteria],
        )
    )
    _complete(table)
    left, right = st.columns([3, 2], gap="large") if criteria else (st.container(), None)
    with left:
        _agreement(result, table)
    if right is not None:
        with right:
            st.markdown("**What was to hold**")
            widgets.targets(criteria)
    _table(table)
    st.divider()
    _setting(result, table)


def _complete(table: pd.DataFrame) -> None:
    fewest = int(table["seeds"].min())
    if fewest < service.SEEDS or len(table) < service.SETTINGS:
        st.caption(
            f":material/pending: The benchmark is not complete: {len(table)} of "
            f"{service.SETTINGS} settings, at least {fewest} of {service.SEEDS} seeds each. "
            "`make bench-fidelity` goes on where it was stopped."
        )


def _agreement(record: Fidelity, table: pd.DataFrame) -> None:
    st.markdown("**How often the gate finds the interaction type**", help=terms.REFERENCES)
    names = list(table["setting"])
    values = [
        f"{a:.1%}, reference {c:.1%}, dmil-paper {p:.1%}"
        for a, c, p in table[["agreement", "reference", "paper_agreement"]].to_numpy(float)
    ]
    widgets.chart(
        figures.agreement(table, service.agreements(record, names)),
        "agreement",
        f"Share of samples whose largest gate is right: {verdicts.order(names, values)}",
    )
    st.caption(
        "Upright line: the information reference, a gate computed from the exact class "
        "probabilities. Small cross: the generator bound. Faint dots: single seeds."
    )


def _table(table: pd.DataFrame) -> None:
    percent = [
        "agreement",
        "agreement_sd",
        "generator",
        "bound_share",
        "reference",
        "dmil",
        "joint",
    ]
    percent += ["ensemble", "dmil-paper", "bayes", "paper_agreement"]
    number = st.column_config.NumberColumn
    heads = {
        "agreement": "agreement",
        "agreement_sd": "± sd",
        "reference": "reference",
        "generator": "bound",
        "bound_share": "of bound",
        "paper_agreement": "dmil-paper finds",
        "dmil": "dmil right",
        "joint": "joint right",
        "ensemble": "ensemble right",
        "dmil-paper": "dmil-paper right",
        "bayes": "best possible",
    }
    rest = {
        "worst_auroc": "worst AUROC / reference",
        "calibration_error": "calibration error",
        "absent": "absent weight",
        "share_S": "share of S",
        "distribution_share_S": "exact share of S",
    }
    if table["paper_sgd_agreement"].notna().any():
        heads |= {"paper_sgd_agreement": "dmil-paper-sgd finds"}
        percent += ["paper_sgd_agreement"]
    columns = ["setting", "seeds", *list(heads)[:5], *rest, *list(heads)[5:]]
    st.markdown("**All settings**")
    st.dataframe(
        table.assign(**{c: 100 * table[c] for c in percent})[columns],
        hide_index=True,
        placeholder=widgets.MISSING,
        height=38 + 35 * len(table),
        **widgets.row_choice("settings", table["setting"], _chosen(table), "setting"),
        column_config={
            "setting": st.column_config.TextColumn(pinned=True),
            **{c: number(t, format="%.1f", help=terms.FIDELITY.get(c)) for c, t in heads.items()},
            **{c: number(t, format="%.3f", help=terms.FIDELITY.get(c)) for c, t in rest.items()},
        },
        alt="Figures of the fidelity benchmark, a row per setting",
    )
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(
        "Agreement, references and accuracies in percent. Calibration error: does a weight of 0.7 "
        "mean 70 %? Absent weight: what the gate gives to a component that does not occur. "
        "Click a row to see that setting below."
    )
    with right:
        widgets.download(table, "fidelity")


def _chosen(table: pd.DataFrame) -> str:
    names = list(table["setting"])
    setting = session.view().setting
    return setting if setting in names else str(names[0])


def _setting(record: Fidelity, table: pd.DataFrame) -> None:
    names = [str(n) for n in table["setting"]]
    name = _chosen(table)
    st.header("One setting in detail", anchor=False)
    widgets.select("Setting", "setting", names, name, width=360)
    row = table[table["setting"] == name].iloc[0]
    st.markdown(_sentence(row))
    left, right = st.columns(2, gap="large")
    with left:
        _purity(record, name)
    with right:
        _shares(record, name)
    left, right = st.columns(2, gap="large")
    with left:
        _accuracies(record, name)
    with right:
        _aurocs(record, name)


def _sentence(row: pd.Series) -> str:
    text = (
        f"**{plain(row['setting'])}**: dmil's gate finds the interaction type of "
        f"**{row['agreement']:.1%}** of the samples; the reference {row['reference']:.1%}, "
        f"knowing the generator {row['generator']:.1%}."
    )
    if row["paper_largest"]:
        text += (
            f" dmil-paper's finds {row['paper_agreement']:.1%}; on average it gives "
            f"{row['paper_gate']:.0%} of the weight to {row['paper_largest']}."
        )
    if pd.notna(row["paper_sgd_agreement"]):
        text += f" With the published optimiser it finds {row['paper_sgd_agreement']:.1%}."
    return text


def _purity(record: Fidelity, name: str) -> None:
    st.markdown("**Purity: who suffers without a component**", help=terms.PURITY)
    lost = service.purity(record, name)
    if lost.empty:
        st.caption("Not recorded for this setting.")
        return
    words = [
        f"without {c} {', '.join(f'{k} {100 * lost.loc[c, k]:.1f}' for k in lost.columns)}"
        for c in lost.index
    ]
    widgets.chart(figures.purity(lost), "purity", f"Points of accuracy lost: {'; '.join(words)}")
    st.caption("Points of accuracy that dmil loses. The losses should lie on the diagonal.")


def _shares(record: Fidelity, name: str) -> None:
    st.markdown("**What the samples are made of**", help=terms.INTERACTION_TYPE)
    frame = service.shares(record, name)
    widgets.chart(
        figures.shares(frame),
        "shares",
        "; ".join(f"{who} {part} {share:.1%}" for who, part, share in frame.to_numpy()),
    )
    st.caption(
        "Mean weight of each component. Exact: the distribution's own, as far as labels can tell "
        "it. "
        "Unexplained: what no component can tell; dmil-paper has no such part."
    )


def _accuracies(record: Fidelity, name: str) -> None:
    st.markdown("**Accuracy by true interaction type**", help=terms.INTERACTION_TYPE)
    widgets.chart(
        board.interaction_type(service.accuracies(record, name)),
        "fidelity_accuracies",
        "Accuracy of each method on samples made of R, U1, U2 and S",
    )
    st.caption("Percent right, mean over seeds ± standard deviation.")


def _aurocs(record: Fidelity, name: str) -> None:
    st.markdown("**Does each gate rank its own samples first?**", help=terms.AUROC)
    frame = service.aurocs(record, name)
    if frame.empty:
        st.caption("With a single interaction type there is nothing to rank.")
        return
    number = st.column_config.NumberColumn
    st.dataframe(
        frame,
        hide_index=True,
        placeholder=widgets.MISSING,
        column_config={
            c: number(format="%.3f") for c in ("dmil", "reference", "share", "dmil-paper")
        }
        | {"share": number("dmil / reference", format="%.3f")},
        alt="One-vs-rest AUROC of each component's gate beside its reference",
    )
    st.caption(
        'AUROC of each gate weight against "is of this component": 0.5 is chance. The reference is '
        "that of the exact weights."
    )
    widgets.download(frame, "fidelity-auroc")
