"""Each page in each state: what it shows, and what it says when there is nothing to show."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.keys import key_of
from dashboard.services import listing
from dmil_core.checkpoint import PREDICTIONS_FILE
from dmil_core.information import store
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage, Pick
from tests.dashboard.folders import (
    BROKEN,
    GENERATED,
    HTML_ID,
    MARKDOWN_ID,
    MODELS,
    ODD,
    REAL,
    THREE,
    UNTRAINED,
    Room,
    table_of,
)

PAGES = ["", "samples", "what-if", "map", "compare", "disagreements", "model"]
#: A look of the part of Compare that is about single samples.
GROUPS = {"part": "samples", "look": "groups"}


def said(app: AppTest) -> str:
    """All text of a page, as one string."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info)
    kinds += (app.warning, app.error, app.text, app.code)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def view(app: AppTest) -> object:
    return app.session_state["view"]


def ids(room: Room, data: str, model: str = "dmil", split: str = "test") -> list[str]:
    table = table_of(room, data, model)
    return [str(i) for i in table[table["split"] == split]["id"]]


def opened(app: AppTest) -> AppTest:
    """The same with the gallery of data sets open."""
    app.session_state["choose_data"] = True
    return app.run()


# --- every page -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("data", [REAL, GENERATED])
@pytest.mark.parametrize("model", MODELS)
def test_a_page_opens_without_error(open_page: OpenPage, page: str, data: str, model: str) -> None:
    app = open_page(page, data=data, model=model)
    assert not app.exception
    assert not app.error
    titles = {"": "Overview", "what-if": "What if", "map": "Latent map", "compare": "Leaderboard"}
    assert [t.value for t in app.title] == [titles.get(page, page.capitalize())]


@pytest.mark.parametrize("page", PAGES)
def test_no_checkpoints_at_all(open_page: OpenPage, room: Room, page: str) -> None:
    app = open_page(page, root=room.empty)
    assert not app.exception
    assert "No trained model was found" in said(app)
    assert "dmil train" in app.code[0].value
    assert f"Looked in: {room.empty.name} " in said(app)
    assert str(room.empty) not in said(app), "visitors see no path of the server"


@pytest.mark.parametrize("page", PAGES)
def test_no_checkpoint_for_this_set(open_page: OpenPage, page: str) -> None:
    app = open_page(page, data=UNTRAINED)
    assert not app.exception
    assert "no trained model for this data set" in said(app)
    assert f"--data {UNTRAINED}" in app.code[0].value


@pytest.mark.parametrize("page", ["samples", "map"])
def test_this_model_was_not_trained(open_page: OpenPage, page: str) -> None:
    app = open_page(page, data=BROKEN, model="dmil-paper")
    assert not app.exception
    assert "was not trained" in said(app)
    app.button(key=key_of("use", "joint")).click().run()
    assert view(app).model == "joint"  # type: ignore[attr-defined]
    assert "was not trained" not in said(app)


@pytest.mark.parametrize("page", ["samples", "map"])
@pytest.mark.parametrize(
    ("model", "file"), [("dmil", "model.safetensors"), ("ensemble", PREDICTIONS_FILE)]
)
def test_a_damaged_checkpoint_says_what_is_damaged_and_others_work(
    open_page: OpenPage, page: str, model: str, file: str
) -> None:
    app = open_page(page, data=BROKEN, model=model)
    assert not app.exception
    assert "damaged" in app.error[0].value
    assert file in said(app)
    app.button(key=key_of("use", "joint")).click().run()
    assert not app.error


def test_compare_goes_on_with_what_is_whole(open_page: OpenPage) -> None:
    app = open_page("compare", data=BROKEN, **GROUPS)
    assert not app.exception
    assert len(app.error) == 2
    assert "needs the ensemble" in said(app)
    assert "takes at least two models" in said(open_page("compare", data=BROKEN, part="samples"))


def test_the_choice_of_models_marks_what_is_damaged_or_missing(open_page: OpenPage) -> None:
    app = open_page(data=BROKEN)
    assert app.selectbox(key="choice_model").options == [
        "joint",
        "ensemble (damaged)",
        "dmil (damaged)",
        "dmil-paper (not trained)",
    ]


