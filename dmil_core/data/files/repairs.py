"""What is done about cells and labels that are not as a model needs them: the user's choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from dmil_core.data.validate import Offer

#: "auto": rows with missing numbers are dropped where they are less than `FEW` of all, else filled.
Missing = Literal["auto", "drop", "mean", "keep", "error"]
MISSING: Final[tuple[Missing, ...]] = ("drop", "mean", "keep", "error")
#: Where a split has no val rows: training rows are taken for it, or that is an error.
Val = Literal["train", "error"]
VAL: Final[tuple[Val, ...]] = ("train", "error")
#: Share of the rows below which rows with missing cells are dropped where nothing is chosen.
FEW: Final = 0.05
#: Classes that a number to predict can be cut into.
QUANTILES: Final = (2, 3, 4, 5)
#: Most words of a category that get a number each; the rarer ones share one.
MOST_CATEGORIES: Final = 50
#: The word of a category for its missing cells, and that for all rare words.
MISSING_WORD: Final = "(missing)"
OTHER_WORD: Final = "(other)"

#: What is offered where rows lack a whole input.
KEEP: Final = Offer("Keep rows that lack an input, and flag them", "missing", "keep")


@dataclass(frozen=True)
class Repairs:
    """Choices that the app offers as buttons and the command line as options.

    Attributes
    ----------
    missing : what becomes of rows with missing cells. ``drop`` leaves them out. ``mean`` puts the
        mean of the training rows in place of a number and adds a column that says where; words get
        a category of their own. ``keep`` does the same, and flags rows that lack a whole input
        (:mod:`dmil_core.data.absent`) instead of filling it. ``error`` refuses them. ``auto`` drops
        rows with missing numbers where they are few, and gives missing words a category.
    quantiles : classes of equal size that a number to predict is cut into; 0 for none.
    as_text : columns whose cells are left as words though they spell numbers.
    val : where a split has no val rows, ``train`` takes an eighth of the training rows for it, by
        class or by whole groups; ``error`` refuses it.
    """

    missing: Missing = "auto"
    quantiles: int = 0
    as_text: tuple[str, ...] = ()
    val: Val = "train"
