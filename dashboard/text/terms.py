"""What the quantities mean, in a line each and in a short paragraph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

HEADLINE: Final = (
    "For every prediction, see how much came from information that the inputs share, from one "
    "input alone, or only from their combination."
)

#: Component -> name. `component_names` fills in the two modalities.
NAMES: Final = {
    "R": "redundancy",
    "U1": "uniqueness",
    "U2": "uniqueness",
    "U3": "uniqueness",
    "S": "synergy",
}

BADGES: Final = {"R": "blue", "U1": "green", "U2": "violet", "U3": "orange", "S": "red"}

#: How many parts there are, in words: one more than inputs, and S.
NUMBERS: Final = {4: "four", 5: "five"}

COMPONENT: Final = (
    "A component is one of the parts that a model's evidence is split into: **R** redundancy "
    "(shared by both inputs; of three, by at least two), **U1**, **U2** and so on uniqueness (in "
    "the first or the second input only), **S** synergy (only in the combination of the inputs). "
    "Each component has its own classifier."
)
PARTS_IN_WORDS: Final = {
    "R": "**Redundancy**: information about the class that several inputs share, so that each of "
    "them alone would do. With three inputs: that at least two share.",
    "U": "**Uniqueness**: information that one input alone carries. U1 is that of the first input, "
    "U2 of the second, U3 of the third, where there is one.",
    "S": "**Synergy**: information that no input carries alone, only their combination, such as "
    "whether two digits are the same.",
}
GATE: Final = (
    "The gate gives each component a weight between 0 and 100% for this one sample; together "
    "they add up to 100%. It is what this model learned to rely on, not a measurement of "
    "information in the data."
)
EXPLAINED: Final = (
    "How much of samples like this one any component can explain, as the model learned it from "
    "models that had not seen the sample. The rest is noise, a wrong label or too little data. It "
    "belongs to no component: an unexplained share is not synergy."
)
CONTRIBUTION: Final = (
    "Gate weight times the component's own score for the class. The "
    "contributions add up exactly to the model's score (logit) for that class. Shown in bits: +1 "
    "bit doubles the odds of the class."
)
DOMINANT: Final = (
    "The component with the largest gate weight: the one that the model relies on most for this "
    "sample."
)
SCORE: Final = (
    "A model's score (logit) for a class: the higher, the more probable the class. The difference "
    "of two classes' scores is the log odds of one over the other. Shown in bits."
)
CONFIDENCE: Final = "Probability that the model gives to its own prediction."
SEED: Final = (
    "The number from which a training's random choices follow. Another seed is another training "
    "of the same kind; how far they differ is chance."
)
SPLIT: Final = (
    "Which samples: **test** samples were never seen in training, **validation** samples chose "
    "when to stop, **training** samples were fitted, so that figures on them are too good."
)
BITS: Final = (
    "How much more probable an input makes the true class than it is anyway: +1 bit doubles the "
    "probability, and less than 0 speaks against the class. What both inputs share counts as r, "
    "what one adds beyond that as u1 or u2, and what only their combination adds as s."
)
DEFINITIONS: Final = {
    "same-sign": "same-sign minimum",
    "ccs": "common change in surprisal (I_ccs)",
}
DEFINITION: Final = (
    "What counts as shared is a choice. **Same sign**: where both inputs speak for the class, or "
    "both against it, the smaller of the two. **ccs** (common change in surprisal): what adding "
    "the two up would count twice. Where the inputs support the class by different evidence, same "
    "sign finds redundancy and ccs none. `dmil estimate` also knows lsmi."
)
Z_SCORE: Final = (
    "How far a value lies from the mean of the training rows, in their standard deviations: 0 is "
    "the mean, and of values that are normally distributed 95% lie between -2 and +2. Of a "
    "category the share of the training rows with the same word is shown instead."
)
IN_A_LIST: Final = (
    "The two values that lie furthest from the mean of the training rows, in their standard "
    "deviations: ↑ above it, ↓ below it."
)
WHAT_IF: Final = (
    "The chosen model answers the changed sample at once. Every one of the **values** of a table "
    "can be set; **blank** is the mean of the training samples, of a text no words, and **mute** "
    "the same of a sound; **noise** is as large as you choose; **swap** takes this input from "
    "another sample; **draw** puts ink on a picture. The other inputs stay as they are."
)
TURNED: Final = (
    "A factor for the gate weight of each component; the weights are then normalised to add up to "
    "100% again."
)
MOVED: Final = (
    "Nearest by Euclidean distance in the latent itself, as a map distorts distances. Both points "
    "are placed among their nearest samples; the map stays as it is. Overridden gate weights move "
    "nothing, as the latents come before the gate."
)
#: Tabs of a sample's card.
CARDS: Final = {
    "information": "Information in bits",
    "calibration": "Calibration",
    "parts": "Parts that act together",
    "near": "Nearest samples",
}
NEAREST: Final = (
    "The samples whose numbers in a latent differ least from those of this sample (Euclidean "
    "distance), of the samples chosen above. In a latent of one input they look or sound "
    "alike to the model; in S they are alike in what only the combination of the inputs carries."
)
STARTS: Final = (
    "Samples that the chosen model gets right and that are most of a kind, by its gate, or by bits "
    "where it has none; and its wrong predictions of the highest confidence. At most one of each "
    "class where there are enough."
)


def estimators(model: str, external: bool) -> dict[str, str]:
    """Who estimates the information of a sample, in words."""
    of_model = f"predictions of {model} from one input" if external else f"heads of {model}"
    return {"model": of_model, "data": "small networks on the data alone"}


ESTIMATOR: Final = (
    "A model's heads estimate what this model makes of each input. Small networks that read the "
    "data alone, fitted to other samples than they judge, estimate what the inputs carry whatever "
    "a model does with it. On average neither can find more than there is, so the higher estimate "
    "is nearer to the truth."
)
RELIABILITY: Final = (
    "Test samples, binned by a head's confidence, after one number, the temperature, was chosen on "
    "validation samples. On the dotted line confidence equals accuracy; below it the head is "
    "overconfident, above underconfident. Larger marks stand for more samples."
)
CLUSTERS: Final = (
    "Each input is cut into clusters of similar samples, and the joint distribution of clusters "
    "and classes is decomposed exactly, by BROJA: shared is what stays shared however the two "
    "inputs may be coupled. Clusters lose what they merge, and with many of them each has few "
    "samples: look at several numbers of clusters."
)
GATE_AND_BITS: Final = "gate and bits"
APART: Final = (
    "Samples by the model's prediction, or those whose largest gate weight is not the largest part "
    "in bits by its heads: there the gate rests on something else, or a head is mistaken."
)
THREE_WORDS: Final = (
    "- The **gate** is how much this model relies on each component for this sample.\n"
    "- A **contribution** is how much a component adds to the logit of a class.\n"
    "- **Bits** measure how far the inputs themselves support the true class, whichever component "
    "of a model uses it; here they are estimated by this model's heads."
)
IDENTITY: Final = (
    "The left side is added up here from the model's table; the right side is the score the "
    "model itself stored. They must agree."
)
ALONE: Final = (
    "Separate models that each saw only one input. Where all of them are wrong and the joint "
    "answer is right, the information was in the combination."
)
SYNERGY_INDICATOR: Final = (
    "Share of samples that a model gets right although every model of one input alone gets them "
    "wrong. The same frozen models of one input are used for every bar. The upper bound is the "
    "share all of them get wrong: no model can gain more than that."
)
LATENT: Final = (
    "A latent is an internal representation of a sample, a vector that the model computed. The map "
    "projects it to two dimensions, so that samples with similar vectors lie close together."
)
TERNARY: Final = (
    "The map of the gate weights, a ternary plot, is exact: nothing is projected, and a sample "
    "lies at its weights of R, of all uniqueness together, and of S."
)
TRUSTWORTHINESS: Final = (
    "Trustworthiness: how many of a point's neighbours on the map are neighbours in the latent "
    "too. 1 means all, and lower means that some points look close only on the map."
)
SEPARATION: Final = (
    "Whether groups lie apart is measured on the map: how many of a point's 10 nearest points are "
    "of its group, beside what it would be if places had nothing to do with groups."
)
DISTANCE: Final = (
    "Read the map for neighbourhoods only. The distance between two groups, their size and their "
    "density on a UMAP carry no meaning."
)
PCA: Final = (
    "This map is a linear projection (PCA): distances are real but cut down to two dimensions, so "
    "groups that overlap here may be apart in the latent."
)
BESIDE: Final = (
    "Another map at the same size beside this one, of another latent or of another model, with the "
    "same samples in the same colours. A point under the pointer, the open sample and a slice are "
    "shown on both. It is turned, mirrored and scaled so that its samples lie as near as can be to "
    "those of the first."
)
SLICE: Final = (
    "A slice is a part of the samples: what you draw around on a map. It stays in force on the "
    "other pages until you clear it, and in the link."
)
SLICE_PARTS: Final = {"gate": "Gate weight", "bits": "Bits", "right": "Accuracy"}
INTERACTION_TYPE: Final = (
    "For this data set it is known of each sample which component carries its label. This is the "
    "truth from making the data, not something a model found."
)
FLAGS: Final = (
    "The data set marks some samples, for example those whose picture was corrupted on purpose: "
    "there the other input is the only one left to rely on."
)
NEEDS: Final = (
    "Samples that the model answers right and would answer wrong without a component's "
    "contribution to its logits, or with an input blank (the mean of the training samples; of a "
    "text, no words). For inputs up to 500 samples of the split are tried."
)
ACCURACY: Final = "**Accuracy**: share of samples whose most probable class is the true one."
CONFUSION: Final = "Each row is a true class. Cells count samples; shade is the share of the row."

#: Latent -> what it holds. Those of one modality stand without its number; {one} is its name.
LATENTS: Final = {
    "Z": "concatenated encoder outputs",
    "F": "the inputs after fusion",
    "logits": "the scores of the classes before they become probabilities",
    "R": "redundancy: shared by several inputs",
    "S": "synergy: only in combination",
}
LATENTS_OF_ONE: Final = {
    "Z": "encoder output of {one}",
    "M": "the part of {one} that predicts the class alone",
    "N": "residual of {one}; input to the synergy branch",
    "U": "uniqueness: {one} only",
}
#: The same in a word or two, where one is chosen.
LATENT_NAMES: Final = {
    "Z": "encoder outputs",
    "F": "fused inputs",
    "logits": "class scores",
    "R": "redundancy",
    "S": "synergy",
    "gate": "gate weights",
}
LATENT_NAMES_OF_ONE: Final = {
    "Z": "encoder output of {one}",
    "M": "predictive part of {one}",
    "N": "residual of {one}",
    "U": "uniqueness of {one}",
}

WHERE: Final = (
    "A part of each input is blanked, by itself and both at once. What remains when the effects of "
    "each alone are taken away (the second difference of the score) is what the two do together: a "
    "mean over sets of other parts that are blank as well (Banzhaf interaction index). Blue speaks "
    "for the predicted class, orange against it."
)
INTERACTION_EFFECTS: Final = (
    "The model is evaluated on this sample with one input replaced by that of 100 other training "
    "samples, and the other way round. An input's own effect is what its presence adds on average; "
    "the crossed one is what both add beyond that (Shapley interaction index). The model may never "
    "have seen such pairs."
)
PARTNERS: Final = (
    "The model's prediction with one input of the sample and the other of 100 others, averaged, "
    "stands for that input alone; decomposed into R, U1, U2 and S as elsewhere. Here partners are "
    "any training samples: of a sample whose inputs agree, R comes out too small."
)

MODELS: Final = {
    "joint": "one model of all inputs, with one head",
    "ensemble": "one model per input, their predictions averaged",
    "dmil": "decomposed into R, U1, U2 ... and S, weighted by a gate",
    "dmil-paper": "the decomposition trained with the published losses",
}

COLOURS: Final = {
    "class": "true class",
    "prediction": "predicted class",
    "correct": "right or wrong",
    "dominant": "component with the largest gate",
    "interaction_type": "true interaction type",
    **{f"gate-{c}": f"gate weight of {c}" for c in NAMES},
    "bits-R": "bits that both inputs share (r)",
    "bits-U1": "bits of the first input alone (u1)",
    "bits-U2": "bits of the second input alone (u2)",
    "bits-S": "bits of the combination alone (s)",
}
COLOUR: Final = (
    "What the points are coloured by. Groups have a marker each too, and a click on a name in the "
    "map's corner hides it; weights and bits have a scale. A group in a colour that the map was "
    "not made from, such as right or wrong, is worth a look."
)
#: Quantities of a list: what they are called where one is chosen.
QUANTITIES: Final = {
    "id": "id",
    "class": "true class",
    "prediction": "prediction",
    "correct": "right or wrong",
    "confidence": "confidence",
    "unexplained": "unexplained share",
    "dominant": "component with the largest gate",
    **{f"gate-{c}": f"gate weight of {c}" for c in NAMES},
    **{f"contribution-{c}": f"contribution of {c} to the prediction" for c in NAMES},
    **{name: words for name, words in COLOURS.items() if name.startswith("bits-")},
}


def fixed_orders(gated: bool) -> dict[str, str]:
    """Orders without a direction, in words, for a model with or without a gate."""
    telling = "clearest of each component in turn" if gated else "confidently wrong first"
    return {"telling": telling, "stored": "order of the file"}


WAYS: Final = {"down": "↓ descending", "up": "↑ ascending"}
ANSWERS: Final = {
    "same": "all models predict the same",
    **{n: f"at least {n} different predictions" for n in ("2", "3", "4", "5")},
}
MODELS_APART: Final = (
    "Of the models trained on this set with this seed. Two of them disagree usefully where one is "
    "right and the other wrong: for example joint right and ensemble wrong, where there is synergy."
)
SPLITS: Final = {
    "test": "test (unseen)",
    "val": "validation",
    "train": "training",
    "all": "all",
}


#: What the Leaderboard is about.
PARTS: Final = {"seeds": "This data set", "sets": "All data sets"}
METRICS: Final = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "map": "mean average precision",
    "ece": "calibration error (ECE)",
    "synergy": "synergy indicator",
    "missed": "missed indicator",
}
METRIC_WORDS: Final = {
    "accuracy": ACCURACY,
    "macro_f1": "**Macro F1**: mean over the classes of F1, which asks of a class both how many of "
    "its samples are found and how many of those found are its own.",
    "map": "**Mean average precision**: how well the probabilities of each class rank its samples.",
    "ece": "**ECE**, calibration error: mean gap between confidence and accuracy; less is better.",
    "synergy": "**Synergy indicator**: share of samples that are right although every model of one "
    "input is wrong.",
    "missed": "**Missed indicator**: its mirror, wrong although a model of one input is right; "
    "less is better.",
}
METRIC: Final = " ".join(METRIC_WORDS.values())
REFERENCE: Final = (
    "Every other method is compared with this one, seed by seed: runs of the same seed share "
    "their split of the data, so their differences vary less than their scores."
)
TRAINING_SECONDS: Final = (
    "Mean over seeds. One core of a processor (cpu), or a GPU (cuda) that several runs shared: "
    "seconds of the two cannot be compared."
)
INTERVAL: Final = (
    "95% interval of the mean difference over paired seeds, by the corrected resampled t test "
    "(Nadeau and Bengio, 2003): seeds have splits of their own, whose training rows overlap. It "
    "stands for one method on one data set; one in twenty such intervals leaves out 0 by chance."
)
HOLM: Final = (
    "The p-value of no difference, adjusted by Holm's rule for the number of methods and data sets "
    "that are compared. Better or worse: at most .05."
)
RANKS: Final = (
    "On each data set the best method has rank 1; ranks are averaged over the data sets. Two "
    "mean ranks that are closer than the critical difference (Nemenyi's test, 5%) do not "
    "differ significantly on so few data sets with so many methods."
)
REFERENCES: Final = (
    "The **information reference** is the gate that follows from the exact class probabilities of "
    "the distribution: a sample whose weak side carries nothing this time really is unique. It is "
    "no upper bound. The **generator bound** is the agreement of the most probable interaction "
    "type given both inputs, which no gate can exceed on average."
)
AGREEMENT: Final = (
    "Share of samples whose largest gate weight is that of their true interaction type, beside "
    "that of the information reference. Mean over seeds."
)
AUROC: Final = (
    "How well a component's gate weight ranks its own samples before the others: 1 is always, 0.5 "
    "is chance. The reference is that of the exact weights; the worst component counts."
)
GATE_CALIBRATION: Final = (
    "Does a weight of 0.7 mean 70 %? Mean gap between the two; less is better."
)
ABSENT: Final = (
    "The largest mean gate weight of a component that does not occur in the data; 0 is best."
)
#: Columns of the table of settings.
FIDELITY: Final = {
    "agreement": AGREEMENT,
    "reference": REFERENCES,
    "generator": REFERENCES,
    "bound_share": "Agreement as a share of the generator bound.",
    "paper_agreement": f"The same of dmil-paper. {AGREEMENT}",
    "paper_sgd_agreement": f"The same of dmil-paper with the published optimiser. {AGREEMENT}",
    "dmil": ACCURACY,
    "joint": ACCURACY,
    "ensemble": ACCURACY,
    "dmil-paper": ACCURACY,
    "bayes": "Accuracy of the classifier that knows the distribution.",
    "worst_auroc": AUROC,
    "calibration_error": GATE_CALIBRATION,
    "absent": ABSENT,
    "share_S": "Mean gate weight of S.",
    "distribution_share_S": "Mean weight of S by the distribution, as far as labels identify it.",
}
PURITY: Final = (
    "Accuracy that samples of each interaction type lose when one component's contribution is "
    "taken out of the logits. In a pure decomposition only the component's own samples lose: the "
    "losses lie on the diagonal."
)


def component_names(modalities: Sequence[str]) -> dict[str, str]:
    """Component to the few words beside its letter, with the modalities' names."""
    shared = "shared by both" if len(modalities) == 2 else "shared by at least two"
    unique = {f"U{m}": f"{name} only" for m, name in enumerate(modalities, start=1)}
    return {"R": shared, **unique, "S": "only in combination"}