@pytest.mark.parametrize("page", PAGES)
def test_rubbish_in_every_parameter(open_page: OpenPage, page: str) -> None:
    from dashboard.state.view import PARAMETERS

    rubbish = dict.fromkeys(PARAMETERS, "<script>alert(1)</script>" + "x" * 300)
    app = open_page(page, **rubbish, nonsense="1")
    assert not app.exception
    assert "could not be used" in app.warning[0].value
    assert "nonsense" in app.warning[0].value
    assert "<script>" not in app.warning[0].value
    assert view(app).data == REAL  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES)
def test_plausible_but_wrong_parameters(open_page: OpenPage, page: str) -> None:
    app = open_page(
        page,
        data=REAL,
        model="dmil",
        seed="77",
        **{"class": "eleven", "against": "twelve", "latent": "Q", "compared": "nobody"},
        colour="interaction_type",
        truth="cat",
        flag="none such",
    )
    assert not app.exception
    assert "no model was trained with this seed" in app.warning[0].value


def test_what_was_dropped_is_said_until_the_next_choice(open_page: OpenPage) -> None:
    app = open_page(data=REAL, split="tset")
    assert "split" in app.warning[0].value
    app.run()
    assert app.warning
    app.selectbox(key="choice_split").select("val").run()
    assert not app.warning


@pytest.mark.parametrize("page", PAGES)
def test_the_link_holds_the_whole_choice(open_page: OpenPage, page: str) -> None:
    app = open_page(page, data=GENERATED, model="dmil-paper", split="val")
    query = {name: app.query_params[name] for name in ("data", "model", "seed", "split")}
    assert {k: v[-1] if isinstance(v, list) else v for k, v in query.items()} == {
        "data": GENERATED,
        "model": "dmil-paper",
        "seed": "0",
        "split": "val",
    }


def test_another_data_set_starts_afresh(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[3], order="stored")
    opened(app).button(key=key_of("open_set", GENERATED)).click().run()
    assert not app.exception
    assert view(app).sample == ids(room, GENERATED)[0]  # type: ignore[attr-defined]


