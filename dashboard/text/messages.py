"""What a page says when there is nothing to show, and what to do then.

Each message is a title and a way on, both Markdown: names put into them must be escaped before.
`detail` and `command` are shown literally.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """A state in words.

    Attributes
    ----------
    title : what is the case.
    way_on : what the visitor can do.
    detail : text that came from elsewhere, shown literally.
    command : a line for the terminal, shown to be copied.
    """

    title: str
    way_on: str
    detail: str = ""
    command: str = ""
    tone: Tone = "info"


def no_mixture(problem: str) -> Message:
    """A link has a mixture of logic gates that cannot be read."""
    return Message(
        "The mixture of logic gates in this link cannot be read.",
        "Correct the link, or begin with a logic gate and change it.",
        problem,
        tone="warning",
    )


def live_failed(problem: str) -> Message:
    """A live training could not go on."""
    return Message(
        "This training could not go on.",
        "Press Again, or choose another mixture.",
        problem,
        tone="warning",
    )


def no_login() -> Message:
    """The server asks for a login that it has not been told how to do."""
    return Message(
        "Nobody can log in here.",
        "This server was started to ask for a login, and its provider of identities is missing or "
        "incomplete. Tell whoever runs it; the server's log says what is missing.",
        tone="error",
    )


def no_checkpoints(root: str) -> Message:
    """The app was started without any trained model."""
    return Message(
        "No trained model was found.",
        "The app shows what trained models wrote. Train one (a minute or two), then reload this "
        "page. To look somewhere else, set DMIL_CHECKPOINTS to another folder before starting.",
        f"Looked in: {root} (dmil list names the whole path)",
        "dmil train --data avdigits --paradigm dmil --seed 0",
        "warning",
    )


def no_checkpoint_for_set(data: str) -> Message:
    """The data set is known but no model of it exists."""
    return Message(
        "There is no trained model for this data set yet.",
        "Choose another data set above, or train a model for it and reload this page.",
        f"Data set: {data}",
        f"dmil train --data {_word(data)} --paradigm dmil --seed 0",
    )


WITHOUT_MODEL = "Estimate from the data alone what each input is worth: no model is needed"


def no_checkpoint(data: str, model: str, seed: int, folder: str) -> Message:
    """This paradigm or seed was not trained."""
    return Message(
        "This model was not trained for this data set.",
        "Choose another model or seed above, or train this one and reload the page.",
        f"Expected at: {folder}",
        f"dmil train --data {_word(data)} --paradigm {_word(model)} --seed {seed}",
    )


def damaged(folder: str, problem: str) -> Message:
    """A checkpoint folder exists but cannot be trusted."""
    return Message(
        "This model's folder is damaged, so nothing from it is shown.",
        "Models that are whole go on working: choose one above. To repair this one, "
        "train it again with --overwrite, or copy the folder again from where it came.",
        f"{folder}\n{problem}",
        tone="error",
    )


def unknown_sample(sample: str, data: str) -> Message:
    """The link names a sample that this data set does not have."""
    return Message(
        "This data set has no sample with that id.",
        "The link may belong to another data set, or the id was cut off. Go on with any sample "
        "of the list.",
        f"id: {sample}\ndata set: {data}",
        tone="warning",
    )


def nothing_matches() -> Message:
    """Search and filters leave no row."""
    return Message(
        "No sample matches these filters.",
        "Loosen one of them, look in another split, or clear them all.",
    )


def no_projection(folder: str) -> Message:
    """A checkpoint without map coordinates."""
    return Message(
        "This model has no map yet.",
        "Map coordinates are computed once and stored beside the model. Compute them and reload "
        "this page; the Samples and Disagreements pages work without.",
        command=f"dmil project --checkpoint {_word(folder)}",
    )


def explained(share: float) -> str:
    """How far the gate's bars can be believed, in a sentence."""
    if share < 0.5:
        return (
            f"**Mostly unexplained** ({1 - share:.0%}): no component predicts samples like this "
            "one reliably. The weights only divide the rest."
        )
    return f"Explainable: {share:.0%} ({1 - share:.0%} attributed to noise or label error)."


def no_gate(model: str, replaced: bool = False, other: str = "") -> Message:
    """A model that does not decompose; whether the page replaces its inputs instead, and a model of
    the set that does, if there is one."""
    below = " Below, inputs are replaced to find what each does." if replaced else ""
    choose = f" Choose {other} to see R, U1, U2 and S." if other else ""
    return Message(
        f"{model} has no components to show.",
        f"It goes from the inputs straight to a score.{below}{choose}",
    )


