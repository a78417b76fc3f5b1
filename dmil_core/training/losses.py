"""One pure function per loss term: (Evidence) -> (B,) nats or mean squares, and their table.

R, U1 ... S stand in the order of ``schema.components``, C of them; w are the responsibilities. A
term about something that an ablation lacks is a sum over nothing: 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dmil_core.errors import ConfigError
from dmil_core.metrics.responsibility import interaction_responsibilities
from dmil_core.models.batch import Batch
from dmil_core.models.dmil import Dmil
from dmil_core.models.i2m2 import I2m2Output
from dmil_core.models.mib import MibOutput
from dmil_core.models.outputs import DmilOutput, Output, Rebuilt
from dmil_core.models.posteriors import kl_between, kl_standard

#: ``ce_known``: how fast telling a modality what it cannot know ends where it knows less.
KNOWN_POWER = 2
#: How sharply targets prefer the component that explains most of a sample.
SHARPNESS = 8


@dataclass(frozen=True)
class Evidence:
    """What a model made of a batch."""

    out: Output
    batch: Batch
    rebuilt: Rebuilt | None

    @property
    def dmil(self) -> DmilOutput:
        """The output, known to be a decomposition."""
        if not isinstance(self.out, DmilOutput):
            raise ConfigError("this loss term needs a decomposition; joint and ensemble have none")
        return self.out

    @property
    def responsibilities(self) -> Tensor:
        """w (B, C) over the components that the model has."""
        return self.held(self.batch.responsibilities)

    @property
    def absolute(self) -> Tensor:
        """w (B, C) from the probabilities as they are, where 1/K counts as chance."""
        chance, truth = 1.0 / self.dmil.logits.shape[1], self.batch.truth
        if truth is None:
            raise ConfigError("this loss term needs responsibilities; the paradigm has no folds")
        *alone, together = ((truth - chance) / (1.0 - chance)).clamp(0.0, 1.0).unbind(1)
        return self.held(torch.stack(interaction_responsibilities(alone, together), dim=1))

    def held(self, w: Tensor) -> Tensor:
        """w (B, C) over the components that the model has.

        Without R, what several modalities could say is for any of them to say alone: each U gets
        an equal part of w_R, and each row keeps its sum.
        """
        if "R" in self.dmil.present:
            return w
        r, *u, s = w.unbind(dim=1)
        return torch.stack([torch.zeros_like(r), *(own + r / len(u) for own in u), s], dim=1)

    @property
    def made(self) -> Rebuilt:
        """The reconstructions, known to exist."""
        if self.rebuilt is None:
            raise ConfigError("this loss term needs a decoder; joint and ensemble have none")
        return self.rebuilt


def evaluate(model: nn.Module, batch: Batch) -> Evidence:
    """Run a model on a batch, with its decoders where it has them."""
    out = model(*batch.inputs)
    rebuilt = model.rebuild(out, *batch.inputs) if isinstance(model, Dmil) else None
    return Evidence(out, batch, rebuilt)


def ce(e: Evidence) -> Tensor:
    """CE of the final prediction."""
    return cross_entropy(e.out.logits, e.batch.y, reduction="none")


def ce_unimodal(modality: int) -> Callable[[Evidence], Tensor]:
    """CE of one modality's own head (M_m in DMIL, the whole model in an ensemble)."""

    def term(e: Evidence) -> Tensor:
        return cross_entropy(_own_logits(e, modality), e.batch.y, reduction="none")

    return term


def _own_logits(e: Evidence, modality: int) -> Tensor:
    """(B, K) of one modality's own head, known to exist."""
    if e.out.unimodal is None:
        raise ConfigError("this loss term needs unimodal heads; joint has none")
    if modality >= e.out.unimodal.shape[1]:
        raise ConfigError("this loss term needs a third modality; the data have two")
    return e.out.unimodal[:, modality]


def _component_ce(e: Evidence) -> Tensor:
    """CE of each component's head, (B, C); 0 for a component that the model lacks."""
    logits = e.dmil.components.transpose(1, 2)
    result = cross_entropy(logits, _for_each(e), reduction="none")
    return result * result.new_tensor([c in e.dmil.present for c in e.dmil.names])


def _for_each(e: Evidence) -> Tensor:
    """y once for every component, (B, C)."""
    return e.batch.y[:, None].expand(-1, len(e.dmil.names))


def ce_flat(e: Evidence) -> Tensor:
    """sum_c CE_c, every head on every sample: the released loss."""
    return _component_ce(e).sum(dim=1)


