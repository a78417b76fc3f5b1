"""Architectures of rival methods, with the encoders and the fusion that every method here has.

A head that only adds what each modality says cannot represent synergy, whatever the method around
it. So that no comparison measures the head, each of these fuses as ``model.Joint`` does.

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.model import Encoders, Ensemble, Joint, Output, shared_fusion
from dmil_core.nn.gaussian import Gaussian, GaussianHead, sample

# --- features that scale each other ----------------------------------------------------------


class Mmtm(Joint):
    """Multimodal transfer module: both modalities decide how loud each feature is.

        s = relu(W [z1, z2]) of (F1 + F2) / 2 numbers,    z_m <- 2 sigmoid(W_m s) * z_m

    Joze, Shaban, Iuzzolino, Koishida: MMTM. CVPR 2020. Theirs sits between several blocks of two
    convolutional networks; an encoder of ours is one block, which leaves the last place. The
    factor 2 lets features through unchanged where the gate has no opinion, and the gated features
    go to the fusion of all methods here instead of to one head each.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        sizes = self.encoders.sizes()
        squeezed = max(1, 2 * sum(sizes) // 4)
        self.squeeze = nn.Linear(sum(sizes), squeezed)
        self.excite = nn.ModuleList(nn.Linear(squeezed, f) for f in sizes)

    def fuse(self, *z: Tensor) -> Tensor:
        """The fused features (B, D) of the features after they have scaled each other."""
        return super().fuse(*(g * own for g, own in zip(self.gates(*z), z, strict=True)))

    def gates(self, z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
        """What z1 and z2 are multiplied by, (B, F) each, between 0 and 2."""
        s = torch.relu(self.squeeze(torch.cat([z1, z2], dim=-1)))
        return 2.0 * torch.sigmoid(self.excite[0](s)), 2.0 * torch.sigmoid(self.excite[1](s))


# --- codes that forget -----------------------------------------------------------------------


@dataclass(frozen=True)
class MibOutput(Output):
    """Output of the bottleneck.

    Attributes
    ----------
    posteriors
        Z1, Z2 and F -> Gaussian, for the KL terms; ``latents`` are their means.
    """

    posteriors: dict[str, Gaussian]


class Mib(nn.Module):
    """Multimodal information bottleneck: noisy codes of each modality and of the fusion.

    q(Z_m|z_m) and q(F|Z1, Z2) are Gaussian, and a head on each code predicts the class. Which of
    the codes a KL term narrows is a matter of losses: ``kl_codes`` and ``kl_fused`` together are
    C-MIB, the first alone is L-MIB, the second alone E-MIB.

    Mai, Zeng, Hu: Multimodal Information Bottleneck. IEEE TMM 2022. At test the codes are the
    posterior means; the published program draws there too, so that its answers vary. The codes
    stand where ``Joint`` has its projections, so that the two differ in noise and heads; the
    published one has a hidden layer of 1024 before each code.
    """

    latent_names = ("Z1", "Z2", "F")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        d, k = config.latent_size, config.classes
        self.posterior = nn.ModuleList(GaussianHead(f, 2 * d) for f in self.encoders.sizes())
        self.fusion = shared_fusion(config)
        self.fused = GaussianHead(d, d)
        self.heads = nn.ModuleList(nn.Linear(2 * d, k) for _ in range(2))
        self.head = nn.Linear(d, k)

    def forward(self, x1: Tensor, x2: Tensor) -> MibOutput:
        z1, z2 = self.encoders(x1, x2)
        q1, q2 = self.posterior[0](z1), self.posterior[1](z2)
        code1, code2 = self._draw(q1), self._draw(q2)
        q = self.fused(self.fusion(code1, code2))
        unimodal = torch.stack([self.heads[0](code1), self.heads[1](code2)], dim=1)
        posteriors = {"Z1": q1, "Z2": q2, "F": q}
        latents = {name: p.mu for name, p in posteriors.items()}
        return MibOutput(self.head(self._draw(q)), unimodal, latents, posteriors)

    def _draw(self, q: Gaussian) -> Tensor:
        return sample(q) if self.training else q.mu


# --- a product of three models ---------------------------------------------------------------


@dataclass(frozen=True)
class I2m2Output(Output):
    """Output of the product.

    ``logits == unimodal.sum(1) + both`` by construction.

    Attributes
    ----------
    both
        (B, K) logits of q12, the model of both modalities.
    """

    both: Tensor


class I2m2(Ensemble):
    """Inter- and intra-modality models: p(y|x1,x2) prop. to q1(y|x1) q2(y|x2) q12(y|x1,x2).

    The product of the three renormalised is softmax(o1 + o2 + o12) of their logits. q1 and q2 are
    the ensemble's two models; q12 is a whole joint model with encoders of its own, so there are
    four encoders and twice the parameters.

    Madaan, Makino, Chopra, Cho: Jointly Modeling Inter- & Intra-Modality Dependencies for
    Multi-modal Learning. NeurIPS 2024.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.both = Joint(config)
        self.latent_names = self.both.latent_names

    def forward(self, *x: Tensor) -> I2m2Output:
        z1, z2 = self.features(*x)
        unimodal, joint = self.alone(z1, z2), self.both(*x)
        latents = {"Z1": z1, "Z2": z2, "F": joint.latents["F"]}
        return I2m2Output(unimodal.sum(dim=1) + joint.logits, unimodal, latents, joint.logits)


# --- experts for kinds of interaction --------------------------------------------------------

#: What each expert is for, in the order of every (B, 4) and (B, 4, K) below.
EXPERTS: Final = ("uniq1", "uniq2", "syn", "red")


@dataclass(frozen=True)
class I2moeOutput(Output):
    """Output of the mixture.

    ``logits == (weights[..., None] * experts).sum(1)`` by construction.

    Attributes
    ----------
    weights
        (B, 4), rows sum to 1, in the order of :data:`EXPERTS`.
    experts
        (B, 4, K) logits of each expert.
    """

    weights: Tensor
    experts: Tensor


class Expert(nn.Module):
    """The joint model without its encoders: fuse, one head. (B, F1), (B, F2) -> (B, K)."""

    def __init__(self, config: ModelConfig, sizes: tuple[int, ...]) -> None:
        super().__init__()
        d = config.latent_size
        self.project = nn.ModuleList(nn.Linear(f, 2 * d) for f in sizes)
        self.fusion = shared_fusion(config)
        self.head = nn.Linear(d, config.classes)

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        return self.head(self.fusion(self.project[0](z1), self.project[1](z2)))


class I2moe(nn.Module):
    """Mixture of experts for interactions: four copies of one fusion over the same encoders.

    All four begin with the same weights and answer every sample; what makes them differ are the
    losses of the rule ``experts``. Softmax weights from both features mix their logits.

    Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. ICML 2025.
    """

    latent_names = ("Z1", "Z2")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        sizes, hidden = self.encoders.sizes(), 4 * config.latent_size
        first = Expert(config, sizes)
        self.experts = nn.ModuleDict({name: copy.deepcopy(first) for name in EXPERTS})
        self.gate = nn.Sequential(
            nn.Linear(sum(sizes), hidden), nn.GELU(), nn.Dropout(0.5), nn.Linear(hidden, 4)
        )

    def forward(self, x1: Tensor, x2: Tensor) -> I2moeOutput:
        z1, z2 = self.encoders(x1, x2)
        experts = self.ask(z1, z2)
        weights = self.gate(torch.cat([z1, z2], dim=-1)).softmax(dim=-1)
        logits = (weights.unsqueeze(-1) * experts).sum(dim=1)
        return I2moeOutput(logits, None, {"Z1": z1, "Z2": z2}, weights, experts)

    def ask(self, z1: Tensor, z2: Tensor) -> Tensor:
        """(B, 4, K) logits of every expert for these features."""
        return torch.stack([self.experts[name](z1, z2) for name in EXPERTS], dim=1)


# --- answers weighed by how sure they are ----------------------------------------------------


@dataclass(frozen=True)
class QmfOutput(Output):
    """Output of quality-aware fusion.

    Attributes
    ----------
    confidence
        (B, 2) logsumexp(l_m) / 10 of each modality's logits, before it is cut off at zero.
    """

    confidence: Tensor


class Qmf(nn.Module):
    """Each modality's logits l_m, weighed per sample by the confidence c_m = logsumexp(l_m) / 10.

    logits = sum_m max(c_m, 0) l_m, with the gradient going through c_m as in the published RGB-D
    version (Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality
    Multimodal Data. ICML 2023). Published c_m below zero turn a modality's vote around; here it
    then has none.

    c_m knows its own modality only, so the logits are a sum of functions of one input each:
    whatever the weights, synergy as in XOR cannot be represented.
    """

    latent_names = ("Z1", "Z2")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        self.heads = nn.ModuleList(nn.Linear(f, config.classes) for f in self.encoders.sizes())

    def forward(self, x1: Tensor, x2: Tensor) -> QmfOutput:
        z1, z2 = self.encoders(x1, x2)
        unimodal = torch.stack([self.heads[0](z1), self.heads[1](z2)], dim=1)
        confidence = unimodal.logsumexp(dim=-1) / 10.0
        logits = (confidence.clamp_min(0.0).unsqueeze(-1) * unimodal).sum(dim=1)
        return QmfOutput(logits, unimodal, {"Z1": z1, "Z2": z2}, confidence)
