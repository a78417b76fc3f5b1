"""Torch modules and scikit-learn estimators as callables; the room itself knows neither."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.sparse import hstack
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from torch import Tensor, nn

import dmil_core as dmil
from dmil_core import posthoc
from dmil_core.posthoc.callables import of_sklearn, of_torch, wrapped
from tests.core.posthoc.known import bits, normals


class LateFusion(nn.Module):
    """Logits of each input, averaged; dropout shows whether it was in evaluation mode."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(1, 3), nn.Linear(1, 3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return self.dropout(self.first(x1) + self.second(x2)) / 2


def test_a_late_fusion_of_torch_has_no_interaction() -> None:
    torch.manual_seed(0)
    module = LateFusion().train()
    found = dmil.explain(module, *normals(100, 0), partners=20)  # type: ignore[arg-type]
    assert found.interaction_share < 1e-5
    assert module.training  # it is left as it was
    assert all(p.grad is None for p in module.parameters())


def test_whole_numbers_reach_an_embedding_and_outputs_are_picked() -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(5, 2)

        def forward(self, x1: Tensor, x2: Tensor) -> Any:
            return {"scores": self.table(x1).sum(1) * x2, "other": None}

    words = np.random.default_rng(0).integers(5, size=(60, 4))
    f = of_torch(Words(), pick=lambda out: out["scores"])
    found = dmil.explain(f, words, np.ones((60, 1)), partners=20)
    assert found.classes == ("0", "1")
    assert found.interaction_share < 1e-5  # x2 never varies


def test_an_object_with_logits_is_taken_at_them() -> None:
    class Out:
        def __init__(self, logits: Tensor) -> None:
            self.logits = logits

    class Wrapped(LateFusion):
        def forward(self, x1: Tensor, x2: Tensor) -> Any:
            return Out(super().forward(x1, x2))

    assert of_torch(Wrapped())(*normals(5, 1)).shape == (5, 3)


def test_a_forest_of_two_inputs_side_by_side() -> None:
    x1, x2 = bits(60)
    y = (x1 ^ x2)[:, 0]
    forest = RandomForestClassifier(5, random_state=0).fit(np.concatenate([x1, x2], axis=1), y)
    found = dmil.explain(forest, x1, x2, y=y, partners=40)  # type: ignore[arg-type]
    assert found.accuracy == 1.0
    assert found.interaction_share > 0.85


def test_a_pipeline_of_named_columns() -> None:
    rng = np.random.default_rng(2)
    left = pd.DataFrame({"age": rng.normal(50, 10, 300), "sex": rng.choice(["f", "m"], 300)})
    right = pd.DataFrame({"dose": rng.normal(size=300)})
    y = (left["age"].to_numpy() - 50) / 10 + right["dose"].to_numpy() > 0
    columns = make_column_transformer(
        (StandardScaler(), ["age", "dose"]), (OneHotEncoder(), ["sex"])
    )
    pipeline = make_pipeline(columns, LogisticRegression())
    pipeline.fit(pd.concat([left, right], axis=1), y)
    found = dmil.explain(pipeline, left, right, y=y, partners=20)
    assert found.accuracy is not None
    assert found.accuracy > 0.9
    assert found.interaction_share < 1e-6
    # The same by names, from arrays.
    numbers = LogisticRegression().fit(pd.DataFrame({"a": y, "b": right["dose"]}), y)
    f = of_sklearn(numbers, columns=[["a"], ["b"]])
    assert f(y[:, None].astype(float), right[["dose"]].to_numpy()).shape == (300, 2)


def test_words_counted_in_a_sparse_matrix() -> None:
    texts = ["good film", "bad film", "good book", "bad book"] * 30
    counts = CountVectorizer().fit_transform(texts)
    other = np.random.default_rng(3).standard_normal((120, 2))
    y = np.array(["good" in text for text in texts])
    fitted = LogisticRegression().fit(hstack([counts, other]), y)
    found = dmil.explain(fitted, counts.tocsr(), other, y=y, partners=20)
    assert found.accuracy == 1.0
    assert found.interaction_share < 1e-6


def test_a_regression_of_sklearn_has_values() -> None:
    x1, x2 = normals(200, 3)
    fitted = LinearRegression().fit(np.concatenate([x1, x2], axis=1), (x1 + x2)[:, 0])
    found = dmil.explain(fitted, x1, x2, partners=20)  # type: ignore[arg-type]
    assert found.intervals["variance_x1_x2"].value < 1e-9


def test_what_cannot_be_wrapped_is_refused() -> None:
    x = np.concatenate(normals(50, 4), axis=1)
    with pytest.raises(dmil.DmilError, match="CalibratedClassifierCV"):
        of_sklearn(LinearSVC().fit(x, x[:, 0] > 0))
    with pytest.raises(dmil.DmilError, match="neither predict_proba nor predict"):
        of_sklearn(StandardScaler().fit(x))
    with pytest.raises(dmil.DmilError, match="expected a function"):
        wrapped(3)
    f = of_sklearn(LinearRegression().fit(x, x[:, 0]), columns=[["a", "b"], ["c"]])
    with pytest.raises(dmil.DmilError, match="input 1 has 1 columns; expected names for as many"):
        f(x[:, :1], x[:, 1:])


def test_the_room_knows_no_library_of_models() -> None:
    """Only ``callables`` and ``onnx`` import one, and only inside of a function."""
    folder = Path(posthoc.__path__[0])
    for file in folder.glob("*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if file.name in ("callables.py", "onnx.py") and node not in tree.body:
                continue
            roots = {name.split(".")[0] for name in names}
            assert not roots & {"torch", "sklearn", "onnx", "onnxruntime"}, file.name
