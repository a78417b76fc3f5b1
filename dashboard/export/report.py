"""A report of samples in one HTML file that needs nothing else: no server, no network, no script.

The figures are drawn here as SVG, since the server has no Plotly renderer and Plotly's own script
would add 4.8 MB to each report; so the file can forbid scripts altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from dashboard.export import pages, report_parts
from dashboard.figures import theme
from dashboard.figures.bars import of_part, patterns
from dashboard.services.sample import samples
from dashboard.services.store.catalog import Checkpoint, checkpoint_catalog, predictions, shown
from dashboard.services.store.own_sets import is_quick
from dashboard.services.store.rows import Rows
from dashboard.state.view import View, to_query
from dashboard.text import terms, yours

#: Samples with their media and figures, rows of the list, and bytes of media, at most.
MOST, MOST_ROWS, MOST_MEDIA = 50, 2000, 20_000_000


def of_samples(
    checkpoint: Checkpoint,
    ids: Sequence[str],
    title: str,
    *,
    note: str = "",
    address: str = "",
    definition: str = "same-sign",
) -> bytes:
    """A report of one or many samples of a checkpoint, as one HTML file in UTF-8.

    Parameters
    ----------
    ids : samples of the checkpoint's table; others are left out, and that is said.
    title, note : what the samples are, and how they were chosen. Shown literally, like every text.
    address : of the Samples page, such as ``https://host/samples``, for links back; else none.
    definition : what counts as shared; see ``state.DEFINITIONS``.

    At most `MOST` samples are shown with their media and figures, `MOST_ROWS` in the list, with at
    most `MOST_MEDIA` bytes of media; the file says what it leaves out.
    """
    known = predictions(checkpoint)
    wanted = list(dict.fromkeys(str(i) for i in ids))
    at = known.positions_of(wanted)
    rows = Rows(known, at[at >= 0])
    kept = rows.ids
    others = checkpoint_catalog().ready(checkpoint.data, checkpoint.seed) or (checkpoint,)
    room = report_parts.Room(MOST_MEDIA)
    entries = [
        {
            **_entry(checkpoint, others, sample),
            "anchor": _anchor(number),
            "link": _link(checkpoint, sample, address),
            "sides": report_parts.sides(checkpoint, sample, room),
            "parts": [
                *report_parts.decomposed(checkpoint, sample),
                *report_parts.information_of(checkpoint, sample, definition),
            ],
        }
        for number, sample in enumerate(kept[:MOST])
    ]
    page = pages.filled(
        "report",
        title=title,
        lead=_lead(checkpoint, len(kept)),
        note=note,
        bounds=_bounds(
            len(kept),
            len(wanted) - len(kept),
            room.left_out,
            yours.IS_QUICK if is_quick(checkpoint) else "",
        ),
        model=checkpoint.model,
        patterns=Markup(patterns(map(of_part, theme.COLOURS))),
        summary=_summary(checkpoint, others, rows) if len(kept) > 1 else None,
        entries=entries,
        definitions=_definitions(),
        identity=_identity(checkpoint),
    )
    return page.encode("utf-8")


def _lead(checkpoint: Checkpoint, count: int) -> str:
    name = str((checkpoint.run.data_card if checkpoint.run else {}).get("title") or checkpoint.data)
    what = "One sample" if count == 1 else f"{count:,} samples"
    model = f"{checkpoint.model} (seed {checkpoint.seed})"
    return f"{what} of the data set {name}, as the model {model} sees it."


def _bounds(count: int, unknown: int, no_room: int, quick: str) -> list[str]:
    sentences = [quick] if quick else []
    if count > MOST:
        sentences.append(f"Only the first {MOST} of {count:,} samples are shown with their inputs.")
    if count > MOST_ROWS:
        sentences.append(f"The list has the first {MOST_ROWS:,} of {count:,} samples.")
    if unknown:
        sentences.append(f"{unknown:,} of the samples asked for are not in the model's table.")
    if no_room:
        size = MOST_MEDIA // 1_000_000
        sentences.append(f"{no_room:,} pictures or sounds are left out: a report holds {size} MB.")
    return sentences


def _anchor(number: int) -> str:
    return f"sample-{number}" if number < MOST else ""


def _entry(checkpoint: Checkpoint, others: Sequence[Checkpoint], sample: str) -> dict[str, Any]:
    """What is said of a sample, and by whom."""
    row = samples.record(checkpoint, sample)
    flags = (f.replace("_", " ") for f in samples.flags_of(checkpoint, sample))
    known = [f"{row['split']} sample", *flags]
    if row.get("interaction_type") in terms.NAMES:
        known.append(f"true interaction type {row['interaction_type']}")
    pair = next((c for c in others if c.model == "ensemble"), checkpoint)
    opinions = [*samples.opinions(others, sample), *samples.unimodal(pair, sample)]
    return {
        "id": sample,
        "truth": row["y"],
        "prediction": row["pred"],
        "confidence": f"{row['confidence']:.0%}",
        "verdict": "right" if row["correct"] else "wrong",
        "known": ", ".join(known),
        "opinions": [
            {
                "mark": "✓" if o.correct else "✗",
                "who": o.who,
                "prediction": o.says,
                "confidence": f"{o.probability:.0%}",
                "of_truth": f"{o.of_truth:.0%}",
            }
            for o in opinions
        ],
    }


def _link(checkpoint: Checkpoint, sample: str, address: str) -> str:
    if not address.startswith(("http://", "https://")):
        return ""
    split = str(samples.record(checkpoint, sample)["split"])
    view = View(
        data=checkpoint.data,
        model=checkpoint.model,
        seed=checkpoint.seed,
        split=split,
        sample=sample,
    )
    return f"{address}?{urlencode(to_query(view))}"


# --- the whole ------------------------------------------------------------------------------


def _summary(checkpoint: Checkpoint, others: Sequence[Checkpoint], rows: Rows) -> dict[str, Any]:
    scores = []
    for other in others:
        at = rows.at_in(predictions(other))
        right = predictions(other).numbers("correct")[at[at >= 0]]
        if len(right):
            scores.append(
                {"model": other.model, "right": f"{right.mean():.1%}", "rows": f"{len(right):,}"}
            )
    frame = rows.take(slice(MOST_ROWS)).frame()
    components = [c for c in samples.components(checkpoint) if f"gate_{c}" in frame.columns]
    weights = samples.mean_gates_of(rows)
    listed = [
        {
            "mark": "✓" if row["correct"] else "✗",
            "id": row["id"],
            "anchor": _anchor(i),
            "truth": row["y"],
            "prediction": row["pred"],
            "confidence": f"{row['confidence']:.0%}",
            "gates": [f"{row[f'gate_{c}']:.0%}" for c in components],
        }
        for i, (_, row) in enumerate(frame.iterrows())
    ]
    return {
        "scores": scores,
        "gate": "" if weights.empty else report_parts.gate_bars(weights, checkpoint),
        "components": components,
        "rows": listed,
    }


def _definitions() -> list[tuple[str, Markup]]:
    words = {
        "Component": terms.COMPONENT,
        "Gate": terms.GATE,
        "Unexplained": terms.EXPLAINED,
        "Contribution": terms.CONTRIBUTION,
        "Bits": terms.BITS,
        "Counted as shared": terms.DEFINITION,
        "One input alone": terms.ALONE,
    }
    return [(name, report_parts.marked(text)) for name, text in words.items()]


def _identity(checkpoint: Checkpoint) -> list[tuple[str, str]]:
    run = checkpoint.run
    if run is None:
        return []
    rows = {
        "Data set": run.data_name,
        "Digest of the data": run.data_digest,
        "Model": f"{checkpoint.model}, seed {checkpoint.seed}",
        "Checkpoint": shown(checkpoint.folder),
        "Weights (SHA-256)": run.weights_sha256,
        "Trained": run.created,
        "Format": str(run.version),
        "Source of the data": str(run.data_card.get("source", "")),
        "Licence of the data": str(run.data_card.get("licence", "")),
    }
    return [(name, value) for name, value in rows.items() if value]