def decides(component: str, modalities: Sequence[str]) -> str:
    """What the component with the largest gate weight means for a prediction."""
    if component == "R":
        both = len(modalities) == 2
        return f"{'Both inputs' if both else 'At least two inputs'} support the same class"
    if component == "S":
        return "Only the combination of the inputs decides"
    return f"{modalities[int(component[1]) - 1]} alone decides"


def latent(name: str, modalities: Sequence[str]) -> str:
    """What a latent holds, in a line; empty for one we do not know."""
    return _of_latent(name, modalities, LATENTS, LATENTS_OF_ONE)


def latent_name(name: str, modalities: Sequence[str]) -> str:
    """A latent's letter with what it stands for, such as ``Z: encoder outputs``."""
    words = _of_latent(name, modalities, LATENT_NAMES, LATENT_NAMES_OF_ONE)
    if name == "gate":
        return f"{words[:1].upper()}{words[1:]}: R, U, S"
    return f"{name}: {words}" if words and words != name else name


def _of_latent(
    name: str, modalities: Sequence[str], whole: Mapping[str, str], of_one: Mapping[str, str]
) -> str:
    letter, number = name[:1], name[1:]
    if number.isdigit() and 1 <= int(number) <= len(modalities):
        return of_one.get(letter, "").replace("{one}", modalities[int(number) - 1])
    return whole.get(name, "")


#: What is told of a slice and of the rest, with its definition.
SLICE_HELP: Final = {
    "gate": GATE,
    "bits": BITS,
    "right": "Share of samples a model gets right.",
}