def cannot_be_asked(why: str) -> Message:
    """The model cannot be evaluated on changed inputs."""
    return Message(
        "What the inputs do together cannot be computed.",
        "The other figures hold.",
        why,
    )


def no_heads(model: str) -> Message:
    """A model without a head for each input alone."""
    return Message(
        f"{model} has no prediction from one input alone.",
        "That takes a head for each of two inputs, and training and validation samples in its "
        "table. dmil and ensemble have them.",
    )


def no_account(data: str) -> Message:
    """No estimate of a set's information is kept."""
    return Message(
        "There is no estimate of this data set's information yet.",
        "Estimate it; that takes minutes:",
        command=f"dmil information --data {data}",
    )


def cannot_change(why: str) -> Message:
    """A sample cannot be changed as it was asked for."""
    return Message(
        "This sample cannot be changed so.", "Choose another change.", why, tone="warning"
    )


def only_predictions(model: str) -> Message:
    """What if, of a model that was trained elsewhere."""
    return Message(
        "Only the predictions of this model are known.",
        f"{model} was taken up without the model itself, and cannot answer for a changed input. "
        "With an ONNX file it can: `dmil import --model`. Or choose another model in the list.",
    )


def cannot_be_evaluated(model: str, why: str) -> Message:
    """What if, of a model whose file cannot be loaded here."""
    return Message(
        f"{model} cannot be evaluated here.",
        "Its predictions are on the other pages. What is missing:",
        why,
        tone="warning",
    )


def drawing_too_long(characters: int, most: int) -> Message:
    """A drawing that the page's address cannot hold."""
    return Message(
        "This drawing is too long for a link.",
        f"It takes {characters:,} characters, and a link holds {most:,} of a drawing. It stays "
        "here until you close or reload the page. Undo a stroke or draw with fewer to get a link.",
        tone="warning",
    )


def values_too_long(characters: int, most: int) -> Message:
    """Values that the page's address cannot hold."""
    return Message(
        "These values are too many for a link.",
        f"They take {characters:,} characters, and a link holds {most:,} of them. They stay here "
        "until you close or reload the page. Take some back to get a link.",
        tone="warning",
    )


def training_range(reach: str) -> str:
    """Between which values the training rows lie."""
    return f"Training rows: {reach}"


def beyond_training(reach: str) -> str:
    """A value that no training row is like: the model's answer is an extrapolation."""
    if not reach:
        return "No training row has this value."
    return f"Beyond the training rows: {reach}"


def features_shown(shown: int, found: int, every: int, search: str) -> str:
    """What a table of features shows, and what its bars are."""
    bars = "Bars: distance from the mean of the training rows, in standard deviations (z)."
    if search.strip():
        if not found:
            return f"None of the {every:,} features has this in its name or value."
        more = f", the first {shown}" if shown < found else ""
        return f"{found:,} of {every:,} features have this in their name or value{more}. {bars}"
    if shown < every:
        return f"{shown} of {every:,} features, those furthest from the usual first. {bars}"
    return bars


def drawing_full() -> Message:
    """A stroke that was not taken."""
    return Message(
        "The last stroke was not taken: the drawing is full.",
        "Undo some strokes, or start again with *Reset*.",
        tone="warning",
    )


def no_pointwise_information() -> Message:
    """A sample that is not among the rows whose information is kept."""
    return Message(
        "There is no estimate of this sample's information.",
        "Choose another sample, or write the set's information again with `dmil information`.",
    )


def data_falls_short(value: float, model: str, more: float) -> Message:
    """Networks on the data alone find clearly less than a model does, in bits."""
    return Message(
        f"These networks miss something: they find {value:.2f} bits, {model} {more:.2f}.",
        "Mean over test samples. On average no estimate exceeds what the data holds: the "
        f"estimate by the heads of {model} is nearer to it.",
        tone="warning",
    )


def no_kinds(model: str) -> Message:
    """A model without gate and heads does not show kinds of samples."""
    return Message(
        f"{model} does not show of which kind a sample is.",
        "It has no gate and no heads of single inputs. Choose dmil or ensemble above, or open a "
        "sample to see what its inputs do alone and together.",
    )


