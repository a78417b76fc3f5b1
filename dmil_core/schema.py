"""Names shared by every table, file and figure: components, latents, columns.

Nothing here imports more than the standard library, so that pages and tests can name a column
without waiting for torch.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final, Literal

Component = Literal["R", "U1", "U2", "U3", "S"]
#: The components of two modalities.
COMPONENTS: Final[tuple[Component, ...]] = ("R", "U1", "U2", "S")

ModalityNumber = Literal[1, 2, 3]
MODALITY_NUMBERS: Final[tuple[ModalityNumber, ...]] = (1, 2, 3)
#: How many modalities a set can have.
FEWEST_MODALITIES: Final = 2
MOST_MODALITIES: Final = 3

Split = Literal["train", "val", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "val", "test")

#: Definitions of redundancy at a single point, see `dmil_core.partial_information.pointwise`, and
#: measures of it for a whole distribution, see `dmil_core.partial_information.discrete`.
Definition = Literal["same-sign", "ccs", "lsmi"]
Measure = Literal["broja", "imin", "immi", "iccs", "fl"]

#: What the inputs of a set that is drawn from a gate mixture are.
Form = Literal["points", "vectors"]

#: How a text is cut into words; see `dmil_core.data.tokens`.
Tokenizer = Literal["words", "unicode"]

Kind = Literal["vector", "image", "sequence", "text", "audio"]
KINDS: Final[tuple[Kind, ...]] = ("vector", "image", "sequence", "text", "audio")


#: Columns that every prediction table starts with, in this order.
ROW_COLUMNS: Final[tuple[str, ...]] = ("id", "split", "y", "pred", "correct")

#: Column of the true interaction type, in tables of sets where it is known.
INTERACTION_TYPE: Final = "interaction_type"

#: Names that columns and arrays had in files of earlier versions, which are still read.
OLD_NAMES: Final[Mapping[str, str]] = {"composition": INTERACTION_TYPE}

#: The latent of a model that was trained elsewhere and gave no embeddings: its own logits.
LOGITS: Final = "logits"

#: Column of the share of a sample that any component explains (0 to 1).
EXPLAINED: Final = "explained"


def modality_numbers(modalities: int) -> tuple[ModalityNumber, ...]:
    """1, 2 and, of three modalities, 3."""
    return MODALITY_NUMBERS[:modalities]


def components(modalities: int) -> tuple[Component, ...]:
    """The components of two or three modalities: R, a U of each, S.

    With three, R is the information of at least two of them, and S the information that none of
    them provides alone, including that of two together.
    """
    unique: tuple[Component, ...] = ("U1", "U2", "U3")
    return ("R", *unique[:modalities], "S")


#: Every component there is, with three modalities.
ALL_COMPONENTS: Final[tuple[Component, ...]] = components(MOST_MODALITIES)


def components_in(columns: Container[str]) -> tuple[Component, ...]:
    """The components that a table with these columns has gates of; none without a gate."""
    return tuple(c for c in ALL_COMPONENTS if gate(c) in columns)


def dmil_latents(modalities: int) -> tuple[str, ...]:
    """Latents of a DMIL model in the order of its forward pass. Z is z1, z2 ... side by side."""
    intra = [f"{part}{m}" for part in "MN" for m in modality_numbers(modalities)]
    return ("Z", *intra, *components(modalities))


DMIL_LATENTS: Final[tuple[str, ...]] = dmil_latents(2)


def prob(cls: str) -> str:
    """Column of the predicted probability of class ``cls`` (0 to 1)."""
    return f"p_{cls}"


def logit(cls: str) -> str:
    """Column of the final logit of class ``cls`` (nats)."""
    return f"logit_{cls}"


def gate(component: Component) -> str:
    """Column of the gate weight of a component (0 to 1; all of them sum to 1)."""
    return f"gate_{component}"


def contribution(component: Component, cls: str) -> str:
    """Column of gate times component logit (nats); they add up to ``logit(cls)``."""
    return f"contrib_{component}_{cls}"


def component_pred(component: Component) -> str:
    """Column of the class that a component's own head predicts."""
    return f"pred_{component}"


def unimodal_pred(modality: ModalityNumber) -> str:
    """Column of the class predicted from one modality alone."""
    return f"pred_x{modality}"


def unimodal_prob(modality: ModalityNumber, cls: str) -> str:
    """Column of the probability of ``cls`` from one modality alone (0 to 1)."""
    return f"px{modality}_{cls}"


def latent(name: str, index: int) -> str:
    """Column of one coordinate of a latent's posterior mean."""
    return f"{name}_{index}"


def projection(name: str) -> tuple[str, str]:
    """Columns of a latent's two map coordinates."""
    return f"{name}_x", f"{name}_y"
