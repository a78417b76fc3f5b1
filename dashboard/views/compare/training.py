"""How trainings went: losses and accuracy over the epochs, stage by stage."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import training as figures
from dashboard.services.comparison import chosen
from dashboard.services.comparison import training as service
from dashboard.services.comparison.training import Training
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import CURVES, NOBODY, listed, names_in
from dashboard.text import comparing, messages
from dashboard.views.compare import models
from dashboard.widgets import plain


def training(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    result = models.among(catalog)
    if not result:
        return
    names = chosen.names(result)
    shown = _choice()
    kept: dict[str, Training] = {}
    for checkpoint in result:
        epochs = service.training(checkpoint)
        if epochs is None:
            widgets.notice(messages.no_history(checkpoint.data, checkpoint.model, checkpoint.seed))
        else:
            kept[names[chosen.key(checkpoint)]] = epochs
    if not kept:
        return
    marked = _marked(result, names, kept)
    if shown:
        _curves(kept, shown, marked)
    _stages(result, names, kept)


def _choice() -> tuple[str, ...]:
    """The quantities to draw, in their order; empty when the visitor wants none."""
    wanted = names_in(session.view().curves)
    drawn = tuple(c for c in CURVES if c in wanted)
    if not drawn and session.view().curves != NOBODY:
        drawn = CURVES[:2]
    st.pills(
        "Drawn over the epochs",
        CURVES,
        selection_mode="multi",
        format_func=comparing.CURVES.__getitem__,
        **session.bound("curves", "choice_curves", list(drawn), listed),
    )
    return drawn


def _marked(
    checkpoints: tuple[Checkpoint, ...], names: dict[str, str], kept: dict[str, Training]
) -> str:
    """The model whose stages are shaded: the chosen one, else one with a gate, else the first."""
    view = session.view()
    order = sorted(
        checkpoints, key=lambda checkpoint: (checkpoint.model != view.model, not checkpoint.gated)
    )
    return next(n for checkpoint in order if (n := names[chosen.key(checkpoint)]) in kept)


def _curves(kept: dict[str, Training], shown: tuple[str, ...], marked: str) -> None:
    bands = {
        name: [figures.Band(s.title, s.first, s.last, s.best) for s in record.stages]
        for name, record in kept.items()
    }
    last = {name: record.stages[-1] for name, record in kept.items()}
    widgets.chart(
        figures.curves(
            {name: record.epochs for name, record in kept.items()},
            bands,
            {column: comparing.CURVES[column] for column in shown},
            marked,
        ),
        "training_curves",
        "Curves of the training. Validation accuracy of the selected weights: "
        + ", ".join(f"{name} {s.val_accuracy:.1%} (epoch {s.best})" for name, s in last.items()),
    )
    st.caption(
        f"Shaded and named: the stages of {plain(marked)} (of the model above where it is "
        "included). Open marks: the best epoch of a stage, whose weights are selected. A line is "
        "broken where a stage ends. Every stage and model has a loss of its own, so compare "
        "losses only along one line; accuracy is that of the whole model, also while its heads "
        "are not trained yet.",
        help=comparing.BEST_EPOCH,
    )


def _stages(
    checkpoints: tuple[Checkpoint, ...], names: dict[str, str], kept: dict[str, Training]
) -> None:
    records = []
    for record in checkpoints:
        name = names[chosen.key(record)]
        for stage in kept[name].stages if name in kept else ():
            went = stage.last - stage.first + 1
            why = comparing.stopped(stage.patience) if stage.stopped else "all epochs"
            if record.run is not None and not record.run.finished:
                why = "training stopped early" if stage is kept[name].stages[-1] else why
            records.append(
                (name, stage.title, f"{went} of {stage.most}", why, stage.best - stage.first + 1,
                 stage.val_accuracy, stage.val_loss)
            )  # fmt: skip
    columns = ["model", "stage", "epochs", "ended", "best", "val_accuracy", "val_loss"]
    frame = pd.DataFrame(records, columns=columns)
    number = st.column_config.NumberColumn
    st.dataframe(
        frame.assign(val_accuracy=100 * frame["val_accuracy"]),
        hide_index=True,
        placeholder=widgets.MISSING,
        column_config={
            "model": st.column_config.TextColumn(pinned=True),
            "epochs": st.column_config.TextColumn(help="Epochs it took, of those it could have"),
            "ended": st.column_config.TextColumn(help="Why the stage ended"),
            "best": number("best epoch", help=comparing.BEST_EPOCH),
            "val_accuracy": number("val. accuracy", format="%.1f%%", help="Validation samples"),
            "val_loss": number("val. loss", format="%.3f", help="Validation samples, bits"),
        },
        alt="Stages of each training: epochs, best epoch, validation accuracy and loss there",
    )
    widgets.download(
        pd.concat([record.epochs.assign(model=name) for name, record in kept.items()]).rename(
            columns={name: f"{name}_bits" for name in ("loss", "val_loss")}
        ),
        f"training-{session.view().data}",
    )
