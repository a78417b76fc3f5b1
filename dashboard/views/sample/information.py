"""What the inputs of one sample tell of its class, in bits, and how far to trust that."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import sample as figures
from dashboard.guard import callback
from dashboard.services.sample import information as facts
from dashboard.services.sample import samples as service
from dashboard.services.store.catalog import Checkpoint
from dashboard.state import session
from dashboard.text import messages, terms
from dashboard.widgets import plain


def information(checkpoint: Checkpoint, sample: str) -> None:
    """What each input carries about the true class, in bits, how that is split, and the sums."""
    names = service.modality_names(checkpoint)
    able, pointwise = _pointwise(checkpoint, sample)
    if pointwise is None:
        return
    left, right = st.columns([5, 4], gap="medium")
    with right:
        estimator = _estimator(able)
        _choices(checkpoint, able, estimator)
        _identities(pointwise.values, names)
        if estimator == "data":
            _data_alone(checkpoint)
        else:
            _how_far_to_trust(pointwise)
    with left:
        widgets.bars(
            figures.information(
                pointwise.parts, pointwise.exact_parts, terms.component_names(names)
            ),
            "information",
            "Bars of the four parts of the information about the class, in bits"
            + ("; rings: the exact values" if pointwise.exact else ""),
        )
        if pointwise.exact is not None:
            st.caption(
                "Rings: exact values, from the distribution that made this data set. Together the "
                "inputs really carry "
                f"{plain(figures.signed(pointwise.exact['i12']))} bits."
            )
    with st.expander("Gate, contribution, bits: what is the difference?"):
        st.markdown(terms.THREE_WORDS)


def calibration(checkpoint: Checkpoint, sample: str) -> None:
    """How well the heads are calibrated by which the model's information is estimated."""
    _, pointwise = _pointwise(checkpoint, sample, "model")
    if pointwise is None:
        return
    if pointwise.calibration:
        _reliability(pointwise, service.modality_names(checkpoint))
    else:
        st.caption("No validation or test samples are kept on which it could be measured.")


def _estimator(able: Sequence[str]) -> str:
    chosen = session.view().estimator
    return chosen if chosen in able else able[0]


def _pointwise(
    checkpoint: Checkpoint, sample: str, estimator: str = ""
) -> tuple[tuple[str, ...], facts.SampleInformation | None]:
    """Who can estimate, and the estimate for this sample; None after saying why there is none."""
    able = facts.estimators(checkpoint)
    if not able or (estimator and estimator not in able):
        _no_heads(checkpoint)
        return able, None
    result = facts.of_sample(
        checkpoint, sample, session.view().definition, estimator or _estimator(able)
    )
    if result is None:
        widgets.notice(messages.no_pointwise_information())
    return able, result


def _choices(checkpoint: Checkpoint, able: tuple[str, ...], estimator: str) -> None:
    external = checkpoint.run is not None and checkpoint.run.external
    names = terms.estimators(checkpoint.model, external)
    if len(able) > 1:
        widgets.select(
            "Estimator", "estimator", able, estimator, names.__getitem__, help=terms.ESTIMATOR
        )
    else:
        st.caption(f"Estimator: {plain(names[estimator])}.", help=terms.ESTIMATOR)
    widgets.definition()


def _identities(bits: dict[str, float], names: Sequence[str]) -> None:
    """The sums that the parts make, in numbers."""

    def signed(name: str) -> str:
        return plain(figures.signed(bits[name]))

    for m, name in enumerate(names, start=1):
        st.markdown(
            f"**{plain(name)}** alone: {signed(f'i{m}')} bits = r ({signed('r')}) "
            f"+ u{m} ({signed(f'u{m}')})"
        )
    parts = " + ".join(f"{c} ({signed(c)})" for c in ("r", "u1", "u2", "s"))
    st.markdown(f"**Both together**: {signed('i12')} bits = {parts}", help=terms.BITS)


def _how_far_to_trust(pointwise: facts.SampleInformation) -> None:
    errors = ", ".join(f"{c.after.error:.1%}" for c in pointwise.calibration)
    st.caption(
        "As this model's heads see it, calibrated on validation samples. Calibration error on test "
        f"samples, first input, second, both: {errors}.",
        help=terms.METRIC_WORDS["ece"],
    )
    if pointwise.seen:
        widgets.caution(
            "The model was trained on this sample, so its heads know more of it than of others."
        )


def _data_alone(checkpoint: Checkpoint) -> None:
    st.caption(
        "By networks that read the inputs as they are and saw neither this sample nor its copies; "
        "no trained model takes part."
    )
    short = facts.shortfall(checkpoint)
    if short is not None:
        widgets.notice(messages.data_falls_short(short.estimate, plain(short.model), short.more))


def _reliability(pointwise: facts.SampleInformation, names: Sequence[str]) -> None:
    heads = [*(f"{name} alone" for name in names), "both"]
    curves = {name: c.after for name, c in zip(heads, pointwise.calibration, strict=True)}
    frames = {
        name: pd.DataFrame({"confidence": c.confidence, "accuracy": c.accuracy, "rows": c.rows})
        for name, c in curves.items()
    }
    left, right = st.columns([5, 4], gap="medium")
    with left:
        widgets.chart(
            figures.reliability(frames), "reliability",
            "Lines of accuracy by confidence, for each head",
        )  # fmt: skip
    with right:
        st.markdown(terms.RELIABILITY)
        rows = [
            (name, c.temperature, 100 * c.before.error, 100 * c.after.error)
            for name, c in zip(heads, pointwise.calibration, strict=True)
        ]
        st.dataframe(
            pd.DataFrame(rows, columns=["head", "temp", "before", "after"]),
            hide_index=True,
            column_config={
                "temp": st.column_config.NumberColumn(format="%.2f", help="temperature"),
                "before": st.column_config.NumberColumn(
                    format="%.1f%%", help="calibration error without the temperature"
                ),
                "after": st.column_config.NumberColumn(
                    format="%.1f%%", help="calibration error with it"
                ),
            },
            alt="Temperature and calibration error of each head",
        )
        table = pd.concat([f.assign(head=name) for name, f in frames.items()])
        widgets.download(table, "calibration")


def _no_heads(checkpoint: Checkpoint) -> None:
    other = facts.other_with_unimodal_heads(checkpoint)
    widgets.notice(messages.no_heads(plain(checkpoint.model)))
    if other is not None:
        st.button(
            f"Show bits of {plain(other.model)}",
            on_click=callback(widgets.use_model),
            args=(other.model,),
        )