def three_inputs() -> Message:
    """Information is not decomposed for three inputs."""
    return Message(
        "Information in bits is decomposed for two inputs only.",
        "With three inputs, look at the gate weights.",
    )


def no_neighbours(why: str) -> Message:
    """The latents of a set cannot be computed."""
    return Message("The nearest samples cannot be shown.", "Choose another latent or model.", why)


def no_map(why: str, folder: str) -> Message:
    """A checkpoint without map coordinates whose latents cannot be computed either."""
    return Message(
        "This model has no map, and none can be computed here.",
        "Compute it where its data is and reload this page; Samples and Leaderboard work without.",
        why,
        # A model with an encoder of a user's can only be loaded beside the user's module.
        f"dmil project --checkpoint {_word(folder)}" + " --plugin MODULE" * ("--plugin" in why),
        "warning",
    )


def only_pca(folder: str) -> Message:
    """A map that was made on the spot."""
    return Message(
        "This is a first map, a PCA.",
        "A UMAP keeps neighbours together better. It is computed once, in a minute or two, here in "
        "the background or by this line:",
        command=f"dmil project --checkpoint {_word(folder)}",
    )


def not_a_point(sample: str) -> str:
    """The open sample was not placed with the others, or belongs to another split."""
    return (
        f"The open sample, {sample}, is not one of these points: it belongs to another split, or "
        "was left out when the map was computed. The dashed ring is where it lies."
    )


def no_slice(why: str) -> Message:
    """The slice of a link cannot be shown."""
    return Message("This slice cannot be shown.", "Clear it, or draw another.", why, tone="warning")


def empty_slice() -> Message:
    """An outline around nothing."""
    return Message(
        "No sample of this split lies inside the outline.",
        "Draw around some points, or look in another split.",
    )


def _word(text: str) -> str:
    """Quote for a shell where a name is not plain."""
    plain = all(c.isalnum() or c in "._-/=,:" for c in text)
    return text if plain else "'" + text.replace("'", "'\\''") + "'"


def no_history(data: str, model: str, seed: int) -> Message:
    """A checkpoint without its epochs."""
    return Message(
        "The epochs of this training were not kept.",
        "Training writes them beside the weights. Train this model again and reload the page:",
        f"Model: {model}, seed {seed}",
        f"dmil train --data {_word(data)} --paradigm {_word(model)} --seed {seed} --overwrite",
    )


def no_pair() -> Message:
    """Without the ensemble there are no frozen unimodal models to compare with."""
    return Message(
        "The synergy indicator needs the ensemble.",
        "Its models of one input each are the measure for all others. Train the ensemble "
        "with this seed, or look at rows of another split.",
    )


def no_records(data: str, is_own: bool = False) -> Message:
    """Models of one seed are there, but no comparison was recorded; ``own`` for a visitor's set,
    which no command reaches."""
    if is_own:
        return Message(
            "Your set was trained with one seed.",
            "Above is one training of each model. Only several seeds show whether a difference is "
            "significant: download the set on Your data and compare with `dmil compare` on your "
            "own machine.",
        )
    return Message(
        "No comparison over seeds is recorded for this data set.",
        "Above is one seed of each trained model. Only several seeds show whether a difference is "
        "significant: `make bench-compare` runs all methods on the bundled sets; this line "
        "compares three of them here. Then reload this page.",
        command=f"dmil compare --data {_word(data)} --paradigms joint ensemble dmil --seeds 5 "
        f"--out checkpoints/{_word(data)}",
    )


def no_metric(metric: str) -> Message:
    """The runs are recorded without this metric."""
    return Message(
        f"No recorded run of this data set has the metric {metric}.",
        "Choose another metric. Records of an older version may lack some; "
        "`make bench-compare` makes them again.",
    )


def no_ranks() -> Message:
    """Nothing to rank."""
    return Message(
        "There is nothing to rank yet.",
        "Ranks need at least two methods with all their seeds on the same data set. The benchmark "
        "goes on where it was stopped; reload this page when it has finished a set.",
        command="make bench-compare",
    )


def no_fidelity(file: str) -> Message:
    """The fidelity benchmark was never run here."""
    return Message(
        "The fidelity benchmark has not been run yet.",
        "It trains on generated data whose truth is known and takes hours; it goes on where it was "
        "stopped. The record may also be elsewhere: set DMIL_RESULTS to its folder before "
        "starting.",
        f"Expected at: {file}",
        "make bench-fidelity",
    )


