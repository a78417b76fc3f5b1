"""Synthetic settings whose truth is known: what it is, and how often the gate finds it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.components import marks
from dashboard.figures import board
from dashboard.figures import fidelity as fidelity_figures
from dashboard.figures import trust as figures
from dashboard.services.store.catalog import DataProblem, shown
from dashboard.services.targets import targets
from dashboard.services.trust import examples as generator
from dashboard.services.trust import settings as service
from dashboard.services.trust.settings import Fidelity
from dashboard.state import session
from dashboard.text import messages, terms
from dashboard.text import trust as text
from dashboard.widgets import plain

#: Columns of the table of all settings that are shares, with their heads.
_SHARES = {
    "agreement": "agreement",
    "agreement_sd": "± sd",
    "reference": "reference",
    "generator": "bound",
    "paper_agreement": "dmil-paper agreement",
    "dmil": "dmil accuracy",
    "joint": "joint accuracy",
    "ensemble": "ensemble accuracy",
    "dmil-paper": "dmil-paper accuracy",
    "bayes": "Bayes-optimal accuracy",
}
_NUMBERS = {
    "calibration_error": "calibration error",
    "absent": "absent weight",
    "share_S": "share of S",
    "distribution_share_S": "exact share of S",
}


def settings() -> None:
    """The part of the page about no data set in particular."""
    st.header(text.SETTINGS, anchor=False, help=terms.REFERENCES)
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
    _sentence(table)
    _complete(table)
    name = _chosen(table)
    left, right = st.columns(2, gap="large")
    with left:
        _agreement(result, table, name)
    with right:
        _truth(result, table, name)
    _more(result, table, name)


def _sentence(table: pd.DataFrame) -> None:
    ordered = table.sort_values("bound_share", kind="stable")
    worst, rest = ordered.iloc[0], ordered.iloc[1:]
    others = float(rest["bound_share"].min()) if len(rest) else None
    st.markdown(
        text.settings(
            plain(worst["setting"]), min(float(worst["bound_share"]), 1.0),
            None if others is None else min(others, 1.0), len(table),
        )
    )  # fmt: skip


def _complete(table: pd.DataFrame) -> None:
    fewest = int(table["seeds"].min())
    if fewest < service.SEEDS or len(table) < service.SETTINGS:
        st.caption(
            f":material/pending: The benchmark is not complete: {len(table)} of "
            f"{service.SETTINGS} settings, at least {fewest} of {service.SEEDS} seeds each. "
            "`make bench-fidelity` goes on where it was stopped."
        )


def _chosen(table: pd.DataFrame) -> str:
    names = list(table["setting"])
    setting = session.view().setting
    return setting if setting in names else str(names[0])


def _agreement(record: Fidelity, table: pd.DataFrame, chosen: str) -> None:
    """All settings, of which a click chooses one."""
    links = {str(n): f"setting {place}" for place, n in enumerate(table["setting"])}
    rows = [
        (
            str(r["setting"]), float(r["agreement"]), float(r["generator"]),
            text.of_bound(float(r["bound_share"]), service.is_noise(record, r["setting"])),
        )
        for r in table.to_dict("records")
    ]  # fmt: skip
    names = {mark: name for name, mark in links.items()}

    def choose(mark: str) -> None:
        session.change(setting=names[mark])

    marks.marks("settings", figures.settings(rows, links, chosen), names, choose)
    widgets.save_figure("settings", text.SETTINGS_FIGURE, about="")
    st.caption(text.AGREEMENT)


def _truth(record: Fidelity, table: pd.DataFrame, name: str) -> None:
    names = [str(n) for n in table["setting"]]
    widgets.select("Setting", "setting", names, name, width=300)
    row = table[table["setting"] == name].iloc[0]
    st.markdown(_of_setting(row))
    drawn = [
        (
            row.type,
            text.example(row.type, row.y, row.classes, [side.code for side in row.sides]),
            [
                (side.blocks, side.active, text.block(row.type, "RUS"[side.active], side.code))
                for side in row.sides
            ],
        )
        for row in generator.examples(service.spec(record, name))
    ]
    if drawn:
        st.markdown(f"**{text.WHAT_THE_TRUTH_IS}**")
        marks.marks("truth", figures.examples(drawn), (), lambda mark: None)
        widgets.save_figure("truth", text.WHAT_THE_TRUTH_IS, about=name)
        st.caption(text.EXAMPLES)


def _of_setting(row: pd.Series) -> str:
    words = (
        f"**{plain(row['setting'])}**: dmil's gate finds the true type of "
        f"**{row['agreement']:.1%}** of the samples, the generator bound {row['generator']:.1%}, "
        f"the information reference {row['reference']:.1%}."
    )
    if row["paper_largest"]:
        words += (
            f" dmil-paper's finds {row['paper_agreement']:.1%}; on average it gives "
            f"{row['paper_gate']:.0%} of the weight to {row['paper_largest']}."
        )
    if pd.notna(row["paper_sgd_agreement"]):
        words += f" With the published optimiser it finds {row['paper_sgd_agreement']:.1%}."
    return words


def _more(record: Fidelity, table: pd.DataFrame, name: str) -> None:
    """What is computed and sent only where it is opened."""
    if criteria := targets("fidelity"):
        label = text.criteria([t.state for t in criteria])
        with (area := st.expander(label, key="criteria", on_change="rerun")):
            if area.open:
                widgets.targets(criteria)
    label = f"{plain(name)}: purity, shares, accuracy, AUROC"
    with (area := st.expander(label, key="setting_details", on_change="rerun")):
        if area.open:
            _details(record, name)
    with (area := st.expander("All figures of all settings", key="figures", on_change="rerun")):
        if area.open:
            _table(table)


def _details(record: Fidelity, name: str) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _purity(record, name)
        _accuracies(record, name)
    with right:
        _shares(record, name)
        _aurocs(record, name)


def _table(table: pd.DataFrame) -> None:
    number = st.column_config.NumberColumn
    percent = dict(_SHARES)
    if table["paper_sgd_agreement"].notna().any():
        percent["paper_sgd_agreement"] = "dmil-paper-sgd agreement"
    worst = [text.ratio(float(v)) for v in table["worst_auroc"]]
    shown_ = table.assign(**{c: 100 * table[c] for c in percent}, worst_auroc=worst)
    st.dataframe(
        shown_[["setting", "seeds", *percent, "worst_auroc", *_NUMBERS]],
        hide_index=True,
        placeholder=widgets.MISSING,
        height=38 + 35 * len(table),
        column_config={
            "setting": st.column_config.TextColumn(pinned=True),
            "worst_auroc": st.column_config.TextColumn(
                "worst AUROC of bound", help=terms.FIDELITY["worst_auroc"]
            ),
            **{
                c: number(t, format="%.1f%%", help=terms.FIDELITY.get(c))
                for c, t in percent.items()
            },
            **{
                c: number(t, format="%.3f", help=terms.FIDELITY.get(c)) for c, t in _NUMBERS.items()
            },
        },
        alt="Figures of the fidelity benchmark, a row per setting",
    )
    widgets.download(table, "fidelity")


def _purity(record: Fidelity, name: str) -> None:
    st.markdown(f"**{text.ACCURACY_LOST}, by component and true type**", help=terms.PURITY)
    lost = service.purity(record, name)
    if lost.empty:
        st.caption("Not recorded for this setting.")
        return
    words = [
        f"without {c} {', '.join(f'{k} {100 * lost.loc[c, k]:.1f}' for k in lost.columns)}"
        for c in lost.index
    ]
    widgets.chart(
        fidelity_figures.purity(lost), "purity", f"Points of accuracy lost: {'; '.join(words)}"
    )


def _shares(record: Fidelity, name: str) -> None:
    st.markdown("**Mean gate weights beside the exact ones**", help=terms.INTERACTION_TYPE)
    frame = service.shares(record, name)
    widgets.chart(
        fidelity_figures.shares(frame),
        "shares",
        "; ".join(f"{who} {part} {share:.1%}" for who, part, share in frame.to_numpy()),
    )
    st.caption(
        "Exact: those of the distribution, as far as labels identify the type. Unexplained: what "
        "no component explains; dmil-paper has no such part."
    )


def _accuracies(record: Fidelity, name: str) -> None:
    st.markdown("**Accuracy by true interaction type**", help=terms.INTERACTION_TYPE)
    widgets.chart(
        board.interaction_type(service.accuracies(record, name)),
        "fidelity_accuracies",
        "Accuracy of each method on samples of type R, U1, U2 and S",
    )
    st.caption("Percent, mean over seeds ± standard deviation.")


def _aurocs(record: Fidelity, name: str) -> None:
    st.markdown("**AUROC of each gate weight**", help=terms.AUROC)
    frame = service.aurocs(record, name)
    if frame.empty:
        st.caption("With a single interaction type there is nothing to rank.")
        return
    number = st.column_config.NumberColumn
    drawn = frame.assign(share=[text.ratio(float(v)) for v in frame["share"]])
    st.dataframe(
        drawn,
        hide_index=True,
        placeholder=widgets.MISSING,
        column_config={
            c: number(h, format="%.3f")
            for c, h in (("dmil", "dmil"), ("reference", "bound"), ("dmil-paper", "dmil-paper"))
        }
        | {"share": st.column_config.TextColumn("dmil / bound")},
        alt="One-vs-rest AUROC of each component's gate beside its bound",
    )
    st.caption(
        'AUROC of a gate weight for "is of this type": 0.5 is chance. The bound is that of the '
        "generator's exact weights."
    )
    widgets.download(frame, "fidelity-auroc")
