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
# Two inputs, `x1` and `x2`, have mutual information with a class `y`. Which part of it is in both
# inputs, which in only one of them, and which only in the two together? First exactly, for small
# distributions that are known; then with models that learn from samples.
#
# Run it in an environment with this package installed: `pip install dmil-explorer`, or
# `pip install -e .` in the repository.

# %%
import tempfile
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import dmil_core as dmil

BIT = np.log(2.0)
COMPONENTS = ["R", "U1", "U2", "S"]
BITS = (0, 1)


def in_bits(p, measure="broja"):
    """Mutual information of the inputs with the class, and its decomposition, in bits."""
    parts = dmil.pid(p, measure).bits
    names = ["i1", "i2", "i12", "r", "u1", "u2", "s"]
    return pd.Series({name: getattr(parts, name) for name in names}).round(3) + 0.0


# %% [markdown]
# ## 1. Redundancy: cover one input, and nothing is lost
#
# Both inputs show the same bit. Each alone has one bit of mutual information with the class, and
# both together have no more.

# %%
redundant = in_bits({(b, b, b): 0.5 for b in BITS})
redundant

# %% [markdown]
# ## 2. Two eyes are not twice the information
#
# Two witnesses of one coin, each wrong one time in ten. Their two informations add up to more than
# the one bit of the class; the information of both together is less than the sum, since what is
# redundant counts once.

# %%
eyes = {
    (x1, x2, y): 0.5 * (0.9 if x1 == y else 0.1) * (0.9 if x2 == y else 0.1)
    for x1, x2, y in product(BITS, BITS, BITS)
}
two_eyes = in_bits(eyes)
print("added up:", two_eyes.i1 + two_eyes.i2, "together:", two_eyes.i12)
two_eyes

# %% [markdown]
# ## 3. Synergy: XOR, and why an ensemble cannot do it
#
# The class is 1 where the two bits differ. Neither input alone has any information about it.

# %%
xor = in_bits({(x1, x2, x1 ^ x2): 0.25 for x1, x2 in product(BITS, BITS)})
xor

# %% [markdown]
# An ensemble averages two models, each of which sees one input. Each of them can only predict
# 50:50, and so can their mean, however many samples there are. A model that reads both inputs at
# once can learn it: `joint` fuses them, `dmil` has a component for synergy.

# %%
folder = Path(tempfile.mkdtemp())
SHORT = 0.4  # of the usual epochs; these data sets are small
data = dmil.load_dataset("gates:xor=1,train=600,val=200,test=600")
models = {
    name: dmil.train(data, name, seed=0, out=folder / name, epochs_scale=SHORT)
    for name in ("ensemble", "joint", "dmil")
}
right = {name: model.run.metrics["test"]["accuracy"] for name, model in models.items()}
right

# %% [markdown]
# ## 4. A mixture, and a gate that separates the interaction types
#
# A quarter of the samples each is redundant, unique to `x1`, unique to `x2`, and synergistic. The
# gate of `dmil` is a learned weighting of the components for each sample, and no partial
# information decomposition. Here the interaction type of each sample is known, so that the two can
# be compared.

# %%
data = dmil.load_dataset(
    "gates:xor=1,rdn=1,unq1=1,unq2=1,form=vectors,train=1000,val=300,test=1200"
)
model = dmil.train(data, "dmil", seed=0, out=folder / "mixture", epochs_scale=SHORT)
table = model.predict(data, split="test")
gates = [f"gate_{c}" for c in COMPONENTS]
weights = table.groupby("interaction_type")[gates].mean().loc[COMPONENTS]
weights.round(2)

# %% [markdown]
# ## 5. Reading one sample
#
# The logit of a class is the sum of the components' contributions. The sum is exact.

# %%
decomposition = model.decompose(data, split="test")
sample = decomposition.sample(decomposition.ids[0])
parts = pd.Series(sample.to_predicted[0] / BIT, index=sample.components)
score = sample.logits[0].max() / BIT
print(f"{sample.ids[0]}: {sample.pred[0]}; {parts.sum():.3f} = {score:.3f} bits")
sample

# %% [markdown]
# ## 6. Definitions differ
#
# *Redundancy* has no single definition. For AND, all definitions agree on `i1`, `i2` and `i12`, but
# not on the decomposition; by one of them, unique information is even negative.

# %%
AND = {(x1, x2, x1 & x2): 0.25 for x1, x2 in product(BITS, BITS)}
definitions = pd.DataFrame(
    {name: in_bits(AND, name) for name in ("broja", "imin", "immi", "iccs", "fl")}
).T
definitions

# %% [markdown]
# Pointwise mutual information of a single case can be negative: the input then speaks against the
# true class. Its mean over all cases, `i1`, `i2` or `i12`, never is.

# %%
cases = dmil.pointwise_pid(AND)
bits = ["i1", "i2", "i12", "r", "u1", "u2", "s"]
cases.assign(**(cases[bits] / BIT).round(2))