def no_lesson_record() -> Message:
    """A lesson reads a record that is not there."""
    return Message(
        "The record that this lesson reads is not here.",
        "The questions and the words work without. The numbers are those of the fidelity "
        "benchmark; make it, or set DMIL_RESULTS to the folder of its record before starting.",
        command="make bench-fidelity",
    )


def no_lesson_samples(why: str) -> Message:
    """A lesson needs samples of a set or a map that is not there."""
    return Message(
        "The samples that this lesson shows are not here.",
        "The questions and the words work without. The shipped checkpoints have these samples: "
        "copy them again, or set DMIL_CHECKPOINTS to their folder before starting.",
        why,
        tone="warning",
    )


def bad_fidelity(problem: str) -> Message:
    """There is a record, but not one we can read."""
    return Message(
        "The record of the fidelity benchmark cannot be read.",
        "Make it again; the other pages work without.",
        problem,
        "make bench-fidelity",
        "error",
    )


def report_bounds(samples: int, rows: int) -> str:
    """What a report holds."""
    return (
        "One HTML file that needs neither this app nor the network: inputs, answers, gate, "
        f"waterfall, definitions. Of many samples the first {samples} with their inputs, the first "
        f"{rows:,} as a list."
    )


def no_interaction_type() -> Message:
    """Real data: nobody knows which component carries a label."""
    return Message(
        "The true interaction type of these samples is not known.",
        "Only generated data sets know it. Choose switch or shapes-qa above to see how "
        "well each model does on R, U1, U2 and S.",
    )


def one_model_only() -> Message:
    """Nothing to compare with."""
    return Message(
        "Only one model is trained for this data set and seed.",
        "Train another one, or choose another data set or seed above.",
    )


def no_disagreement() -> Message:
    """Both models are wrong on the same samples, in this direction at least."""
    return Message(
        "There is no such sample in this split.",
        "Choose the other direction, another model to compare with, or another split.",
    )


def fault() -> Message:
    """A bug of ours."""
    return Message(
        "Something went wrong on this page.",
        "That is our fault, not yours; the server's log says what. Start again without the "
        "choices of this link, or choose something else above.",
        tone="error",
    )


def failed_action() -> Message:
    """A bug of ours in what a click or a choice does."""
    return Message(
        "That did not work.",
        "That is our fault, not yours; the server's log says what. Try it again, or go on with "
        "something else: nothing else was changed.",
        tone="error",
    )


def lacking(reason: str) -> Message:
    """The server lacks room, memory or a permission; ``reason`` is a clause without paths."""
    return Message(
        f"The server could not do this: {reason}.",
        "Nothing half-done was kept, and what was there before is as it was. Try again later; if "
        "it stays so, tell those who run this server.",
        tone="error",
    )


def duration(seconds: float) -> str:
    """A time in words, as exact as anybody needs it."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def queued(ahead: int) -> str:
    """A job that has not begun."""
    if not ahead:
        return "It starts in a moment."
    jobs = "1 job comes" if ahead == 1 else f"{ahead} jobs come"
    return f"{jobs} before it. You may leave this page; it starts by itself."


def busy(why: str) -> Message:
    """No further job is taken."""
    return Message("This was not started.", "Wait, or cancel another job.", why, tone="warning")


def unusable(why: str) -> Message:
    """An uploaded file that cannot be read at all."""
    return Message(
        "This file cannot be used.",
        "Correct it and upload it again. *What a file looks like* above says what is expected, and "
        "the example there is a file that works.",
        why,
        tone="error",
    )


def not_decomposed(model: str, other: bool) -> Message:
    """The page of the architecture, with a model that has another one."""
    way = "Look at one that is." if other else "Train one: `dmil train --paradigm dmil`."
    return Message(f"{model} is not built as in the paper.", way)


def no_sizes(why: str) -> Message:
    """The data set that would be run through the model cannot be read."""
    return Message(
        "The sizes of this part cannot be shown.", "They are measured on a sample.", detail=why
    )


def no_theorem(problem: str) -> Message:
    """Theorem 1 was not measured here."""
    return Message(
        "Theorem 1 has no measured numbers here.",
        "`make bench-theorem` measures them, on runs of `make bench-fidelity`.",
        detail=problem,
    )
