"""What the quantities mean, in a line each and in a short paragraph."""

from __future__ import annotations

from collections.abc import Sequence
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
    "R": "**Redundancy**: what several inputs say, so that each of them alone would do. Of three "
    "inputs: what at least two say.",
    "U": "**Uniqueness**: what only one input says. U1 is of the first input, U2 of the second, U3 "
    "of the third, where there is one.",
    "S": "**Synergy**: what no input says alone and only all together do, such as whether two "
    "digits are the same.",
}
GATE: Final = (
    "The gate gives each component a weight between 0 and 100 % for this one sample; together "
    "they add up to 100 %. It is what this model learned to rely on, not a measurement of "
    "information in the data."
)
EXPLAINED: Final = (
    "How much of samples like this one any component can explain, as the model learned it from "
    "models that had not seen the sample. The rest is noise, a wrong label or too little data. It "
    "belongs to no component: what nothing explains is not synergy."
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
SURE: Final = "Probability that the model gives to its own prediction."
SEED: Final = (
    "The number from which a training's random choices follow. Another seed is another training "
    "of the same kind; how much they differ is luck."
)
SPLIT: Final = (
    "Which samples: **test** samples were never seen in training, **validation** samples chose "
    "when to stop, **training** samples were learned from, so a model knows them too well."
)
BITS: Final = (
    "How much more probable an input makes the true class than it is anyway: +1 bit doubles the "
    "probability, and less than 0 speaks against the class. What both inputs say counts as r, what "
    "one says beyond that as u1 or u2, and what only the two together say as s."
)
DEFINITIONS: Final = {
    "same-sign": "same sign: what both say as well",
    "ccs": "ccs: what is said twice",
}
DEFINITION: Final = (
    "What counts as shared is a choice. **Same sign**: where both inputs speak for the class, or "
    "both against it, the smaller of the two. **ccs** (common change in surprisal): what adding "
    "the two up would count twice. Where the inputs say different things that fit together, same "
    "sign finds something shared and ccs nothing. `dmil estimate` also knows lsmi."
)
Z_SCORE: Final = (
    "How far a value lies from the mean of the training rows, in their standard deviations: 0 is "
    "the mean, and of values that are normally distributed 95 % lie between -2 and +2. Of a "
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
    "How much each component counts, times its own weight; then the weights are made to add up to "
    "100 % again."
)
MOVED: Final = (
    "Nearest in the latent itself, by Euclid, not on the map: a map bends distances. Both points "
    "are placed among their nearest samples; the map stays as it is. A gate that is turned by hand "
    "moves nothing, as the latents come before it."
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
    "alike to the model; in S they are alike to it in what only the inputs together say."
)
STARTS: Final = (
    "Samples that the chosen model gets right and that are most of a kind, by its gate, or by bits "
    "where it has none; and those that it is surest of and wrong. Of a class no more than one "
    "where there are enough."
)


def estimators(model: str, external: bool) -> dict[str, str]:
    """Who estimates the information of a sample, in words."""
    of_model = f"predictions of {model} from one input" if external else f"heads of {model}"
    return {"model": of_model, "data": "small networks on the data alone"}


ESTIMATOR: Final = (
    "A model's heads say what this model makes of each input. Small networks that read the data "
    "alone, fitted to other samples than they judge, say what is in the inputs whatever a model "
    "does with it. On average neither can find more than there is, so the one that finds more is "
    "nearer to the truth."
)
RELIABILITY: Final = (
    "Test samples, put together by how sure a head is, after one number, the temperature, was "
    "chosen on validation samples. On the dotted line a head is right as often as it says; below "
    "it is too sure, above not sure enough. Larger marks stand for more samples."
)
CLUSTERS: Final = (
    "Each input is cut into clusters of similar samples, and how often clusters and classes meet "
    "is decomposed exactly, by BROJA: shared is what stays shared however the two inputs may be "
    "coupled. Clusters blur what they put together, and with many of them the samples become few "
    "for each: look at several numbers."
)
GATE_AND_BITS: Final = "gate and bits"
APART: Final = (
    "Samples by the model's answer, or those whose largest gate is not the largest part in bits of "
    "what its heads say: there the gate rests on something else, or a head is mistaken."
)
THREE_WORDS: Final = (
    "- The **gate** says how much this model listens to each of its parts for this sample.\n"
    "- A **contribution** says how much a part adds to the score of a class.\n"
    "- **Bits** say how far the inputs themselves speak for the true class, whichever part of a "
    "model heard it; here they are what this model's heads make of the inputs."
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
    "A latent is an inner description of a sample, a list of numbers that the model computed. The "
    "map lays it out flat so that samples with a similar description lie close together."
)
TRUSTWORTHINESS: Final = (
    "Trustworthiness says how many of a point's neighbours on the map are neighbours in the "
    "latent too: 1 means all, and lower means that some points look close only on the map."
)
DISTANCE: Final = (
    "Read the map for neighbourhoods only. The distance between two groups, their size and their "
    "density on a UMAP say nothing about the latent."
)
PCA: Final = (
    "This map is a linear projection (PCA): distances are real but cut down to two dimensions, so "
    "groups that overlap here may be apart in the latent."
)
BESIDE: Final = (
    "Another map beside this one, of another latent or of another model, with the same samples in "
    "the same colours. A point under the pointer, the open sample and a slice are shown on both."
)
SLICE: Final = (
    "A slice is a part of the samples: what you draw around on a map. It stays in force on the "
    "other pages until you clear it, and in the link."
)
SLICE_PARTS: Final = {"gate": "Gate weight", "bits": "Bits", "right": "Share right"}
INTERACTION_TYPE: Final = (
    "For this data set it is known of each sample which component carries its label. This is the "
    "truth from making the data, not something a model found."
)
FLAGS: Final = (
    "The data set marks some samples, for example those whose picture was corrupted on purpose: "
    "there the other input is the only one left to rely on."
)
ACCURACY: Final = "**Accuracy**: share of samples whose most probable class is the true one."
CONFUSION: Final = "Each row is a true class. Cells count samples; shade is the share of the row."

#: Latent -> what it holds. Those of one modality stand without its number; {one} is its name.
LATENTS: Final = {
    "Z": "what the encoders make of the inputs, side by side",
    "F": "the inputs after fusion",
    "logits": "the scores of the classes before they become probabilities",
    "R": "redundancy: what several inputs say",
    "S": "synergy: what only all together say",
}
LATENTS_OF_ONE: Final = {
    "Z": "what the encoder makes of {one}",
    "M": "the part of {one} that predicts the class alone",
    "N": "the rest of {one}, useless alone: the ground synergy is built on",
    "U": "uniqueness: what only {one} says",
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
    "What the model says with one input of the sample and the other of 100 others, averaged, is "
    "what that input tells alone; split into R, U1, U2 and S as elsewhere. Here partners are any "
    "training samples: of a sample whose inputs agree, R comes out too small."
)

MODELS: Final = {
    "joint": "one model of all inputs, with one head",
    "ensemble": "one model per input, their answers averaged",
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
    "bits-R": "bits that both inputs tell (r)",
    "bits-U1": "bits that only the first input tells (u1)",
    "bits-U2": "bits that only the second input tells (u2)",
    "bits-S": "bits that only the two together tell (s)",
}
COLOUR: Final = (
    "What the points are coloured by. Classes have a marker each too, and a click on a name below "
    "the map hides it; weights and bits have a scale. A group in a colour that the map was not "
    "made from, such as right or wrong, is worth a look."
)
#: Quantities of a list: what they are called where one is chosen.
QUANTITIES: Final = {
    "id": "id",
    "class": "true class",
    "prediction": "answer",
    "correct": "right or wrong",
    "confidence": "confidence",
    "unexplained": "unexplained share",
    "dominant": "component with the largest gate",
    **{f"gate-{c}": f"gate weight of {c}" for c in NAMES},
    **{f"contribution-{c}": f"contribution of {c} to the answer" for c in NAMES},
    **{name: words for name, words in COLOURS.items() if name.startswith("bits-")},
}


def fixed_orders(gated: bool) -> dict[str, str]:
    """Orders without a direction, in words, for a model with or without a gate."""
    telling = "clearest of each component in turn" if gated else "confidently wrong first"
    return {"telling": telling, "stored": "order of the file"}


WAYS: Final = {"down": "↓ descending", "up": "↑ ascending"}
ANSWERS: Final = {
    "same": "all models answer alike",
    **{n: f"at least {n} different answers" for n in ("2", "3", "4", "5")},
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


#: Parts of the Compare page.
PARTS: Final = {
    "seeds": "This data set, all methods",
    "sets": "All data sets: ranks",
    "samples": "Sample by sample",
}
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
    "ece": "**ECE**, calibration error: mean gap between how sure a model is and how often it is "
    "right; less is better.",
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
    "95 % interval of the mean difference over paired seeds, by the corrected resampled t test "
    "(Nadeau and Bengio, 2003): seeds have splits of their own, whose training rows overlap. It "
    "stands for one method on one data set; one in twenty such intervals leaves out 0 by chance."
)
HOLM: Final = (
    "The p-value of no difference, adjusted by Holm's rule for the number of methods and data sets "
    "that are compared. Better or worse: at most .05."
)
RANKS: Final = (
    "On each data set the best method has rank 1. The average over the data sets tells who is "
    "good everywhere. The critical difference (Nemenyi's test, 5 %) is how far two average ranks "
    "must be apart before these data sets tell two of so many methods apart."
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
    "distribution_share_S": "Mean weight of S by the distribution, as far as labels can tell it.",
}
PURITY: Final = (
    "Take one component's contribution out of the score and look who suffers. In a pure "
    "decomposition only the component's own samples do: the losses lie on the diagonal."
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
        return f"{'Both inputs say' if both else 'At least two inputs say'} the same"
    if component == "S":
        return "Only the combination of the inputs decides"
    return f"{modalities[int(component[1]) - 1]} alone decides"


def latent(name: str, modalities: Sequence[str]) -> str:
    """What a latent holds, in a line; empty for one we do not know."""
    letter, number = name[:1], name[1:]
    if number.isdigit() and 1 <= int(number) <= len(modalities):
        return LATENTS_OF_ONE.get(letter, "").replace("{one}", modalities[int(number) - 1])
    return LATENTS.get(name, "")


#: What is told of a slice and of the rest, with its definition.
SLICE_HELP: Final = {
    "gate": GATE,
    "bits": BITS,
    "right": "Share of samples a model gets right.",
}
