"""Lessons: six short ones, a step at a time; the link holds step, setting and answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.components.figure import file_name
from dashboard.export import handout
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.learn import lessons as service
from dashboard.services.learn import playground
from dashboard.state import lesson_progress, session
from dashboard.state.view import change, to_query
from dashboard.text import lessons as text
from dashboard.text.lessons import Lesson, Question, Read, Step, Takeaway, Watch
from dashboard.views import presenting
from dashboard.views.learn import lesson_pictures

#: Lines of half of it, or of all of it in large type, are as long as can be read.
_WIDTH = 1180


def lessons() -> None:
    """The page."""
    view = session.view()
    with st.container(width=_WIDTH, key="lesson"):
        lesson = text.BY_NAME.get(view.lesson)
        if lesson is None:
            _overview()
        else:
            _lesson(lesson)


# --- all of them --------------------------------------------------------------------------------


def _overview() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text.LEAD, width="stretch")
        _large()
    presenting.offer()
    now = _progress()
    done = sum(record.done for record in now.values())
    if now:
        st.progress(done / len(text.LESSONS), text=f"{done} of {len(text.LESSONS)} lessons done")
    for number, lesson in enumerate(text.LESSONS, start=1):
        record = now.get(lesson.name)
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", key=key_of("of", lesson.name)
        ):
            with st.container(gap=None):
                mark = " :green-badge[:material/check: done]" if record and record.done else ""
                st.markdown(f"**{number}. {lesson.title}**{mark}")
                st.caption(lesson.lead)
            label = "Begin" if not record else "Again" if record.done else "Go on"
            st.button(
                f"{label}: lesson {number}", key=key_of("open", lesson.name),
                on_click=callback(_open), args=(lesson,), width="content",
                type="secondary" if record and record.done else "primary",
            )  # fmt: skip
    st.caption(text.FOR_TEACHERS)
    if now:
        st.button(
            "Forget my answers", icon=":material/restart_alt:", type="tertiary",
            on_click=callback(session.change), kwargs={"said": ""},
        )  # fmt: skip


def _open(lesson: Lesson) -> None:
    """Begin a lesson, anew if it is done, or go on behind the last question that was answered."""
    now, step = _progress(), 1
    if now.get(lesson.name, lesson_progress.Record()).done:
        now = lesson_progress.again(now, lesson.name)
    for number, shown in enumerate(lesson.steps, start=1):
        if isinstance(shown, Question) and _answered(now, lesson, shown):
            step = number + 1
    session.change(
        lesson=lesson.name, step=step, said=lesson_progress.write(now),
        mixture="", build="", setting="", method="",
    )  # fmt: skip


def _leave() -> None:
    session.change(lesson="", step=1, mixture="", build="", setting="", method="")


# --- one of them --------------------------------------------------------------------------------


def _lesson(lesson: Lesson) -> None:
    number = min(max(session.view().step, 1), len(lesson.steps))
    step = lesson.steps[number - 1]
    _head(lesson, number)
    with st.container(border=True, key=key_of("step", number)):
        st.markdown(f"### {step.title}")
        words, picture = _places(step)
        with words:
            if not isinstance(step, Takeaway):
                st.markdown(step.text)
            later = _inside(lesson, step, picture)
    _ways(lesson, number)
    # A picture may take a while; the words, the answers and the way on are there before it.
    for container, picture in later:
        with container:
            lesson_pictures.draw(picture)


def _head(lesson: Lesson, position: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_bar"):
        st.button(
            "All lessons", icon=":material/arrow_back:", type="tertiary", on_click=callback(_leave)
        )  # fmt: skip
        _large()
        _handout(lesson)
    number = text.LESSONS.index(lesson) + 1
    st.header(f"{number}. {lesson.title}", anchor=False)
    st.progress(
        position / len(lesson.steps),
        text=f"Step {position} of {len(lesson.steps)}",
    )


def _large() -> None:
    st.toggle(
        text.LARGE,
        **session.bound(
            "size", "lesson_size", bool(session.view().size), lambda on: "large" if on else ""
        ),
    )


def _handout(lesson: Lesson) -> None:
    address = session.address("lessons")
    mixture, measure = session.view().mixture, session.view().measure

    def write() -> bytes:
        return handout.of_lesson(lesson, address, mixture=mixture, measure=measure)

    st.download_button(
        "Handout", write, f"{file_name(lesson.title)}.html", "text/html", key="handout",
        on_click="ignore", type="tertiary", icon=":material/print:", help=text.HANDOUT_HELP,
    )  # fmt: skip


#: Places in a step, and the pictures that belong there.
Later = list[tuple[Any, str]]


def _places(step: Step) -> tuple[Any, Any]:
    """Where the words of a step and where its pictures are: beside each other, or below where the
    picture has a control or needs the width."""
    if isinstance(step, Question) or (isinstance(step, Read) and step.picture):
        words, picture = st.columns([5, 6], gap="large")
        return words, picture
    whole = st.container()
    return whole, whole


def _inside(lesson: Lesson, step: Step, place: Any) -> Later:
    """A step without its pictures, which come to ``place``."""
    if isinstance(step, Question):
        return _question(lesson, step, place)
    if isinstance(step, Takeaway):
        for point in step.points:
            st.markdown(f"- {point}")
        _links(lesson)
        return []
    picture = "live" if isinstance(step, Watch) else step.picture
    return [(place.container(), picture)] if picture else []


def _question(lesson: Lesson, question: Question, place: Any) -> Later:
    later = [(place.container(), question.picture)] if question.picture else []
    number = lesson.questions.index(question)
    tried = lesson_progress.tried(_progress(), lesson.name, number)
    for index, choice in enumerate(question.choices):
        letter = lesson_progress.LETTERS[index]
        seen = letter in tried
        icon = None
        if seen:
            icon = ":material/check:" if index == question.right else ":material/close:"
        st.button(
            choice.text, key=key_of("choice", number, letter), icon=icon, width="stretch",
            shortcut=str(index + 1), on_click=callback(_say), args=(lesson, number, letter),
            type="primary" if seen and index == question.right else "secondary",
        )  # fmt: skip
    if tried:
        latest = lesson_progress.LETTERS.index(tried[-1])
        why = question.choices[latest].why
        if latest == question.right:
            st.success(f"**{text.RIGHT}** {why}", icon=":material/check_circle:")
        else:
            st.warning(f"**{text.AGAIN}** {why}", icon=":material/lightbulb:")
    if _answered(_progress(), lesson, question) and question.reveal:
        later.append((place.container(), question.reveal))
    return later


def _answered(now: lesson_progress.Progress, lesson: Lesson, question: Question) -> bool:
    number = lesson.questions.index(question)
    return lesson_progress.LETTERS[question.right] in lesson_progress.tried(
        now, lesson.name, number
    )


def _say(lesson: Lesson, number: int, letter: str) -> None:
    session.change(
        said=lesson_progress.write(lesson_progress.said(_progress(), lesson.name, number, letter))
    )


def _progress() -> lesson_progress.Progress:
    return lesson_progress.read(session.view().said)


def _ways(lesson: Lesson, number: int) -> None:
    """Back and next; the keys B and N do the same."""
    step = lesson.steps[number - 1]
    waits = isinstance(step, Question) and not _answered(_progress(), lesson, step)
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_ways"):
        st.button(
            "Back", key="lesson_back", icon=":material/chevron_left:", shortcut="B",
            disabled=number == 1, on_click=callback(_go), args=(lesson, number - 1),
        )  # fmt: skip
        if number < len(lesson.steps):
            st.button(
                "Next", key="lesson_next", icon=":material/chevron_right:", icon_position="right",
                shortcut="N", disabled=waits, type="secondary" if waits else "primary",
                on_click=callback(_go), args=(lesson, number + 1),
            )  # fmt: skip
            if waits:
                st.caption(text.FIRST_ANSWER, width="content")
        else:
            _after(lesson)
    st.caption(text.KEYS)


def _after(lesson: Lesson) -> None:
    later = text.LESSONS[text.LESSONS.index(lesson) + 1 :]
    more: dict[str, Any] = {
        "key": "lesson_next", "icon": ":material/chevron_right:", "icon_position": "right",
        "shortcut": "N", "type": "primary",
    }  # fmt: skip
    if later:
        st.button(
            f"Next lesson: {later[0].title}", on_click=callback(_open), args=(later[0],), **more
        )
    else:
        st.button("All lessons", on_click=callback(_leave), **more)


def _go(lesson: Lesson, number: int) -> None:
    """Show a step; what to take away means that the lesson is done."""
    now = _progress()
    if isinstance(lesson.steps[number - 1], Takeaway):
        now = lesson_progress.finished(now, lesson.name)
    session.change(step=number, said=lesson_progress.write(now))


def _links(lesson: Lesson) -> None:
    """Where to go on."""
    with st.container(horizontal=True):
        for name in lesson.links:
            label, icon = text.LINKS[name]
            st.page_link(
                session.page(name), label=label, icon=f":material/{icon}:",
                query_params=_query(lesson, name), width="content",
            )  # fmt: skip


def _query(lesson: Lesson, page: str) -> dict[str, str]:
    """What of the view a page shows that a lesson leads to."""
    view = replace(session.view(), setting="", method="")
    if page == "live":
        preset = playground.preset("strong-weak" if lesson.name == "competition" else "xor")
        return to_query(replace(view, **preset.choice))
    if page == "trust":
        return to_query(replace(view, setting=service.WEAK))
    if page == "gates":
        dial = service.DIAL_OF.get(lesson.name)
        mixture = service.at(dial, view.mixture) if dial else service.AND
        return to_query(replace(view, mixture=mixture))
    if page == "map":
        return to_query(change(view, **lesson_pictures.pair_choice()))
    return to_query(change(view, **lesson_pictures.sample_choice()))
