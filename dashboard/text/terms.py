"""What the quantities mean, in a line each and in a short paragraph."""

from __future__ import annotations

from typing import Final

HEADLINE: Final = (
    "See for each sample which of its two inputs a model relied on: what both say, what only one "
    "says, and what appears only when they are read together."
)

#: Component -> name. `component_names` fills in the two modalities.
NAMES: Final = {"R": "redundancy", "U1": "uniqueness", "U2": "uniqueness", "S": "synergy"}

BADGES: Final = {"R": "blue", "U1": "green", "U2": "violet", "S": "red"}

COMPONENT: Final = (
    "A component is one of four parts the model splits its evidence into: **R** redundancy (both "
    "inputs say it), **U1** and **U2** uniqueness (only the first, only the second says it), **S** "
    "synergy (only the two together say it). Each part has its own classifier."
)
GATE: Final = (
    "The gate gives each component a weight between 0 and 100 % for this one sample; the four add "
    "up to 100 %. It is what this model learned to rely on, not a measurement of information in "
    "the data."
)
EXPLAINED: Final = (
    "How much of samples like this one any component can explain, as the model learned it from "
    "models that had not seen the sample. The rest is noise, a wrong label or too little data. It "
    "belongs to no component: what nothing explains is not synergy."
)
CONTRIBUTION: Final = (
    "Gate weight times the component's own score for the class. The four "
    "contributions add up exactly to the model's score (logit) for that class. Shown in bits: +1 "
    "bit doubles the odds of the class."
)
IDENTITY: Final = (
    "The left side is added up here from the model's table; the right side is the score the "
    "model itself stored. They must agree."
)
ALONE: Final = (
    "Two separate models that each saw only one input. Where both are wrong and the joint answer "
    "is right, the information was in the combination."
)
SYNERGY_INDICATOR: Final = (
    "Share of samples that a model gets right although both models of one input alone get them "
    "wrong. The same frozen pair of such models is used for every bar. The ceiling is the share "
    "both get wrong: no model can gain more than that."
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
COMPOSITION: Final = (
    "For this data set it is known of each sample which component carries its label. This is the "
    "truth from making the data, not something a model found."
)
FLAGS: Final = (
    "The data set marks some samples, for example those whose picture was spoilt on purpose: there "
    "the other input is the only one left to rely on."
)
ACCURACY: Final = "Share of samples whose most probable class is the true one."
CONFUSION: Final = "Each row is a true class. Cells count samples; shade is the share of the row."

#: Latent -> what it holds, {one} and {two} stand for the modalities' names.
LATENTS: Final = {
    "Z": "what the two encoders make of the inputs, side by side",
    "Z1": "what the encoder makes of {one}",
    "Z2": "what the encoder makes of {two}",
    "F": "both inputs after fusion",
    "M1": "the part of {one} that predicts the class alone",
    "M2": "the part of {two} that predicts the class alone",
    "N1": "the rest of {one}, useless alone: the ground synergy is built on",
    "N2": "the rest of {two}, useless alone: the ground synergy is built on",
    "R": "redundancy: what both inputs say",
    "U1": "uniqueness: what only {one} says",
    "U2": "uniqueness: what only {two} says",
    "S": "synergy: what only the two together say",
}

MODELS: Final = {
    "joint": "one model of both inputs, with one head",
    "ensemble": "one model per input, their answers averaged",
    "dmil": "decomposed into R, U1, U2 and S, weighted by a gate",
    "dmil-paper": "the decomposition trained with the published losses",
}

COLOURS: Final = {
    "class": "true class",
    "prediction": "predicted class",
    "correct": "right or wrong",
    "dominant": "component with the largest gate",
    "composition": "true composition",
    "gate-R": "gate weight of R",
    "gate-U1": "gate weight of U1",
    "gate-U2": "gate weight of U2",
    "gate-S": "gate weight of S",
}
ORDERS: Final = {
    "stored": "as stored",
    "unsure": "least sure first",
    "sure": "most sure first",
    "R": "largest R first",
    "U1": "largest U1 first",
    "U2": "largest U2 first",
    "S": "largest S first",
    "unexplained": "least explained first",
}
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
METRIC: Final = (
    "**Accuracy**: share of samples that are right. **Macro F1**: mean over the classes of F1. "
    "**Mean average precision**: how well the probabilities of each class rank its samples. "
    "**ECE**: mean gap between how sure a model is and how often it is right; less is better. "
    "**Synergy indicator**: share of samples that are right although both models of one input are "
    "wrong. **Missed indicator**: its mirror, wrong although a model of one input is right; less "
    "is better."
)
REFERENCE: Final = (
    "Every other method is compared with this one, seed by seed: runs of the same seed share "
    "their starting point, so their differences vary less than their scores."
)
INTERVAL: Final = (
    "95 % interval of the mean difference over paired seeds (Student's t). Where it leaves out 0 "
    "the difference is more than the luck of seeds. One in twenty such intervals leaves out 0 by "
    "chance alone."
)
RANKS: Final = (
    "On each data set the best method has rank 1. The average over the data sets tells who is "
    "good everywhere. The critical difference (Nemenyi's test, 5 %) is how far two average ranks "
    "must be apart before these data sets tell two of so many methods apart."
)
CEILINGS: Final = (
    "The **information ceiling** is what labels can tell about the composition, computed exactly "
    "from the law: a sample whose weak side carries nothing this time really is unique. The "
    "**generator ceiling** is for who knows how the data were made."
)
PURITY: Final = (
    "Take one component's contribution out of the score and look who suffers. In a pure "
    "decomposition only the component's own samples do: the losses lie on the diagonal."
)


def component_names(modalities: tuple[str, str]) -> dict[str, str]:
    """Component to the few words beside its letter, with the modalities' names."""
    one, two = modalities
    return {"R": "both", "U1": f"only {one}", "U2": f"only {two}", "S": "only together"}


def latent(name: str, modalities: tuple[str, str]) -> str:
    """What a latent holds, in a line; empty for one we do not know."""
    return LATENTS.get(name, "").replace("{one}", modalities[0]).replace("{two}", modalities[1])