def test_a_fault_of_ours_shows_words_and_logs_the_trace(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(listing, "selected", broken)
    app = open_page(data=REAL)
    assert not app.exception
    assert "went wrong" in app.error[0].value
    assert "bug" not in said(app)
    assert "ZeroDivisionError" in caplog.text


def test_several_seeds_can_be_chosen(open_page: OpenPage, room: Room, tmp_path: Path) -> None:
    for seed in (0, 3):
        shutil.copytree(
            room.root / REAL / "dmil" / "seed0", tmp_path / REAL / "dmil" / f"seed{seed}"
        )
    app = open_page(root=tmp_path, data=REAL, seed="3")
    assert not app.exception
    assert app.selectbox(key="choice_seed").value == 3
    app.selectbox(key="choice_seed").select(0).run()
    assert view(app).seed == 0  # type: ignore[attr-defined]
    assert not app.warning


# --- samples --------------------------------------------------------------------------------


def test_the_first_sample_is_open_from_the_start(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, order="stored")
    assert view(app).sample == ids(room, REAL)[0]  # type: ignore[attr-defined]
    assert drawn.sample_list(app)["chosen"] == 0


def test_a_sample_shows_its_parts(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[5])
    text = said(app)
    for part in ("True class", "Gate weights", "How the logit adds up", "bits"):
        assert part in text
    # The printed identity: four parts and their sum.
    assert all(f"{c} " in text for c in ("R", "U1", "U2", "S"))


def bars(app: AppTest, key: str) -> list[str]:
    """Component letters of the bars of a figure, in order."""
    return drawn.letters(drawn.drawing(app, key))


def test_a_sample_of_three_inputs_shows_three_inputs_and_five_parts(
    open_page: OpenPage, room: Room
) -> None:
    app = open_page(data=THREE, sample=ids(room, THREE)[3])
    assert not app.exception
    text = said(app)
    for m, name in enumerate(("Zernike", "Fourier", "morphology"), start=1):
        assert re.search(rf"\*\*{name}.*input {m}\]", text)
    assert re.search(" · ".join(rf"\*\*{c}\*\* \d+%" for c in ("R", "U1", "U2", "U3", "S")), text)
    assert bars(app, "waterfall") == ["R", "U1", "U2", "U3", "S", "score"]
    assert re.search(r"R .* \+ U1 .* \+ U2 .* \+ U3 .* \+ S .* = ", text.replace("\\", ""))
    assert "U3" in app.selectbox(key="choice_dominant").options[4]


def bits_said(app: AppTest, start: str) -> list[float]:
    """The numbers of the identity that starts with these words."""
    text = said(app).replace("\\", "")
    (line,) = (row for row in text.splitlines() if row.startswith(start))
    return [float(n) for n in re.findall(r"[+-]\d+\.\d+", line)]


def test_information_adds_up_and_stands_beside_the_exact_value(
    open_page: OpenPage, room: Room
) -> None:
    app = open_page(data=GENERATED, sample=ids(room, GENERATED)[4])
    assert bars(app, "information") == ["R", "U1", "U2", "S"]
    for start in ("**x1** alone:", "**x2** alone:", "**Both together**:"):
        total, *parts = bits_said(app, start)
        assert total == pytest.approx(sum(parts), abs=0.025)
    assert "really carry" in said(app)
    before = bits_said(app, "**Both together**:")
    app.selectbox(key="choice_definition").select("ccs").run()
    assert view(app).definition == "ccs"  # type: ignore[attr-defined]
    assert bits_said(app, "**Both together**:")[0] == before[0]


def test_samples_where_gate_and_bits_disagree_can_be_listed(
    open_page: OpenPage, room: Room
) -> None:
    app = open_page(data=GENERATED)
    app.selectbox(key="choice_show").select("apart").run()
    assert view(app).show == "apart"  # type: ignore[attr-defined]
    every = len(ids(room, GENERATED))
    (line,) = re.findall(r"([\d,]+) of ([\d,]+) samples(?!\()", said(app))
    listed, total = (int(n.replace(",", "")) for n in line)
    assert total == every
    assert 0 < listed < 0.1 * every
    joint = open_page(data=GENERATED, model="joint")
    assert "gate and bits disagree" not in joint.selectbox(key="choice_show").options


def test_information_is_not_exact_where_no_distribution_is_known(
    open_page: OpenPage, room: Room
) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[4])
    assert bars(app, "information") == ["R", "U1", "U2", "S"]
    assert "really carry" not in said(app)
    assert "trained on this sample" not in said(app)
    seen = open_page(data=REAL, split="train", sample=ids(room, REAL, split="train")[0])
    assert "trained on this sample" in said(seen)


def test_information_by_networks_on_the_data_alone(open_page: OpenPage, room: Room) -> None:
    chosen = ids(room, REAL)[4]
    app = open_page(data=REAL, sample=chosen)
    before = bits_said(app, "**Both together**:")
    assert "no trained model takes part" not in said(app)
    app.selectbox(key="choice_estimator").select("data").run()
    assert view(app).estimator == "data"  # type: ignore[attr-defined]
    assert "no trained model takes part" in said(app)
    total, *parts = bits_said(app, "**Both together**:")
    assert total == pytest.approx(sum(parts), abs=0.025)
    assert total != before[0]
    rows = store.InformationEstimates.load(room.root / REAL / store.FILE).rows
    assert total == pytest.approx(rows.loc[chosen, "i12"] / np.log(2.0), abs=0.006)
    assert "These networks miss something" in " ".join(w.value for w in app.warning)
    # A model without heads of its own needs none for this.
    joint = open_page(data=REAL, model="joint", sample=chosen)
    assert bits_said(joint, "**Both together**:")[0] == total
    assert "Estimator: small networks" in said(joint)


