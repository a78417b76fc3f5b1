"""DMIL Explorer's core: explicit decomposition of multimodal models into R, U1, U2 and S.

    import dmil_core as dmil

    data = dmil.load_dataset("switch")
    model = dmil.train(data, "dmil", seed=0)
    parts = model.decompose(data)

Every name below is imported when it is first used, so that ``import dmil_core`` loads neither torch
nor pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from dmil_core.api import Decomposition, Model, from_table, load, pid, pointwise_pid, train
    from dmil_core.checkpoint import find_runs
    from dmil_core.data.catalog import list_datasets, load_dataset
    from dmil_core.data.dataset import Dataset
    from dmil_core.errors import DmilError
    from dmil_core.information.estimator import PointwiseInformation
    from dmil_core.models.encoders import register as register_encoder
    from dmil_core.paradigms import PARADIGMS
    from dmil_core.posthoc.explain import explain
    from dmil_core.posthoc.explanation import Explanation
    from dmil_core.posthoc.imported import import_model, import_predictions

__all__ = [
    "PARADIGMS",
    "Dataset",
    "Decomposition",
    "DmilError",
    "Explanation",
    "Model",
    "PointwiseInformation",
    "__version__",
    "explain",
    "find_runs",
    "from_table",
    "import_model",
    "import_predictions",
    "list_datasets",
    "load",
    "load_dataset",
    "pid",
    "pointwise_pid",
    "register_encoder",
    "train",
]

#: Public name -> the module that defines it, and its name there.
_WHERE = {
    "Dataset": ("dmil_core.data.dataset", "Dataset"),
    "Decomposition": ("dmil_core.api", "Decomposition"),
    "DmilError": ("dmil_core.errors", "DmilError"),
    "Explanation": ("dmil_core.posthoc.explanation", "Explanation"),
    "Model": ("dmil_core.api", "Model"),
    "PARADIGMS": ("dmil_core.paradigms", "PARADIGMS"),
    "PointwiseInformation": ("dmil_core.information.estimator", "PointwiseInformation"),
    "explain": ("dmil_core.posthoc.explain", "explain"),
    "find_runs": ("dmil_core.checkpoint", "find_runs"),
    "from_table": ("dmil_core.api", "from_table"),
    "import_model": ("dmil_core.posthoc.imported", "import_model"),
    "import_predictions": ("dmil_core.posthoc.imported", "import_predictions"),
    "list_datasets": ("dmil_core.data.catalog", "list_datasets"),
    "load": ("dmil_core.api", "load"),
    "load_dataset": ("dmil_core.data.catalog", "load_dataset"),
    "pid": ("dmil_core.api", "pid"),
    "pointwise_pid": ("dmil_core.api", "pointwise_pid"),
    "register_encoder": ("dmil_core.models.encoders", "register"),
    "train": ("dmil_core.api", "train"),
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _WHERE[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
