# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Redundancy, uniqueness and synergy
#
# Two inputs, `x1` and `x2`, tell something of a class `y`. What do they share, what does only one
# of them say, and what do only both together say? First exactly, on small gate mixtures whose
# distribution is
# known; then with models that learn from samples.
#
# Run it in an environment with this repository installed: `pip install -e .`

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from dmil_core.data.catalog import load_dataset
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.partial_information import discrete
from dmil_core.schema import COMPONENTS, contribution, gate
from dmil_core.training.run import train

BIT = np.log(2.0)


def in_bits(mixture: GateMixture, measure: str = "broja") -> pd.Series:
    """What both inputs tell of the class, and how it is split."""
    parts = discrete.decompose(mixture.pmf(), measure)
    names = ["i1", "i2", "i12", "r", "u1", "u2", "s"]
    return pd.Series({name: getattr(parts, name) / BIT for name in names}).round(3) + 0.0


# %% [markdown]
# ## 1. Redundancy: cover one input, and nothing is lost
#
# Both inputs show the same bit. Each alone tells one bit of the class, and both together tell no
# more than that.

# %%
redundant = in_bits(GateMixture(gates={"rdn": 1}))
redundant

# %% [markdown]
# ## 2. Two eyes are not twice the information
#
# Two witnesses of one coin, each wrong one time in ten. Added up they seem to tell more than there
# is to know; both together they tell less, since what both say counts only once.

# %%
eyes = GateMixture.from_spec(
    "gates:table=0~0~0~.405/0~1~0~.045/1~0~0~.045/1~1~0~.005"
    "/1~1~1~.405/1~0~1~.045/0~1~1~.045/0~0~1~.005"
)
two_eyes = in_bits(eyes)
print("added up:", two_eyes.i1 + two_eyes.i2, "together:", two_eyes.i12)
two_eyes

# %% [markdown]
# ## 3. Synergy: XOR, and why an ensemble cannot do it
#
# The class is 1 where the two bits differ. Neither input alone tells anything.

# %%
xor = in_bits(GateMixture(gates={"xor": 1}))
xor

# %% [markdown]
# An ensemble averages two models, each of which sees one input. Each of them can only say 50:50,
# and so can their mean, however many samples there are. A model that reads both inputs at once can
# learn it: `joint` fuses them, `dmil` has a part of its own for what only both say.

# %%
folder = Path(tempfile.mkdtemp())
SHORT = 0.4  # of the usual epochs; these gate mixtures are small
mixture = load_dataset("gates:xor=1,train=600,val=200,test=600")
runs = {
    name: train(mixture, name, 0, folder / name, epochs_scale=SHORT)
    for name in ("ensemble", "joint", "dmil")
}
right = {name: run.metrics["test"]["accuracy"] for name, run in runs.items()}
right

# %% [markdown]
# ## 4. A mixture, and a gate that tells the parts apart
#
# A quarter of the samples each is redundant, unique to `x1`, unique to `x2`, and synergistic. The
# gate of `dmil` is a learned weighting: how much this model listens to each part, for each sample.
# It should find what the sample is made of.

# %%
mixture = load_dataset("gates:xor=1,rdn=1,unq1=1,unq2=1,form=vectors,train=1000,val=300,test=1200")
run = train(mixture, "dmil", 0, folder / "mixture", epochs_scale=SHORT)
table = pd.read_parquet(folder / "mixture" / "predictions.parquet")
table = table[table["split"] == "test"]
weights = (
    table.groupby("interaction_type")[[gate(c) for c in COMPONENTS]].mean().loc[list(COMPONENTS)]
)
weights.round(2)

# %% [markdown]
# ## 5. Reading one sample
#
# The score of a class is the sum of what each component contributes. The sum is exact.

# %%
sample = table.iloc[0]
answer = sample["pred"]
parts = pd.Series({c: sample[contribution(c, answer)] / BIT for c in COMPONENTS})
score = sample[f"logit_{answer}"] / BIT
print(f"{sample['id']}: {answer}; {parts.sum():.3f} = {score:.3f} bits")
parts.round(3)

# %% [markdown]
# ## 6. When the numbers lie
#
# *Shared* has no one meaning. Of AND, all definitions agree on `i1`, `i2` and `i12`, but not on how
# these are split; by one of them, uniqueness is even negative.

# %%
definitions = pd.DataFrame(
    {name: in_bits(GateMixture(gates={"and": 1}), name) for name in discrete.MEASURES}
).T
definitions

# %% [markdown]
# And a single case can speak against its own class: below, values under 0. A mean over
# all cases is never negative for `i1`, `i2` and `i12`; a case may be.

# %%
cases = discrete.realisations(GateMixture(gates={"and": 1}).pmf())
bits = ["i1", "i2", "i12", "r", "u1", "u2", "s"]
cases.assign(**(cases[bits] / BIT).round(2))