def test_samples_that_are_described_alike(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[4])
    assert "Distance" not in said(app)
    app = open_page(data=REAL, sample=ids(room, REAL)[4], card="near")
    assert app.segmented_control(key="choice_near").value == "Z"
    app.segmented_control(key="choice_near").set_value("M1").run()
    assert view(app).near == "M1"  # type: ignore[attr-defined]
    assert not app.exception
    assert said(app).count("Distance") == 3
    first = app.button(key=key_of("near", 1))
    first.click().run()
    assert view(app).sample == first.label.replace("\\", "").split(":")[0]  # type: ignore[attr-defined]
    joint = open_page(data=REAL, model="joint", near="M1")
    assert joint.segmented_control(key="choice_near").value == "Z1"


def test_calibration_of_heads_is_shown_when_it_is_opened(open_page: OpenPage) -> None:
    app = open_page(data=REAL)
    assert not app.get("plotly_chart")
    app = open_page(data=REAL, card="calibration")
    (chart,) = (c for c in app.get("plotly_chart") if c.proto.id.endswith("reliability"))
    names = [t["name"] for t in json.loads(chart.proto.spec)["data"]]
    assert names == ["perfectly calibrated", "image alone", "speech alone", "both"]


def test_a_model_without_heads_says_so_and_offers_another(open_page: OpenPage) -> None:
    app = open_page(data=GENERATED, model="joint")
    assert "has no prediction from one input alone" in said(app)
    (button,) = (b for b in app.button if b.label == "Show bits of dmil")
    button.click().run()
    assert view(app).model == "dmil"  # type: ignore[attr-defined]
    assert bars(app, "information") == ["R", "U1", "U2", "S"]


def test_two_inputs_are_shown_as_two(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[5])
    text = said(app)
    assert "U3" not in text
    assert "input 3" not in text
    assert re.search(" · ".join(rf"\*\*{c}\*\* \d+%" for c in ("R", "U1", "U2", "S")), text)


@pytest.mark.parametrize("latent", ["Z", "M3", "U3"])
@pytest.mark.parametrize("colour", ["gate-U3", "dominant"])
def test_the_map_of_three_inputs(open_page: OpenPage, latent: str, colour: str) -> None:
    app = open_page("map", data=THREE, latent=latent, colour=colour)
    assert not app.exception
    assert view(app).colour == colour  # type: ignore[attr-defined]
    named = [o for o in app.selectbox(key="choice_latent").options if o.startswith(latent)]
    assert not latent.endswith("3") or "morphology" in named[0]


def test_three_inputs_are_compared(open_page: OpenPage) -> None:
    app = open_page("compare", data=THREE, **GROUPS)
    assert not app.exception
    assert "morphology alone" in said(app).replace("\\", "")


def test_next_and_previous(open_page: OpenPage, room: Room) -> None:
    names = ids(room, REAL)
    app = open_page(data=REAL, sample=names[1], order="stored")
    app.button(key="next").click().run()
    assert view(app).sample == names[2]  # type: ignore[attr-defined]
    app.button(key="previous").click().run()
    app.button(key="previous").click().run()
    assert view(app).sample == names[0]  # type: ignore[attr-defined]
    assert app.button(key="previous").disabled


def test_the_first_page_of_a_model_without_gate_offers_the_other(open_page: OpenPage) -> None:
    app = open_page(data=REAL, model="joint")
    assert "no components to show" in said(app)
    button = next(b for b in app.button if b.label.startswith("Show dmil"))
    button.click().run()
    assert view(app).model == "dmil"  # type: ignore[attr-defined]


def test_filters_that_match_nothing_can_be_cleared(open_page: OpenPage) -> None:
    app = open_page(data=REAL, q="no such thing")
    assert not app.exception
    assert "No sample matches" in said(app)
    next(b for b in app.button if b.label == "Clear all filters").click().run()
    assert "No sample matches" not in said(app)
    assert app.text_input(key="choice_search").value == ""


def test_search_and_filters_are_widgets_and_url(open_page: OpenPage) -> None:
    app = open_page(data=REAL, q="seven", show="wrong", dominant="U1", order="confidence-up")
    assert app.text_input(key="choice_search").value == "seven"
    assert app.selectbox(key="choice_show").value == "wrong"
    assert app.selectbox(key="choice_dominant").value == "U1"
    assert app.selectbox(key="choice_order").value == "confidence"
    assert app.segmented_control(key="choice_way").value == "up"
    assert not app.exception


