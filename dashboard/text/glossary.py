"""The glossary: every term and quantity of the project with one definition; and the keys.

Without Streamlit, so that documents can be made of it as well as the app's help.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dashboard.text import comparing, gates, terms, worth


@dataclass(frozen=True)
class Entry:
    """A term and its definition.

    Attributes
    ----------
    name : the field's term, as code, documents and pages use it.
    definition : Markdown, of which only bold and code are used.
    unit : of a quantity, as pages show it; "" for what has none.
    """

    name: str
    definition: str
    unit: str = ""

    @property
    def anchor(self) -> str:
        """In a link to this entry: ``?word=<anchor>``, or ``#word-<anchor>`` within a page."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def entries() -> tuple[Entry, ...]:
    """Every term, in alphabetical order."""
    return _ENTRIES


def _latents() -> str:
    unimodal = {
        f"{letter}1, {letter}2": text.replace("{one}", "that input")
        for letter, text in terms.LATENTS_OF_ONE.items()
    }
    every = {**terms.LATENTS, **unimodal}
    return " ".join(f"**{name}**: {text}." for name, text in every.items())


_MODELS: Final = " ".join(f"**{name}**: {text}." for name, text in terms.MODELS.items())

_TERMS: Final = (
    # Data
    Entry(
        "Modality",
        "One of the two or three inputs of a sample: a vector, an image, a sequence, a text or a "
        "sound. They are called x1, x2 and x3, and the class y.",
    ),
    Entry(
        "Synthetic distribution",
        "A distribution p(x1, x2, y) that is written down, so that its redundancy, uniqueness and "
        "synergy can be computed exactly and samples can be drawn from it. Whether a model's "
        "decomposition is right can only be checked on such data.",
    ),
    Entry("Mixture of logic gates", gates.MIXTURE),
    Entry(
        "Noise, class prior, correlation of a mixture",
        f"**Noise**: {gates.NOISE} **Class prior**: {gates.PRIOR} "
        f"**Correlation**: {gates.CORRELATION}",
    ),
    Entry("Interaction type", terms.INTERACTION_TYPE),
    Entry(
        "Corrupted",
        "A modality of a sample is corrupted where it was replaced by noise or blanked on purpose, "
        "so that it carries no information about the class and only the others can be relied on.",
    ),
    Entry("Flags of a sample", terms.FLAGS),
    Entry("z-score", f"{terms.Z_SCORE} Lists: {terms.IN_A_LIST}", "standard deviations"),
    Entry("Split", terms.SPLIT),
    Entry("Slice", terms.SLICE),
    # Information
    Entry("Pointwise mutual information", terms.BITS, "bits"),
    Entry("Redundancy (R)", terms.PARTS_IN_WORDS["R"], "bits"),
    Entry("Uniqueness (U1, U2, U3)", terms.PARTS_IN_WORDS["U"], "bits"),
    Entry("Synergy (S)", terms.PARTS_IN_WORDS["S"], "bits"),
    Entry("Measures of redundancy", gates.MEASURE),
    Entry("Definitions of pointwise redundancy", terms.DEFINITION),
    Entry("Estimator of information", terms.ESTIMATOR),
    Entry("Worth of an input", worth.WORTH, "bits"),
    Entry("Acquisition curve", worth.CURVE),
    Entry("Effects of the inputs", terms.INTERACTION_EFFECTS, "bits"),
    Entry("Effects of parts together", terms.WHERE, "bits"),
    Entry("Information by partners", terms.PARTNERS, "bits"),
    Entry("BROJA, clusters", terms.CLUSTERS, "bits"),
    Entry(
        "Partner",
        "A row whose inputs stand in for those of a sample, to see what a model makes of the "
        "others. Means over many partners show what a model does with some inputs alone.",
    ),
    Entry(
        "EMAP",
        "The best additive approximation of a model, a sum of a function of each input, found by "
        "means over partners (Hessel and Lee, 2020). The accuracy that it lacks is what the "
        "interactions of the inputs are worth.",
    ),
    Entry(
        "Interaction index",
        "How much of a model's score is due to two inputs together and to neither alone (Shapley "
        "interaction index). Its share is the sum of its absolute values over that of all effects: "
        "0% of a sum of a function of each input, 100% of XOR.",
        "%",
    ),
    Entry("Reliability, temperature", terms.RELIABILITY),
    Entry(
        "Role of a column",
        "What a column of a table is used for: a part of an input, the label, the id, the split or "
        "the group of each row; or not at all.",
    ),
    Entry(
        "Was-missing column",
        "A number that is 1 where the value of another column was missing, and something else, "
        "such as the mean of the training rows, stands in its place.",
    ),
    Entry(
        "Quantile classes",
        "Classes of about equal size that a number to predict is cut into, as long as there is no "
        "regression.",
    ),
    # Models
    Entry(
        "Paradigm",
        "A way to train a multimodal classifier: an architecture, its training stages and their "
        "losses. DMIL is one, the baselines and every compared method are others.",
    ),
    Entry(
        "Baseline",
        "A paradigm without decomposition that others are compared with: the joint model of all "
        "modalities, and the ensemble of one model for each.",
    ),
    Entry("Models", _MODELS),
    Entry("Unimodal models", terms.ALONE),
    Entry(
        "Checkpoint",
        "A folder with a trained model: its weights, how it was trained, the measures of its "
        "training, and its predictions for every sample.",
    ),
    Entry(
        "External model",
        "A model that was trained elsewhere, taken up by `dmil import`: a table of its "
        "predictions, and perhaps its ONNX file, by which it is evaluated on changed inputs.",
    ),
    Entry("Seed", terms.SEED),
    Entry("Training seconds", terms.TRAINING_SECONDS, "s"),
    Entry("Component", terms.COMPONENT),
    Entry("Latent", f"{terms.LATENT} {_latents()}"),
    Entry(
        "Gate",
        f"The mixture weights of the components. {terms.GATE}",
        "%",
    ),
    Entry("Dominant component", terms.DOMINANT),
    Entry("Logit", terms.SCORE, "bits"),
    Entry("Contribution", terms.CONTRIBUTION, "bits"),
    Entry("Identity", terms.IDENTITY),
    Entry(
        "Out-of-fold model",
        "A model whose probabilities are used only for samples it was not trained on: the training "
        "samples are cut into folds, and each fold is predicted by models that were trained on the "
        "others. DMIL trains them first, for its responsibilities.",
    ),
    Entry(
        "Responsibility (gate target)",
        "What the gate is trained to predict: for each component the probability that it accounts "
        "for the sample's label. It follows from the probabilities that out-of-fold models of each "
        "input and of all of them give to the true class: R where several inputs suffice, U where "
        "exactly one does, S where only all together do.",
        "%",
    ),
    Entry("Unexplained (residual)", terms.EXPLAINED, "%"),
    Entry("Confidence", terms.CONFIDENCE, "%"),
    # Measures
    Entry("Accuracy", terms.METRIC_WORDS["accuracy"], "%"),
    Entry("Macro F1", terms.METRIC_WORDS["macro_f1"], "%"),
    Entry("Mean average precision (mAP)", terms.METRIC_WORDS["map"], "%"),
    Entry(
        "Calibration error (ECE)",
        f"{terms.METRIC_WORDS['ece']} Of a gate: {terms.GATE_CALIBRATION}",
        "%",
    ),
    Entry("Synergy indicator", terms.SYNERGY_INDICATOR, "%"),
    Entry("Missed indicator", terms.METRIC_WORDS["missed"], "%"),
    Entry("AUROC", terms.AUROC),
    Entry("Confusion", terms.CONFUSION),
    Entry("Distance between two models", comparing.DISTANCE, "%"),
    Entry("Gate change", comparing.GATE_CHANGE, "%"),
    Entry(
        "Fidelity",
        "How well a model's decomposition agrees with the true one, on synthetic distributions "
        "where the true one is known: the gate with the interaction type, and each component with "
        "its own samples.",
    ),
    Entry("Agreement", terms.AGREEMENT, "%"),
    Entry("References of a gate", terms.REFERENCES, "%"),
    Entry("Absent weight", terms.ABSENT, "%"),
    Entry("Purity", terms.PURITY, "%"),
    Entry("Reference of a comparison", terms.REFERENCE),
    Entry("Interval", terms.INTERVAL),
    Entry("Adjusted p-value", terms.HOLM),
    Entry("Critical difference", terms.RANKS),
    # Pages
    Entry("Nearest samples", terms.NEAREST),
    Entry("Trustworthiness", terms.TRUSTWORTHINESS),
    Entry("Distance on the map", terms.DISTANCE),
    Entry("Map of gate weights", terms.TERNARY),
    Entry("Separation on the map", terms.SEPARATION),
    Entry("PCA", terms.PCA),
    Entry("Colour of the map", terms.COLOUR),
    Entry("Samples to start with", terms.STARTS),
    Entry("What if: blank, noise, swap", terms.WHAT_IF),
    Entry("What if: position on the map", terms.MOVED),
)
_ENTRIES: Final = tuple(sorted(_TERMS, key=lambda entry: entry.name.lower()))

KEYS: Final = {
    "J, K": "the next sample, the one before",
    "U": "undo the last change (What if)",
    "Arrows, +, -, 0, Enter": "on the map: move, zoom, show all, open the point in the middle",
    "1, 2, 3, N, B": "in a lesson: answer, next, back",
    "P, N": "in a live training: start or pause, one step",
    "Page Down, Page Up": "while you present: the next stop, the one before",
    "?": "this list",
    "Esc": "close the glossary or the panel beside the map, end the tour",
    "Tab, Enter": "go from one control to the next, and use it",
}
