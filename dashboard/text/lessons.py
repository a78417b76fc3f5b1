"""The lessons as data: steps that are read, asked, played with, and taken away.

What a lesson shows is named by a word that `dashboard.views.learn.lesson_pictures` draws. No
number of a gate mixture, a record or a sample stands here: those are computed and put into
sentences of `dashboard.text.lesson_sentences`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LEAD: Final = (
    "Six short lessons of about five minutes on what two inputs share, what each has alone, and "
    "what only both have. Each asks a question first, then shows the answer."
)
FOR_TEACHERS: Final = (
    "**For teachers.** The address holds the step, the setting and the answers: copy the link to "
    "begin a class right there. *Large type* is for the projector. *Handout* saves a page to print."
)
LARGE: Final = "Large type"
HANDOUT_HELP: Final = "One page to print: the question, the picture, and what to take away."
KEYS: Final = "Keys: 1, 2, 3 answer, N goes on, B goes back."
FIRST_ANSWER: Final = "Find the right answer to go on."
AGAIN: Final = "Not quite."
RIGHT: Final = "Right."


@dataclass(frozen=True)
class Read:
    """Something to read, with or without a picture."""

    title: str
    text: str
    picture: str = ""


@dataclass(frozen=True)
class Choice:
    """An answer to choose, and why it is right or wrong."""

    text: str
    why: str


@dataclass(frozen=True)
class Question:
    """A question. ``right`` is the place of the right choice; ``picture`` is seen before it is
    chosen, ``reveal`` after it."""

    title: str
    text: str
    choices: tuple[Choice, ...]
    right: int
    picture: str = ""
    reveal: str = ""


@dataclass(frozen=True)
class Play:
    """A picture with a control."""

    title: str
    text: str
    picture: str


@dataclass(frozen=True)
class Watch:
    """Models that are trained while the step is looked at."""

    title: str
    text: str


@dataclass(frozen=True)
class Takeaway:
    """What to remember."""

    points: tuple[str, ...]
    title: str = "Take away"


Step = Read | Question | Play | Watch | Takeaway


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes
    ----------
    name : what links call it; see `dashboard.state.lesson_progress.LESSONS`.
    links : pages to go on to, of those that there are.
    """

    name: str
    title: str
    lead: str
    steps: tuple[Step, ...]
    links: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions in their order."""
        return tuple(step for step in self.steps if isinstance(step, Question))


REDUNDANCY: Final = Lesson(
    "redundancy",
    "What is redundancy?",
    "Two inputs that show the same thing.",
    (
        Read(
            "Two friends, one story",
            "Two friends saw the same match. Both can say who won. Once you have heard the first, "
            "the second brings no news.\n\n"
            "What both of them can give you is called **redundancy**, or **R** for short.\n\n"
            "We count it in **bits**. One bit is the answer to one yes-or-no question. Here the "
            "question is **y**: is it 0 or 1? There are two inputs, **x1** and **x2**. Each of "
            "them shows y.",
        ),
        Question(
            "Cover one input",
            "Both inputs show y. Now you cover x2 with your hand. How much of what you knew of y "
            "is lost?",
            (
                Choice(
                    "Half of it",
                    "Each input holds the whole bit, not half of it. What is left still shows "
                    "it all.",
                ),
                Choice(
                    "Nothing",
                    "x1 still shows y. All that x2 could show, x1 shows too.",
                ),
                Choice(
                    "All of it",
                    "One input is still there, and it shows y. Look at x1.",
                ),
            ),
            1,
            reveal="alike",
        ),
        Play(
            "Make them less alike",
            "Now y is always the bit of x1. Move the slider: how often does x2 show the same bit? "
            "Watch R shrink. What only x1 can show is called **uniqueness**, or **U1**.",
            "alike-play",
        ),
        Takeaway(
            (
                "**Redundancy (R)** is what each input shows by itself.",
                "If one input is lost, the other still has it. That makes a model safe.",
                "A second input that shows the same brings no news.",
            )
        ),
    ),
    ("gates",),
)

TWO_EYES: Final = Lesson(
    "two-eyes",
    "Why two eyes are not twice the information",
    "Two witnesses of one thing, each of them wrong at times.",
    (
        Read(
            "Two eyes, one coin",
            "A coin lies far away. Is it heads or tails? That is **y**. Your left eye sees it as "
            "**x1**, your right eye as **x2**.\n\n"
            "Each eye is wrong at times, and each by itself. When the left one is wrong, the right "
            "one may well be right.",
        ),
        Question(
            "Add them up?",
            "Each eye is wrong one time in ten. So each carries a part of the bit. How much do "
            "both eyes carry together?",
            (
                Choice(
                    "As much as both of them added up",
                    "Much of what the second eye shows, the first one has shown already. That "
                    "counts once, not twice.",
                ),
                Choice(
                    "Just as much as one eye",
                    "The second eye is of some use: if both agree, you can trust them more.",
                ),
                Choice(
                    "More than one eye, but less than both added up",
                    "What both show counts only once. But you learn something new: whether they "
                    "agree.",
                ),
            ),
            2,
            reveal="eyes",
        ),
        Play(
            "How bad are the eyes?",
            "Make the eyes better or worse. In the bar *added up* you find R twice: that is the "
            "mistake. In the bar *both together* it is there once. The rest is **synergy**, or "
            "**S**. It is what you see only when you hold both side by side. Do they agree?",
            "eyes-play",
        ),
        Takeaway(
            (
                "Two inputs that show the same are not twice the information.",
                "What they share, R, counts only once.",
                "Yet two are better than one: where they differ, you know when to doubt.",
            )
        ),
    ),
    ("gates",),
)

XOR: Final = Lesson(
    "xor",
    "XOR, and why an ensemble cannot do it",
    "Two inputs that are worth nothing alone and everything together.",
    (
        Read(
            "Two switches, one lamp",
            "On many stairs two switches work one lamp. There is one at the top and one at the "
            "foot. The lamp is on when just one of them is up. This rule is called **XOR**.\n\n"
            "Look at one switch only. Is the lamp on? You cannot know. It is 50:50, whatever that "
            "switch shows.\n\n"
            "An **ensemble** is a team of two models. One sees only x1, the other only x2. Each "
            "gives its chance of y = 1. Then the mean of both is taken.",
            "lamp",
        ),
        Question(
            "The team guesses",
            "An ensemble is trained on unlimited XOR data, then tested. How often is it right?",
            (
                Choice(
                    "Half of the time",
                    "Each member can only guess 50:50. The mean of 50:50 and 50:50 is 50:50. So it "
                    "flips a coin.",
                ),
                Choice(
                    "Three times in four",
                    "With OR the team would be as good as that, or better. In XOR no member "
                    "has any clue.",
                ),
                Choice(
                    "Always, if it has seen enough",
                    "More samples do not help. The mean is taken after each member has guessed "
                    "50:50.",
                ),
            ),
            0,
            reveal="flat",
        ),
        Play(
            "From XOR to OR and to AND",
            "Each row is a case. Each number is that observer's chance of y = 1. Move the slider "
            "from XOR to OR or to AND. Now a single input is of use. When does the mean get it "
            "right?",
            "switches-play",
        ),
        Takeaway(
            (
                "XOR is pure **synergy (S)**: no input alone is of any use.",
                "An ensemble asks each input by itself. It can never find S.",
                "A model that reads both inputs at once can.",
            )
        ),
        Watch(
            "Watch it happen",
            "Three models learn XOR, right now. Which of them stays a guess? **DMIL** first asks "
            "of each sample which inputs predict it. Then it learns.",
        ),
    ),
    ("gates",),
)

COMPETITION: Final = Lesson(
    "competition",
    "One strong input, one weak one",
    "When a model learns from two inputs, the loud one wins.",
    (
        Read(
            "A duet",
            "In a duet you hear the loud singer. The soft one is easy to miss. Models that learn "
            "from two inputs can be like that. This is called **modality competition**.\n\n"
            "We trained models on samples of four kinds. In **R** samples both inputs show y. In "
            "**U1** samples only x1 shows it, in **U2** samples only x2. In **S** samples only "
            "both together show it.\n\n"
            "Then we made x2 weak: its signal often drowns in noise. Now not even the best "
            "possible model is always right. So we ask how far ours stays **behind the best**.",
        ),
        Question(
            "Who is missed?",
            "A **joint** model reads both inputs at once. x2 is weak now. On which samples does it "
            "stay far behind the best possible model?",
            (
                Choice(
                    "On all of them, about the same",
                    "Look at R and U1: there x1 shows y, and x1 is as strong as before.",
                ),
                Choice(
                    "Where x2 is needed: U2 and S",
                    "It leans on the strong input. What hangs on the weak one is not learned as "
                    "well as it could be.",
                ),
                Choice(
                    "Where x1 is enough: R and U1",
                    "x1 is as strong as before. Nothing is lost there.",
                ),
            ),
            1,
            reveal="competition",
        ),
        Play(
            "Other models, a fair fight",
            "Choose another method, or make x2 strong again. The bar is how often the model is "
            "right. The upright line is the best possible. The models were really "
            "trained, five times each, on generated data.",
            "competition-play",
        ),
        Takeaway(
            (
                "A model leans on its strong input. What only the weak one has is missed first.",
                "Some of it nobody can learn. Compare with the best possible, not with 100%.",
                "Splitting the inputs does not make a weak one strong: check the numbers.",
            )
        ),
    ),
    ("live", "trust"),
)

GATE: Final = Lesson(
    "gate",
    "How to read a gate and a waterfall",
    "A digit that is written and spoken, and a picture that is corrupted.",
    (
        Read(
            "One answer, four parts",
            "The model **dmil** reads a written digit and hears a spoken one. It predicts the "
            "digit. For each sample it splits its evidence into R, U1, U2 and S.\n\n"
            "The **gate** weighs how much each part counts. Its four weights add up to 100%.\n\n"
            "The **waterfall** starts at 0. Each part adds its own bar, to the right or to the "
            "left. Where the last bar ends, there is the score of the answer.",
        ),
        Question(
            "What did it lean on?",
            "This picture was corrupted on purpose. The sound is clean. The model got the digit "
            "right. What did it lean on most?",
            (
                Choice(
                    "On the picture alone (U1)",
                    "The picture was corrupted: read alone it gives the wrong digit.",
                ),
                Choice(
                    "On what both share (R)",
                    "For that both inputs must show the digit. This picture does not.",
                ),
                Choice(
                    "On the sound alone (U2)",
                    "The sound is all that is left, and the gate has noticed.",
                ),
            ),
            2,
            picture="media",
            reveal="gate",
        ),
        Play(
            "Three samples",
            "Choose what was corrupted. Which gate weight is the largest? Which bar of the "
            "waterfall is the longest?",
            "gate-play",
        ),
        Takeaway(
            (
                "The **gate** shows what the model leaned on, for this one sample.",
                "The **waterfall** adds up to the score: long bars decide.",
                "Both show what the model has learned. They do not measure the data.",
            )
        ),
    ),
    ("samples", "what_if"),
)

NUMBERS: Final = Lesson(
    "numbers",
    "When the numbers lie",
    "Bits below zero, words with more than one meaning, maps that deceive.",
    (
        Read(
            "Three traps",
            "A number is only as good as your idea of what it counts. Here are three traps: bits "
            "that are less than nothing, a word with several meanings, and a map.\n\n"
            "We begin with **AND**: y is 1 only if x1 and x2 are both 1. So y is mostly "
            "0.",
        ),
        Question(
            "Less than nothing?",
            "Now x1 is 1 and x2 is 0, so y is 0. You see only x1 = 1. How many bits is that "
            "in favour of y = 0?",
            (
                Choice(
                    "More than 0",
                    "Think again: x1 = 1 is needed for y = 1. Seeing it makes y = 0 less likely.",
                ),
                Choice(
                    "Just 0",
                    "Seeing x1 = 1 does change your guess: y = 1 is more likely now.",
                ),
                Choice(
                    "Less than 0",
                    "x1 = 1 speaks for y = 1. But y is 0: in this case x1 leads you astray.",
                ),
            ),
            2,
            reveal="case",
        ),
        Play(
            "One word, many meanings",
            "How much do x1 and x2 share where y is x1 AND x2? That depends on what you call "
            "shared. Choose a definition. What each input carries stays the same, but its parts do "
            "not.",
            "definitions-play",
        ),
        Question(
            "Near on the map",
            "A map shows each sample as a point. Those that the model sees as alike should lie "
            "near each other. The points **A** and **B** touch. Does the model see them as alike?",
            (
                Choice(
                    "Yes, a map shows true distances",
                    "The model uses many numbers for a sample, the map only two. Something must be "
                    "lost.",
                ),
                Choice(
                    "The map alone cannot answer that",
                    "Look at the model's own numbers. Here they are not alike.",
                ),
            ),
            1,
            picture="pair",
            reveal="pair-told",
        ),
        Takeaway(
            (
                "A single case can carry less than 0 bits: it leads you astray.",
                "Always name the definition of **shared** you use.",
                "A map is a sketch: near on the map is a hint, no proof.",
            )
        ),
    ),
    ("gates", "map"),
)

LESSONS: Final = (REDUNDANCY, TWO_EYES, XOR, COMPETITION, GATE, NUMBERS)
BY_NAME: Final = {lesson.name: lesson for lesson in LESSONS}

#: Pages to go on to: what the link says, and its icon.
LINKS: Final = {
    "gates": ("Exact PID: build such a mixture yourself", "memory"),
    "live": ("See models learn it, live", "play_circle"),
    "trust": ("See every setting of this record", "verified"),
    "samples": ("Look at more samples", "list_alt"),
    "what_if": ("Corrupt the picture yourself", "edit"),
    "map": ("Open the whole map", "scatter_plot"),
}
CORRUPTED: Final = {"picture": "the picture", "nothing": "nothing", "sound": "the sound"}
SETTINGS: Final = {"even": "as strong as x1", "weak": "weak"}
LEARNERS: Final = {
    "joint": "joint: one model reads both",
    "ensemble": "ensemble: a mean of two",
    "dmil": "dmil: split into R, U1, U2, S",
}
DIALS: Final = {
    "alike": "x2 shows the same bit as x1",
    "eyes": "Each eye is wrong",
    "switches": "The rule of the lamp",
}
#: Of a control: what stands below its ends, and between them.
ENDS: Final = {
    "alike": ("50%: by chance", "", "100%: always"),
    "eyes": ("0%: never", "", "50%: a coin flip"),
    "switches": ("AND", "XOR", "OR"),
}
OWN_PAGE: Final = "The same on its own page, with more choices"