def _leading(w: Tensor) -> Tensor:
    """W v (B, C) with W = sum w and v_c = w_c^8 / sum w^8: the same in all, nearly all of it to the
    component that explains most. Models that learnt from two thirds of the rows are never quite
    sure, and w is a product of their doubts: as a target it would keep the gate from ever being
    sure."""
    return w.sum(dim=1, keepdim=True) * _sharp(w)


def _sharp(w: Tensor) -> Tensor:
    """v_c = w_c^8 / sum w^8, (B, C); 0 where nothing is explained."""
    v = (w / w.sum(dim=1, keepdim=True).clamp(min=1e-12)) ** SHARPNESS
    return v / v.sum(dim=1, keepdim=True).clamp(min=1e-12)


def _heads_ce(e: Evidence, w: Tensor) -> Tensor:
    """sum_c w_c CE_c, (B,)."""
    return (w * _component_ce(e)).sum(dim=1)


def _gate_ce(e: Evidence, w: Tensor) -> Tensor:
    """-sum_c w_c log g_c, (B,)."""
    return -(w * e.dmil.gate_logits.log_softmax(dim=-1)).sum(dim=1)


def ce_responsible(e: Evidence) -> Tensor:
    """sum_c w'_c CE_c, w' = W w^8 / sum w^8: each head learns the samples that its component can
    explain."""
    return _heads_ce(e, _leading(e.responsibilities))


def ce_soft(e: Evidence) -> Tensor:
    """sum_c w_c CE_c: the same with w as it is."""
    return _heads_ce(e, e.responsibilities)


def ce_absolute(e: Evidence) -> Tensor:
    """sum_c w'_c CE_c with w made of the probabilities as they are, not of shares of what is told,
    and with 1/K as chance."""
    return _heads_ce(e, _leading(e.absolute))


def _soft_ce(logits: Tensor, y: Tensor, sure: Tensor) -> Tensor:
    """CE to ``sure`` times the true class plus the rest spread evenly; (..., K), (...), (...)."""
    log_p = logits.log_softmax(dim=-1)
    true = log_p.gather(-1, y.unsqueeze(-1)).squeeze(-1)
    return -(sure * true + (1.0 - sure) * log_p.mean(dim=-1))


def ce_pure(e: Evidence) -> Tensor:
    """(sum_c w_c) sum_c CE(v_c y + (1 - v_c) / K) with v_c = w_c^8 / sum w^8: the head of the
    component that explains most of a sample learns its class, the others learn to say nothing.

    The sharp v keeps a head from leaning, however slightly, towards the class of samples that
    are not its own, so that taking a component away hurts its own samples. What nothing explains
    teaches nobody.
    """
    w = e.responsibilities
    v = _sharp(w)
    result = _soft_ce(e.dmil.components, _for_each(e), v)
    present = result.new_tensor([c in e.dmil.present for c in e.dmil.names])
    return w.sum(dim=1) * (result * present).sum(dim=1)


def ce_known(modality: int) -> Callable[[Evidence], Tensor]:
    """CE(b y + (1 - b) / K) of one modality's own head, b = f + (1 - f) a, with a what it can
    know of a sample (:meth:`Batch.known`) and f the mean of a in the batch, squared.

    Told the class of samples whose class it cannot know, a modality learns them by heart, and its
    encoder with it: where all is synergy that cost 20 points of accuracy. Where it mostly knows,
    a row that no model explained out of fold is rather a hard one, and is worth learning.
    """

    def term(e: Evidence) -> Tensor:
        logits, knows = _own_logits(e, modality), e.batch.known(modality)
        floor = knows.mean() ** KNOWN_POWER
        return _soft_ce(logits, e.batch.y, floor + (1.0 - floor) * knows)

    return term


def gate(e: Evidence) -> Tensor:
    """-sum_c w'_c log g_c, w' = W w^8 / sum w^8: the gate learns E[w' | x], a small H(C|Z) in
    Theorem 1."""
    return _gate_ce(e, _leading(e.responsibilities))


def gate_soft(e: Evidence) -> Tensor:
    """-sum_c w_c log g_c: the same with w as it is."""
    return _gate_ce(e, e.responsibilities)


def gate_absolute(e: Evidence) -> Tensor:
    """-sum_c w'_c log g_c with w as in :func:`ce_absolute`."""
    return _gate_ce(e, _leading(e.absolute))


def explained(e: Evidence) -> Tensor:
    """Binary CE to sum_c w_c: what nothing explains is noise or a wrong label, not synergy."""
    logits = e.dmil.explained_logits
    if logits is None:
        raise ConfigError("this loss term needs a gate that tells what is explained")
    target = e.batch.responsibilities.sum(dim=1)
    return binary_cross_entropy_with_logits(logits, target, reduction="none")