def listed(app: AppTest) -> list[str]:
    """Ids of the list of samples, as far as they were sent."""
    return [row["id"] for row in drawn.sample_list(app)["rows"]]


def test_the_list_is_ordered_and_shows_what_it_is_ordered_by(open_page: OpenPage) -> None:
    def told(app: AppTest) -> list[float]:
        lines = [row["line"] for row in drawn.sample_list(app)["rows"]]
        return [float(m[1]) for line in lines if (m := re.search(r"adds U1 (\S+) bits", line))]

    app = open_page(data=REAL)
    assert not told(app)
    app.selectbox(key="choice_order").select("contribution-U1").run()
    assert view(app).order == "contribution-U1"  # type: ignore[attr-defined]
    assert len(told(app)) == listing.PAGE
    assert told(app) == sorted(told(app), reverse=True)
    app.segmented_control(key="choice_way").set_value("up").run()
    assert view(app).order == "contribution-U1-up"  # type: ignore[attr-defined]
    assert told(app) == sorted(told(app))
    joint = open_page(data=REAL, model="joint", order="gate-S")
    assert joint.selectbox(key="choice_order").value == "telling"
    assert not joint.exception


def test_the_most_telling_samples_come_first(open_page: OpenPage) -> None:
    first = drawn.sample_list(open_page(data=GENERATED))["rows"][:8]
    largest = [max(row["parts"], key=lambda part: part[1]) for row in first]
    assert [c for c, _ in largest] == ["R", "U1", "U2", "S"] * 2
    assert all(share > 0.9 for _, share in largest)
    # Without a gate those that are confidently wrong.
    joint = drawn.sample_list(open_page(data=REAL, model="joint"))["rows"]
    assert not joint[0]["correct"]
    assert "true class" in joint[0]["line"]
    wrong = [row["correct"] for row in joint]
    assert wrong == sorted(wrong)


def test_the_list_has_pictures_of_what_can_be_seen(open_page: OpenPage) -> None:
    rows = drawn.sample_list(open_page(data=REAL))["rows"]
    pictures = [content for row in rows for _, content in row["inputs"]]
    assert {kind for row in rows for kind, _ in row["inputs"]} == {"picture"}
    assert all(content.startswith("data:image/png;base64,") for content in pictures)
    # A page of it is small enough to be sent with each click.
    assert sum(map(len, pictures)) < 400_000


def test_a_long_list_is_sent_where_its_sample_is(open_page: OpenPage, room: Room) -> None:
    every = ids(room, REAL)
    app = open_page(data=REAL, order="stored")
    assert listed(app) == every[: listing.PAGE]
    assert drawn.sample_list(app)["total"] == len(every)
    second = open_page(data=REAL, order="stored", sample=every[0], list="2")
    assert listed(second) == every[listing.PAGE : 2 * listing.PAGE]
    assert drawn.sample_list(second)["first"] == listing.PAGE
    # The sample that is open stays so.
    assert view(second).sample == every[0]  # type: ignore[attr-defined]
    last = open_page(data=REAL, order="stored", sample=every[listing.PAGE - 1])
    last.button(key="next").click().run()
    assert drawn.sample_list(last)["first"] == drawn.sample_list(last)["chosen"] == listing.PAGE


def test_samples_that_one_model_gets_right_and_another_wrong(
    open_page: OpenPage, room: Room
) -> None:
    app = open_page(data=GENERATED, order="stored")
    app.selectbox(key="choice_right").select("joint").run()
    app.selectbox(key="choice_wrong").select("ensemble").run()
    one, two = (
        table_of(room, GENERATED, m).query("split == 'test'") for m in ("joint", "ensemble")
    )
    wanted = one["id"].astype(str)[one["correct"].to_numpy() & ~two["correct"].to_numpy()]
    assert f"{len(wanted):,} of" in said(app)
    assert listed(app) == wanted.tolist()[: listing.PAGE]
    alike = open_page(data=GENERATED, answers="same")
    (option,) = (o for o in alike.selectbox(key="choice_answers").options if "same" in o)
    answers = [table_of(room, GENERATED, m).query("split == 'test'")["pred"] for m in MODELS]
    same = sum(len(set(row)) == 1 for row in zip(*answers, strict=True))
    assert f"({same:,})" in option
    assert f"{same:,} of" in said(alike)
    absent = open_page(data=GENERATED, right="no such model")
    assert "No sample matches" in said(absent)


