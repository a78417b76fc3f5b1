"""Keys of widgets and components, and that no view makes one of anything else."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import keys
from dashboard.keys import key_of, name_in
from dashboard.state import session

DASHBOARD = Path(keys.__file__).parent
#: Where widgets and components are drawn.
PLACES = ("views", "components", "state", "widgets.py", "frame.py", "navigation.py")
#: What Streamlit turns into a class of the page as it is, and takes for a component's name.
PLAIN = re.compile(r"[a-zA-Z0-9_-]+")

parts = st.lists(st.one_of(st.text(), st.integers(0, 99)), max_size=4)


@given(parts)
def test_a_key_is_plain_and_short_whatever_it_is_made_of(of: list[str | int]) -> None:
    key = key_of("gate", *of)
    assert PLAIN.fullmatch(key)
    assert "__" not in key
    assert len(key) < 40
    if any(isinstance(part, str) for part in of):
        assert name_in(key) == "gate"


@given(parts, parts)
def test_other_parts_make_another_key(one: list[str | int], other: list[str | int]) -> None:
    assert (key_of("gate", *one) == key_of("gate", *other)) == (one == other)


def test_ids_of_any_length_and_alphabet_have_keys() -> None:
    odd = ["a" * 10_000, "subj01__trial7", "\N{RIGHT-TO-LEFT MARK}אב", "\ud800", "\n", "😀", ""]
    assert len({key_of("sample", name) for name in odd}) == len(odd)


def test_a_key_stays_the_same_between_processes() -> None:
    assert key_of("near", 2) == "near-2"
    assert key_of("gate", "dmil") == "gate-469102ec780e6406"


def test_only_a_field_of_the_view_makes_a_key_as_it_is() -> None:
    assert session.field_key("choice", "data") == "choice_data"
    with pytest.raises(ValueError, match="field of the view"):
        session.field_key("choice", "subj01__trial7")


# --- the sources


def sources() -> Iterator[tuple[ModuleType, Path, ast.Module]]:
    """Modules that draw, with their syntax trees."""
    for place in PLACES:
        path = DASHBOARD / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            dotted = ".".join(file.relative_to(DASHBOARD.parent).with_suffix("").parts)
            module = import_module(dotted.removesuffix(".__init__"))
            yield module, file, ast.parse(file.read_text("utf-8"))


def called(node: ast.expr, module: ModuleType) -> Any:
    """What an expression such as ``widgets.chart`` stands for; None where it is a local name."""
    if isinstance(node, ast.Name):
        return getattr(module, node.id, getattr(builtins, node.id, None))
    if isinstance(node, ast.Attribute):
        of = called(node.value, module)
        return getattr(of, node.attr, None) if of is not None else None
    return None


def key_argument(call: ast.Call, module: ModuleType) -> ast.expr | None:
    """The argument that a call passes as ``key``, by name or by position."""
    target = called(call.func, module)
    if target in (sorted, max, min):
        return None
    for keyword in call.keywords:
        if keyword.arg == "key":
            return keyword.value
    if not (getattr(target, "__module__", None) or "").startswith(("dashboard", "streamlit")):
        return None
    names = list(inspect.signature(target).parameters)
    at = names.index("key") if "key" in names else len(call.args)
    return call.args[at] if at < len(call.args) else None


def complaint(node: ast.expr, module: ModuleType, passed_on: set[str]) -> str:
    """What is wrong with an expression as a key; empty where nothing is."""
    match node:
        case ast.Constant(value=str()):
            return ""
        case ast.Name(id=name) if name in passed_on:
            return ""
        case ast.Name(id=name) if isinstance(getattr(module, name, None), str):
            return ""
        case ast.IfExp(body=one, orelse=other):
            return complaint(one, module, passed_on) or complaint(other, module, passed_on)
        case ast.Call(func=func) if called(func, module) in (key_of, session.field_key):
            name = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(name, ast.Constant) and PLAIN.fullmatch(str(name.value)):
                return ""
    return f"line {node.lineno}: {ast.unparse(node)}"


def complaints(module: ModuleType, tree: ast.Module) -> list[str]:
    """Keys in a module that are neither literals nor made by `key_of`.

    A parameter that is called ``key`` may be passed on: who passes it in is looked at there.
    """
    result = []

    def look(node: ast.AST, passed_on: set[str]) -> None:
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            arguments = node.args
            of = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            passed_on = passed_on | {a.arg for a in of if a.arg == "key"}
        if isinstance(node, ast.Call) and (key := key_argument(node, module)) is not None:
            result.append(complaint(key, module, passed_on))
        for child in ast.iter_child_nodes(node):
            look(child, passed_on)

    look(tree, set())
    return [text for text in result if text]


def test_every_key_is_a_literal_or_made_by_one_function() -> None:
    found = {f.name: wrong for m, f, tree in sources() if (wrong := complaints(m, tree))}
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        'st.button("x", key=f"use_{name}")',
        'st.button("x", key="use_" + name)',
        'st.button("x", key=name)',
        'chart(figure, f"gate-{name}", "words")',
        'chart(figure, alt="words", key=name)',
        'st.button("x", key=key_of(name))',
        'column.button("x", key="use_%s" % name)',
    ],
)
def test_a_key_that_is_made_of_data_is_found(code: str) -> None:
    from dashboard import widgets

    assert complaints(widgets, ast.parse(code))


def test_keys_that_are_allowed_are_not_complained_about() -> None:
    from dashboard import widgets

    code = """
def draw(key, names):
    st.button("x", key=key)
    chart(figure, key_of("gate", names[0]), "words")
    sorted(names, key=len)
    st.button("x", key="literal")
"""
    assert complaints(widgets, ast.parse(code)) == []
