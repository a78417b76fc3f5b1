"""The cheap baseline: logistic regression on the inputs side by side, as scikit-learn does it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dmil_core.data.dataset import Dataset


def logistic_accuracy(dataset: Dataset) -> float:
    """Accuracy on test rows of scikit-learn's logistic regression at its defaults.

    It is fitted to the training rows. Numbers, pixels and features of sounds are standardised,
    texts become TF-IDF of their words; the inputs stand side by side.
    """
    train, test = dataset.rows("train"), dataset.rows("test")
    parts = [_features(x, train) for x in dataset.inputs]
    x = sparse.hstack(parts, format="csr") if any(map(sparse.issparse, parts)) else np.hstack(parts)
    model = LogisticRegression(max_iter=5000).fit(x[train], dataset.y[train])
    return float((model.predict(x[test]) == dataset.y[test]).mean())


def _features(
    x: NDArray[np.generic], train: NDArray[np.int64]
) -> NDArray[np.float64] | sparse.csr_matrix:
    """(N, D) of one input, scaled by its training rows."""
    if x.dtype.kind == "U":
        texts = x.tolist()
        return TfidfVectorizer().fit([texts[i] for i in train]).transform(texts)
    flat = x.reshape(len(x), -1).astype(np.float64)
    scaled: NDArray[np.float64] = StandardScaler().fit(flat[train]).transform(flat)
    return scaled