def test_a_range_of_confidence_is_chosen_by_a_slider(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, order="stored")
    app.slider(key="choice_confidence").set_range(30.0, 60.0).run()
    frame = table_of(room, REAL, "dmil").query("split == 'test'")
    confidence = frame.filter(regex="^p_").max(axis=1)
    within = frame[(confidence >= 0.3) & (confidence < 0.6)]
    assert 0 < len(within) < listing.PAGE
    assert listed(app) == within["id"].astype(str).tolist()
    app.slider(key="choice_confidence").set_range(0.0, 100.0).run()
    assert view(app).confidence == ""  # type: ignore[attr-defined]
    # Both ends at one place are not an empty range.
    app.slider(key="choice_confidence").set_range(100.0, 100.0).run()
    assert view(app).confidence == "0.99:1"  # type: ignore[attr-defined]


def test_interaction_type_filter_only_where_known(open_page: OpenPage) -> None:
    known = open_page(data=GENERATED)
    assert "choice_interaction_type" in [s.key for s in known.selectbox]
    unknown = open_page(data=REAL)
    keys = [s.key for s in unknown.selectbox]
    assert "choice_interaction_type" not in keys
    assert "choice_flag" in keys


def test_unknown_sample_says_so_and_offers_a_way_on(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample="nobody", order="stored")
    assert not app.exception
    assert "no sample with that id" in app.warning[0].value
    next(b for b in app.button if b.label.startswith("Open the first")).click().run()
    assert view(app).sample == ids(room, REAL)[0]  # type: ignore[attr-defined]


def test_a_class_can_be_chosen_and_compared(open_page: OpenPage, room: Room) -> None:
    app = open_page(data=REAL, sample=ids(room, REAL)[0])
    app.selectbox(key="choice_cls").select("nine").run()
    app.selectbox(key="choice_against").select("zero").run()
    assert not app.exception
    assert "log odds of nine over zero" in said(app).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sample", [HTML_ID, MARKDOWN_ID])
def test_hostile_ids_are_shown_as_text(open_page: OpenPage, page: str, sample: str) -> None:
    app = open_page(page, data=ODD, sample=sample)
    assert not app.exception
    if page not in ("", "compare", "disagreements", "model"):
        assert any("Sample" in s.value for s in app.header)
    for kind in (app.markdown, app.header, app.caption, app.info, app.warning):
        for element in kind:
            assert not re.search(r"(?<!\\)(<|\[link\]|\*\*bold)", element.value)


# --- compare --------------------------------------------------------------------------------


def test_compare_says_what_the_whiskers_are(open_page: OpenPage) -> None:
    assert "95% interval" in said(open_page("compare", data=REAL))


def test_interaction_type_or_flags_or_a_message(open_page: OpenPage) -> None:
    def headings(data: str) -> list[str]:
        return [s.value for s in open_page("compare", data=data, **GROUPS).header]

    assert "Accuracy by interaction type" in headings(GENERATED)
    assert "Accuracy by sample attribute" in headings(REAL)
    assert "interaction type of these samples is not known" in said(
        open_page("compare", data=BROKEN, **GROUPS)
    )


# --- what if --------------------------------------------------------------------------------


def test_nothing_is_changed_at_first(open_page: OpenPage, room: Room) -> None:
    app = open_page("what-if", data=REAL, order="stored")
    assert not app.exception
    assert "Nothing is changed yet" in said(app)
    assert view(app).sample == ids(room, REAL)[0]  # type: ignore[attr-defined]
    assert app.button(key="undo").disabled
    assert app.button(key="as_it_was").disabled


