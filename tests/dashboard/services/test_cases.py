"""Files as people have them, on the page of an upload: what is said and what they become."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.services.store import budgets, drafts, uploads
from dashboard.services.store.drafts import Draft
from dashboard.services.store.uploads import Problem, Upload
from dmil_core.data.files.budget import Accountant
from tests.inputs.cases import Case
from tests.inputs.known import KNOWN
from tests.inputs.siblings import SIBLINGS


def named(case: Case) -> str:
    return case.name


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without other uploads."""
    monkeypatch.setattr(budgets, "_ACCOUNTANT", Accountant())


def said(draft: Draft, case: Case) -> Draft:
    """With what a user says of a case."""
    if case.reading:
        again = drafts.read_with(draft, "2", **case.reading)
        assert isinstance(again, Draft), again
        draft = again
    for role, columns in case.chosen.items():
        draft = drafts.assigned(draft, [columns] if isinstance(columns, str) else columns, role)
    return drafts.repaired(draft, **case.repairs) if case.repairs else draft


@pytest.mark.parametrize("case", [*KNOWN, *SIBLINGS], ids=named)
def test_what_is_said_of_an_upload_and_what_it_becomes(case: Case) -> None:
    case = replace(case, **case.on_page)
    draft = drafts.begin("1", list(case.files().items()))
    if case.refused:
        assert isinstance(draft.result, Problem)
        assert case.refused in draft.result.message
        return
    assert isinstance(draft.result, Upload), draft.result
    draft = said(draft, case)
    assert isinstance(draft.result, Upload), draft.result
    upload, roles = draft.upload, draft.roles
    assert upload.rows == case.rows
    got = {r.name: (r.kind, len(r.columns)) for r in roles.inputs}
    assert got == case.inputs | {c: (kind, 1) for c, kind in case.asks.items()}
    assert (roles.label, roles.id, roles.split, roles.group) == (
        case.label, case.id, case.split, case.group,
    )  # fmt: skip
    # Files that are not there are asked for.
    assert uploads.without_files(upload, roles) == tuple(case.asks)
    made = uploads.assemble(upload, roles, draft.said.repairs, "mine", "Mine", "a file")
    if case.asks:
        assert made.dataset is None
        for column in case.asks:
            assert any(f"{column!r} names" in i.title and i.severity == "error"
                       for i in made.issues)  # fmt: skip
        return
    case.matches(made.issues)
    offered = [(o.option, o.value) for i in made.issues for o in i.offers]
    assert sorted(offered, key=str) == sorted(case.offers, key=str)
    uses = drafts.use_of(roles)
    assert {h.column for h in drafts.heads(draft) if h.use == drafts.UNUSED} == (
        set(upload.columns) - set(uses)
    )
    assert (made.dataset is None) == bool(case.error)
    if made.dataset is not None:
        assert made.dataset.classes == case.classes
        if case.holds is not None:
            case.holds(made.dataset)
