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
# # Your own model, from its training to the app
#
# A network of two inputs that knows nothing of this package: do its inputs work together, or does
# it add up what each says? It is trained here, explained, exported to ONNX, and opened in the app.
#
# Run it in an environment with this package, its app and ONNX: `pip install
# 'dmil-explorer[app,onnx]'`, or `pip install -e '.[app,onnx]'` in the repository.

# %%
import tempfile

import numpy as np
import pandas as pd
import torch
from torch import nn

import dmil_core as dmil

BIT = np.log(2.0)
folder = tempfile.mkdtemp()

# %% [markdown]
# ## 1. A model that is not ours
#
# `emoji-minilm` has emoji as pictures (`x1`, 403 features) and the sentence vectors of their names
# (`x2`, 384 numbers of a language model); the class is the group of the keyboard. *Late fusion*
# describes each input by itself, and a small network reads both descriptions.


# %%
class LateFusion(nn.Module):
    """Standardises both inputs, describes each by 64 numbers, and classifies the two together."""

    def __init__(self, x1, x2, classes):
        super().__init__()
        for m, x in enumerate((x1, x2), start=1):
            self.register_buffer(f"mean{m}", x.mean(dim=0))
            self.register_buffer(f"spread{m}", x.std(dim=0) + 1e-3)
        self.first = nn.Sequential(nn.Linear(x1.shape[1], 64), nn.ReLU(), nn.Dropout(0.5))
        self.second = nn.Sequential(nn.Linear(x2.shape[1], 64), nn.ReLU(), nn.Dropout(0.5))
        self.head = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, classes))

    def forward(self, x1, x2):
        z1 = self.first((x1 - self.mean1) / self.spread1)
        z2 = self.second((x2 - self.mean2) / self.spread2)
        return self.head(torch.cat([z1, z2], dim=1))


def trained(data, epochs):
    """A late-fusion model, trained on the training rows."""
    torch.manual_seed(0)
    rows = data.rows("train")
    x1, x2, y = (torch.tensor(a[rows]) for a in (data.x1, data.x2, data.y))
    model = LateFusion(x1, x2, len(data.classes))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    for _ in range(epochs):
        for batch in torch.randperm(len(y)).split(64):
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(model(x1[batch], x2[batch]), y[batch])
            loss.backward()
            optimiser.step()
    return model.eval()


data = dmil.load_dataset("emoji-minilm")
model = trained(data, epochs=30)

# %% [markdown]
# ## 2. From the model to the app
#
# `explain` evaluates the model on the test rows, and on test rows of which one input is that of a
# training row. `show` starts the app on them, in a process of its own, and prints a link.

# %%
found = dmil.explain(model, data, partners=40)
app = found.show("late-fusion")

# %% [markdown]
# Of a torch module or a function, the app has the predictions. A file of ONNX is kept beside them,
# so that the app can evaluate the model as well: on **Samples** it says which features act
# together, and in **What if** it answers for changed inputs. (`dynamo=False` is torch's exporter
# that needs no further package.)

# %%
torch.onnx.export(
    model, tuple(torch.tensor(x[:2]) for x in data.inputs), f"{folder}/late-fusion.onnx",
    input_names=["x1", "x2"], output_names=["logits"],
    dynamic_axes={name: {0: "rows"} for name in ("x1", "x2", "logits")}, dynamo=False,
)  # fmt: skip
exported = dmil.explain(f"{folder}/late-fusion.onnx", data, partners=40)
exported.show("late-fusion-onnx", app=app)

# %% [markdown]
# ## 3. What is found
#
# Both are in the app's list of models. The export is the model: it answers alike.

# %%
difference = (exported.frame["score"] - found.frame["score"]).abs().max()
print(f"largest difference of a logit: {difference:.1e} nats")

# %% [markdown]
# A network that could do anything with the two descriptions adds them up. The best additive
# approximation of it (EMAP) is right as often, and about 4 % of all effects are interactions.

# %%
found

# %% [markdown]
# The name does most of the work: four fifths of the variance of the logits are its own, a fifth is
# the picture's.

# %%
variance = pd.Series(
    {name: found.intervals[f"variance_{name}"].value for name in ("x1", "x2", "x1_x2")}
)
variance.round(3)

# %% [markdown]
# As information about the class, in bits: what both inputs say (R), what the name says alone (U2),
# and little that only the picture says (U1). Given the name, the picture is worth little; the page
# **Worth** of the app says for which samples it is worth something, and at which price.

# %%
information = pd.Series({c: found.intervals[c].value / BIT for c in ("r", "u1", "u2", "s")})
information.round(2)

# %% [markdown]
# The samples where the model is least additive. Their ids lead to them in the app.

# %%
columns = ["id", "y", "pred", "emap_pred", "residual", "interaction_share"]
odd = found.frame.sort_values("residual", key=abs, ascending=False)[columns]
odd.head(5).round(2)

# %% [markdown]
# ## 4. Would it have been found?
#
# A measure that finds no interaction may be blind. On XOR of two inputs neither says anything
# alone, so that whatever a model knows is interaction. The same network learns it, and the same
# measure says so: with what each input does, added up, it would guess.

# %%
xor = dmil.load_dataset("gates:xor=1,form=vectors,train=1000,val=200,test=400")
control = dmil.explain(trained(xor, epochs=15), xor, partners=40)
control

# %% [markdown]
# ## 5. The end
#
# The app ends with this Python, or now:

# %%
app.stop()