def test_a_blank_input_changes_the_answer_and_is_undone(open_page: OpenPage, room: Room) -> None:
    frame = table_of(room, REAL, "dmil").query("split == 'test'")
    # Right by the sound alone: without it the answer has nothing to rest on.
    chosen = frame[frame["gate_U2"] > 0.9]["id"].iloc[0]
    app = open_page("what-if", data=REAL, sample=str(chosen))
    app.segmented_control(key="choice_edit2").set_value("blank").run()
    assert view(app).edit2 == "blank"  # type: ignore[attr-defined]
    assert "**Edited**, it predicts" in said(app)
    shown = drawn.texts(drawn.drawing(app, "contribution_pairs"))
    at = next(i for i, text in enumerate(shown) if text.startswith("U2 "))
    before, after = map(float, shown[at + 1].split(" → "))
    assert after < 0.7 * before
    app.button(key="undo").click().run()
    assert view(app).edit2 == ""  # type: ignore[attr-defined]
    assert "Nothing is changed yet" in said(app)


def test_a_cell_makes_the_inputs_blank_that_it_does_not_name(
    open_page: OpenPage, room: Room, pick: Pick
) -> None:
    app = open_page("what-if", data=REAL, sample=ids(room, REAL)[2], edit2="noise:1:0")
    app = pick(app, "needed", "2")
    assert (view(app).edit1, view(app).edit2) == ("blank", "")  # type: ignore[attr-defined]
    assert "**Edited**, it predicts" in said(app)
    app = pick(app, "needed", "1,2")
    assert (view(app).edit1, view(app).edit2) == ("", "")  # type: ignore[attr-defined]


def test_cells_have_what_the_model_predicts_from_some_inputs_alone(
    open_page: OpenPage, room: Room
) -> None:
    row = table_of(room, REAL, "dmil").query("split == 'test'").iloc[5]
    app = open_page("what-if", data=REAL, sample=str(row["id"]), edit1="blank")
    shown = drawn.html(app, "needed")
    share = row[f"p_{row['pred']}"]
    assert f"both inputs: predicts {row['pred']}, {share:.0%}" in shown
    assert shown.count("data-mark") == 4
    # What the edited sample is predicted to be is what its cell has.
    (edited,) = re.findall(r"\*\*Edited\*\*, it predicts \*\*(\w+)\*\*", said(app))
    assert f"speech alone: predicts {edited}, " in shown
    three = drawn.html(open_page("what-if", data=THREE), "needed")
    assert three.count("data-mark") == 5  # all, without each, none


def test_a_changed_sample_has_its_place_on_the_map(open_page: OpenPage, room: Room) -> None:
    frame = table_of(room, REAL, "dmil").query("split == 'test'")
    sure = frame[frame["gate_U1"] > 0.9]["id"].iloc[0]
    app = open_page("what-if", data=REAL, sample=str(sure), edit1="blank", latent="M1")
    app.session_state["moved"] = True
    app.run()
    # Without its picture it is no longer among those whose picture is alike.
    (words,) = (m.value for m in app.markdown if "original: " in m.value)
    before, after = re.findall(r"(\d+) of its 15 nearest are \*\*(\w+)\*\*", words)
    assert int(before[0]) > int(after[0]) or before[1] != after[1]
    app.segmented_control(key="choice_latent").set_value("M2").run()
    # Nothing is changed of what is heard.
    (words,) = (m.value for m in app.markdown if "original: " in m.value)
    before, after = re.findall(r"(\d+ of its 15 nearest are \*\*\w+\*\*)", words)
    assert before == after
    rings = drawn.tree(drawn.drawing(app, "moved_map")).findall(f"{drawn.SVG}circle")
    assert len({(r.get("cx"), r.get("cy")) for r in rings}) == 1