def kl_intra(modality: int) -> Callable[[Evidence], Tensor]:
    """KL of q(M_m|z_m) and q(N_m|z_m) to N(0, I), nats per dimension."""

    def term(e: Evidence) -> Tensor:
        return _kl(e, f"M{modality + 1}", f"N{modality + 1}")

    return term


def kl_consistency(e: Evidence) -> Tensor:
    """KL of q(R|M1,M2) and q(U_m|M_m) to N(0, I), nats per dimension."""
    return _kl(e, "R", "U1", "U2", "U3")


def _kl(e: Evidence, *names: str) -> Tensor:
    """KL to N(0, I) summed over those of these posteriors that the model has, (B,)."""
    held = (kl_standard(q) for name, q in e.dmil.posteriors.items() if name in names)
    return sum(held, _nothing(e))


def _nothing(e: Evidence) -> Tensor:
    return e.out.logits.new_zeros(len(e.batch))


def align(e: Evidence) -> Tensor:
    """KL(q(R|M1,M2) || v(R|M_m)) for every m: what is redundant, either side could have said.

    Of three, a side that is not among those that say it is pulled as well, and can only widen its
    guess.
    """
    return sum((kl_between(e.dmil.posteriors["R"], v) for v in e.made.helpers), _nothing(e))


def rebuild_input(modality: int) -> Callable[[Evidence], Tensor]:
    """Mean squared error of what [M_m, N_m] say of the input (or the features)."""

    def term(e: Evidence) -> Tensor:
        made, wanted = e.made.inputs[modality]
        return (made - wanted).square().mean(dim=-1)

    return term


def rebuild_parts(e: Evidence) -> Tensor:
    """Mean squared error of what [R, U_m] say of M_m, summed over m."""
    return sum(((a - b).square().mean(dim=-1) for a, b in e.made.parts), _nothing(e))


def kl_bottleneck(*codes: str) -> Callable[[Evidence], Tensor]:
    """KL of these codes' posteriors to N(0, I), nats per dimension (Mai et al., TMM 2022)."""

    def term(e: Evidence) -> Tensor:
        if not isinstance(e.out, MibOutput):
            raise ConfigError("this loss term needs a bottleneck; joint and ensemble have none")
        return sum((kl_standard(e.out.posteriors[c]) for c in codes), torch.zeros(()))

    return term


def ce_both(e: Evidence) -> Tensor:
    """CE of q12 in a product of three models (Madaan et al., NeurIPS 2024)."""
    if not isinstance(e.out, I2m2Output):
        raise ConfigError("this loss term needs a product; joint and ensemble have none")
    return cross_entropy(e.out.both, e.batch.y, reduction="none")


TERMS: dict[str, Callable[[Evidence], Tensor]] = {
    "ce": ce,
    "ce_x1": ce_unimodal(0),
    "ce_x2": ce_unimodal(1),
    "ce_x3": ce_unimodal(2),
    "ce_flat": ce_flat,
    "ce_responsible": ce_responsible,
    "ce_soft": ce_soft,
    "ce_absolute": ce_absolute,
    "ce_pure": ce_pure,
    "ce_known_x1": ce_known(0),
    "ce_known_x2": ce_known(1),
    "ce_known_x3": ce_known(2),
    "gate": gate,
    "gate_soft": gate_soft,
    "gate_absolute": gate_absolute,
    "explained": explained,
    "kl_1": kl_intra(0),
    "kl_2": kl_intra(1),
    "kl_3": kl_intra(2),
    "kl_consistency": kl_consistency,
    "align": align,
    "rebuild_1": rebuild_input(0),
    "rebuild_2": rebuild_input(1),
    "rebuild_3": rebuild_input(2),
    "rebuild_parts": rebuild_parts,
    "kl_codes": kl_bottleneck("Z1", "Z2"),
    "kl_fused": kl_bottleneck("F"),
    "ce_both": ce_both,
}


def total(evidence: Evidence, weights: dict[str, float]) -> Tensor:
    """Weighted sum of the named terms, (B,).

    Raises
    ------
    ConfigError
        If a name is not in :data:`TERMS`.
    """
    return weighted(terms(evidence, weights), weights)


def terms(evidence: Evidence, names: Iterable[str]) -> dict[str, Tensor]:
    """Each of the named terms, (B,).

    Raises
    ------
    ConfigError
        If a name is not in :data:`TERMS`.
    """
    unknown = sorted(set(names) - set(TERMS))
    if unknown:
        raise ConfigError(f"loss {', '.join(unknown)}: expected names of {', '.join(TERMS)}")
    return {name: TERMS[name](evidence) for name in names}


def weighted(tensors: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """The weighted sum, (B,), of terms that :func:`terms` found."""
    return sum((w * tensors[name] for name, w in weights.items()), torch.zeros(()))
