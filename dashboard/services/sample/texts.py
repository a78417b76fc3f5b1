"""The texts of a data set's samples, for search and for what tells groups of samples apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.services.sample.samples import source
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dmil_core import schema
from dmil_core.data.media import TextMedia, media
from dmil_core.errors import DmilError


def texts(checkpoint: Checkpoint) -> pd.Series[str] | None:
    """What each sample says in words, its text inputs behind each other, by id.

    None where the data set has no text input or cannot be read.
    """
    data = source(checkpoint)
    if isinstance(data, DataProblem):
        return None
    return _texts(data.name, data.digest, data)


# Some megabytes for a hundred thousand short texts.
@st.cache_resource(max_entries=4, show_spinner=False)
def _texts(name: str, digest: str, _data: Any) -> pd.Series[str] | None:
    numbers = [
        m
        for m in schema.modality_numbers(_data.modalities)
        if _data.card.modalities[m - 1].media.type == "text"
    ]
    if not numbers:
        return None
    lines = [" ".join(_text(_data, row, m) for m in numbers) for row in range(len(_data))]
    return pd.Series(lines, index=pd.Index(_data.ids.tolist(), name="id"), dtype=object)


def _text(data: Any, row: int, modality: schema.ModalityNumber) -> str:
    lacks = data.lacks(modality)
    if lacks is not None and lacks[row]:
        return ""
    try:
        item = media(data, row, modality)
    except DmilError:
        return ""
    return item.text if isinstance(item, TextMedia) else ""