@pytest.mark.parametrize("kind", ["noise", "swap"])
def test_each_change_has_its_choices(open_page: OpenPage, room: Room, kind: str) -> None:
    app = open_page("what-if", data=REAL, sample=ids(room, REAL)[2])
    app.segmented_control(key="choice_edit1").set_value(kind).run()
    assert not app.exception
    code = view(app).edit1  # type: ignore[attr-defined]
    if kind == "noise":
        assert code == "noise:1:0"
        app.slider(key=key_of("amount", 1)).set_value(2.5).run()
        assert view(app).edit1 == "noise:2.5:0"  # type: ignore[attr-defined]
        app.button(key=key_of("again", 1)).click().run()
        assert view(app).edit1 == "noise:2.5:1"  # type: ignore[attr-defined]
    else:
        donor = code.removeprefix("swap:")
        truth = table_of(room, REAL, "dmil").set_index("id")["y"]
        assert truth[donor] != truth[ids(room, REAL)[2]]
    assert "**Edited**, it predicts" in said(app)


def test_the_gate_is_turned_by_hand(open_page: OpenPage, room: Room) -> None:
    app = open_page("what-if", data=GENERATED, sample=ids(room, GENERATED)[3])
    app.slider(key=key_of("factor", "S")).set_value(0.0).run()
    assert view(app).factors == "S:0"  # type: ignore[attr-defined]
    assert not app.exception
    app.button(key="as_it_was").click().run()
    assert view(app).factors == ""  # type: ignore[attr-defined]
    app.button(key="undo").click().run()
    assert view(app).factors == "S:0"  # type: ignore[attr-defined]


def test_no_component_left_is_told(open_page: OpenPage) -> None:
    app = open_page("what-if", data=GENERATED, gate="R:0,U1:0,U2:0,S:0")
    assert not app.exception
    assert "leave at least one" in said(app)


def test_a_link_with_a_donor_that_is_not_there(open_page: OpenPage) -> None:
    app = open_page("what-if", data=REAL, edit1="swap:<b>nobody</b>")
    assert not app.exception
    assert "cannot be changed so" in said(app)


def test_a_model_without_a_gate_answers_all_the_same(open_page: OpenPage) -> None:
    app = open_page("what-if", data=REAL, model="joint", edit1="blank")
    assert "**Edited**, it predicts" in said(app)
    assert "has no components to show" in said(app)
    assert not [s for s in app.slider if str(s.key).startswith("factor_")]


def test_three_inputs_are_changed_one_by_one(open_page: OpenPage) -> None:
    app = open_page("what-if", data=THREE, edit3="blank")
    assert not app.exception
    assert "**Edited**, it predicts" in said(app)
    assert app.segmented_control(key="choice_edit3").value == "blank"


# --- overview -------------------------------------------------------------------------------


def test_the_overview_says_what_there_is_and_where_to_start(open_page: OpenPage) -> None:
    app = open_page("", data=REAL)
    text = said(app)
    assert not app.exception
    assert re.search(
        r"1,168 train, 234 val, 395 test.* samples of 10 classes", text.replace("\\", "")
    )
    assert "Licence" in text
    assert {"averages", "accuracy"} <= set(drawn.keys(app))
    # Plotly's script is by far the largest: the first page does without.
    assert not app.get("plotly_chart")
    assert "Confidently wrong" in text
    shown = " ".join(drawn.marked(app))
    for component in ("R", "U1", "U2"):
        assert f'data-mark="{component} sample 0"' in shown
    assert shown.count("No sample is clearly of this kind") <= 1
    assert "True interaction type" not in text  # which is not known of it
    assert "True interaction type" in said(open_page("", data=GENERATED))


def test_the_overview_of_a_model_without_gate_and_heads(open_page: OpenPage) -> None:
    app = open_page("", data=GENERATED, model="joint")
    assert not app.exception
    # In place of what only heads can estimate: what can be found by asking the model.
    assert "Do the inputs work together?" in said(app)
    assert "has no prediction from one input alone" not in said(app)
    assert "does not show of which kind" in said(open_page("", data=REAL, model="joint"))


def test_the_overview_of_three_inputs(open_page: OpenPage) -> None:
    app = open_page("", data=THREE)
    assert not app.exception
    assert bars(app, "mean_gates") == ["R", "U1", "U2", "U3", "S"]
    assert "Do the inputs work together?" in said(open_page("", data=THREE, model="joint"))
    shown = " ".join(drawn.marked(app))
    assert all(f'data-mark="{c}"' in shown for c in ("R", "U1", "U2", "U3", "S"))
