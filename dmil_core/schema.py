"""Names shared by every table, file and figure: components, latents, columns.

Nothing here imports more than the standard library, so that pages and tests can name a column
without waiting for torch.
"""

from __future__ import annotations

from typing import Final, Literal

Component = Literal["R", "U1", "U2", "S"]
COMPONENTS: Final[tuple[Component, ...]] = ("R", "U1", "U2", "S")

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")

Kind = Literal["vector", "image", "sequence", "text", "audio"]
KINDS: Final[tuple[Kind, ...]] = ("vector", "image", "sequence", "text", "audio")

#: Latents of a DMIL model in the order of its forward pass. Z is z1 and z2 side by side.
DMIL_LATENTS: Final[tuple[str, ...]] = ("Z", "M1", "M2", "N1", "N2", "R", "U1", "U2", "S")

#: Columns that every prediction table starts with, in this order.
ROW_COLUMNS: Final[tuple[str, ...]] = ("id", "split", "y", "pred", "correct")

#: Column of the true composition, in tables of sets where it is known.
COMPOSITION: Final = "composition"

#: Column of the share of a sample that any component explains (0 to 1).
EXPLAINED: Final = "explained"


def prob(cls: str) -> str:
    """Column of the predicted probability of class ``cls`` (0 to 1)."""
    return f"p_{cls}"


def logit(cls: str) -> str:
    """Column of the final logit of class ``cls`` (nats)."""
    return f"logit_{cls}"


def gate(component: Component) -> str:
    """Column of the gate weight of a component (0 to 1; the four sum to 1)."""
    return f"gate_{component}"


def contribution(component: Component, cls: str) -> str:
    """Column of gate times component logit (nats); the four add up to ``logit(cls)``."""
    return f"contrib_{component}_{cls}"


def component_pred(component: Component) -> str:
    """Column of the class that a component's own head predicts."""
    return f"pred_{component}"


def unimodal_pred(modality: Literal[1, 2]) -> str:
    """Column of the class predicted from one modality alone."""
    return f"pred_x{modality}"


def unimodal_prob(modality: Literal[1, 2], cls: str) -> str:
    """Column of the probability of ``cls`` from one modality alone (0 to 1)."""
    return f"px{modality}_{cls}"


def latent(name: str, index: int) -> str:
    """Column of one coordinate of a latent's posterior mean."""
    return f"{name}_{index}"


def projection(name: str) -> tuple[str, str]:
    """Columns of a latent's two map coordinates."""
    return f"{name}_x", f"{name}_y"
