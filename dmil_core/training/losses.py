"""One pure function per loss term: (ModelOutputs) -> (B,) nats or mean squares, and their tables.

A term of :data:`TERMS` is one value per sample. A family of :data:`FAMILIES` has a term for every
modality, named ``<family>_x<m>``; a stage gives weights to families.

R, U1 ... S stand in the order of ``schema.components``, C of them; w are the responsibilities. A
term about something that an ablation lacks is an empty sum: 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dmil_core.config import Weight
from dmil_core.errors import ConfigError
from dmil_core.metrics.responsibility import interaction_responsibilities
from dmil_core.migration import term_name
from dmil_core.models.batch import Batch
from dmil_core.models.dmil import Dmil
from dmil_core.models.i2m2 import I2m2Output
from dmil_core.models.mib import MibOutput
from dmil_core.models.outputs import DmilOutput, Output, Reconstructions
from dmil_core.models.posteriors import kl_between, kl_standard
from dmil_core.training.gate_target import sharpened

#: ``ce_known``: the confidence of smoothed labels is at least kappa to this power.
LABEL_FLOOR_EXPONENT = 0.5


@dataclass(frozen=True)
class ModelOutputs:
    """A forward pass: the model's output, the rows and, in DMIL, the decoders' output."""

    out: Output
    batch: Batch
    decoded: Reconstructions | None
    smoothing: float = 0.0

    @property
    def dmil(self) -> DmilOutput:
        """The output of a decomposition. Raises ConfigError for another architecture."""
        if not isinstance(self.out, DmilOutput):
            raise ConfigError("this loss term needs a decomposition; joint and ensemble have none")
        return self.out

    @property
    def responsibilities(self) -> Tensor:
        """w (B, C) over the components that the model has."""
        return self.over_present(self.batch.responsibilities)

    @property
    def absolute(self) -> Tensor:
        """w (B, C) from the absolute probabilities, with 1/K as chance level."""
        chance, truth = 1.0 / self.dmil.logits.shape[1], self.batch.truth
        if truth is None:
            raise ConfigError("this loss term needs responsibilities; the paradigm has no folds")
        *unimodal, joint = ((truth - chance) / (1.0 - chance)).clamp(0.0, 1.0).unbind(1)
        return self.over_present(torch.stack(interaction_responsibilities(unimodal, joint), dim=1))

    def over_present(self, w: Tensor) -> Tensor:
        """w (B, C) over the components that the model has.

        Without R its weight is divided equally among the U, so that each row keeps its sum.
        """
        if "R" in self.dmil.present:
            return w
        r, *u, s = w.unbind(dim=1)
        return torch.stack([torch.zeros_like(r), *(u_m + r / len(u) for u_m in u), s], dim=1)

    @property
    def reconstructions(self) -> Reconstructions:
        """The decoders' output. Raises ConfigError for a model without decoders."""
        if self.decoded is None:
            raise ConfigError("this loss term needs a decoder; joint and ensemble have none")
        return self.decoded


def evaluate(model: nn.Module, batch: Batch, smoothing: float = 0.0) -> ModelOutputs:
    """Run a model on a batch, with its decoders where it has them; ``smoothing`` of the labels is
    that of :class:`~dmil_core.config.Stage`."""
    out = model(*batch.inputs)
    decoded = model.reconstruct(out, *batch.inputs) if isinstance(model, Dmil) else None
    return ModelOutputs(out, batch, decoded, smoothing)


def ce(e: ModelOutputs) -> Tensor:
    """CE of the final prediction."""
    return _ce(e, e.out.logits)


def ce_unimodal(e: ModelOutputs, modality: int) -> Tensor:
    """CE of the head of one modality, from 0 (M_m in DMIL, the whole model in an ensemble)."""
    return _ce(e, _unimodal_logits(e, modality))


def _ce(e: ModelOutputs, logits: Tensor) -> Tensor:
    """CE of logits (B, K) to the true class, its label smoothed as the stage says, (B,)."""
    return cross_entropy(logits, e.batch.y, reduction="none", label_smoothing=e.smoothing)


def _unimodal_logits(e: ModelOutputs, modality: int) -> Tensor:
    """(B, K) of the head of one modality. Raises ConfigError for a model without such heads."""
    if e.out.unimodal is None:
        raise ConfigError("this loss term needs unimodal heads; joint has none")
    return e.out.unimodal[:, modality]


def _component_ce(e: ModelOutputs) -> Tensor:
    """CE of each component's head, (B, C); 0 for a component that the model lacks."""
    logits = e.dmil.components.transpose(1, 2)
    result = cross_entropy(logits, _for_each(e), reduction="none", label_smoothing=e.smoothing)
    return result * result.new_tensor([c in e.dmil.present for c in e.dmil.names])


def _for_each(e: ModelOutputs) -> Tensor:
    """y once for every component, (B, C)."""
    return e.batch.y[:, None].expand(-1, len(e.dmil.names))


def ce_flat(e: ModelOutputs) -> Tensor:
    """sum_c CE_c, every head on every sample: the released loss."""
    return _component_ce(e).sum(dim=1)


def _leading(w: Tensor) -> Tensor:
    """W v (B, C) with W = sum w and v_c = w_c^8 / sum w^8: the same sum, nearly all of it on the
    component with most weight. The out-of-fold models are never certain, and w is a product of
    their probabilities: as a target it would keep the gate from ever being confident."""
    return w.sum(dim=1, keepdim=True) * sharpened(w)


def _heads_ce(e: ModelOutputs, w: Tensor) -> Tensor:
    """sum_c w_c CE_c, (B,)."""
    return (w * _component_ce(e)).sum(dim=1)


def _gate_ce(e: ModelOutputs, w: Tensor) -> Tensor:
    """-sum_c w_c log g_c, (B,)."""
    return -(w * e.dmil.gate_logits.log_softmax(dim=-1)).sum(dim=1)


def ce_responsible(e: ModelOutputs) -> Tensor:
    """sum_c w'_c CE_c, w' = W w^8 / sum w^8: each head is trained on the samples that its component
    can explain."""
    return _heads_ce(e, _leading(e.responsibilities))


def ce_soft(e: ModelOutputs) -> Tensor:
    """sum_c w_c CE_c: the same without sharpening."""
    return _heads_ce(e, e.responsibilities)


def ce_absolute(e: ModelOutputs) -> Tensor:
    """sum_c w'_c CE_c with w from absolute probabilities, not from shares of the predictable
    information, and with 1/K as chance level."""
    return _heads_ce(e, _leading(e.absolute))


def _soft_ce(logits: Tensor, y: Tensor, confidence: Tensor) -> Tensor:
    """CE to smoothed labels: ``confidence`` on the true class, the rest spread evenly.

    Shapes (..., K), (...), (...).
    """
    log_p = logits.log_softmax(dim=-1)
    true = log_p.gather(-1, y.unsqueeze(-1)).squeeze(-1)
    return -(confidence * true + (1.0 - confidence) * log_p.mean(dim=-1))


def ce_pure(e: ModelOutputs) -> Tensor:
    """(sum_c w_c) sum_c CE(v_c y + (1 - v_c) / K) with v_c = w_c^8 / sum w^8: the head of the
    component with most weight is trained on the class of a sample, the others on the uniform
    distribution.

    The sharpened v keeps a head from favouring, however slightly, the class of samples of other
    components, so that removing a component affects its own samples. Unexplained samples have no
    weight.
    """
    w = e.responsibilities
    v = sharpened(w)
    result = _soft_ce(e.dmil.components, _for_each(e), v)
    present = result.new_tensor([c in e.dmil.present for c in e.dmil.names])
    return w.sum(dim=1) * (result * present).sum(dim=1)


def ce_known(e: ModelOutputs, modality: int) -> Tensor:
    """CE(b y + (1 - b) / K) of the head of one modality, from 0: labels smoothed where the modality
    cannot predict the class.

    b = f + (1 - f) a, with a the chance-corrected probability of the true class from this modality
    (:meth:`Batch.known`) and f = sqrt(kappa), where kappa is the chance-corrected accuracy of this
    modality's out-of-fold models. Trained on hard labels that it cannot predict, a modality
    memorises them, and so does its encoder: on purely synergistic data
    that cost 20 points of accuracy. Where a modality mostly predicts the class, a row that it does
    not predict is rather a hard one, and worth learning.
    """
    logits, known = _unimodal_logits(e, modality), e.batch.known(modality)
    assert e.batch.skill is not None  # it is known where the responsibilities are
    floor = e.batch.skill[:, modality] ** LABEL_FLOOR_EXPONENT
    confidence = (1.0 - e.smoothing) * (floor + (1.0 - floor) * known)
    return _soft_ce(logits, e.batch.y, confidence)


def gate(e: ModelOutputs) -> Tensor:
    """-sum_c w'_c log g_c, w' = W w^8 / sum w^8: the gate estimates E[w' | x], so that H(C|Z) of
    Theorem 1 is small."""
    return _gate_ce(e, _leading(e.responsibilities))


def gate_informed(e: ModelOutputs) -> Tensor:
    """-sum_c t_c log g_c with t the gate target of the row's own class by shares of information;
    see :func:`~dmil_core.training.gate_target.information_target`."""
    return _gate_ce(e, e.over_present(_known(e.batch.informed)))


def gate_expected(e: ModelOutputs) -> Tensor:
    """The same with t averaged over the classes that the row may have."""
    return _gate_ce(e, e.over_present(_known(e.batch.expected)))


def _known(target: Tensor | None) -> Tensor:
    if target is None:
        raise ConfigError("this loss term needs responsibilities; the paradigm has no folds")
    return target


def gate_soft(e: ModelOutputs) -> Tensor:
    """-sum_c w_c log g_c: the same without sharpening."""
    return _gate_ce(e, e.responsibilities)


def gate_absolute(e: ModelOutputs) -> Tensor:
    """-sum_c w'_c log g_c with w as in :func:`ce_absolute`."""
    return _gate_ce(e, _leading(e.absolute))


def explained(e: ModelOutputs) -> Tensor:
    """Binary CE to the explained share sum_c w_c: the rest is noise or wrong labels."""
    logits = e.dmil.explained_logits
    if logits is None:
        raise ConfigError("this loss term needs a gate that predicts the explained share")
    target = e.batch.responsibilities.sum(dim=1)
    return binary_cross_entropy_with_logits(logits, target, reduction="none")


def kl_intra(e: ModelOutputs, modality: int) -> Tensor:
    """KL of q(M_m|z_m) and q(N_m|z_m) to N(0, I), nats per dimension; modality from 0."""
    return _kl(e, f"M{modality + 1}", f"N{modality + 1}")


def kl_consistency(e: ModelOutputs) -> Tensor:
    """KL of q(R|M1,M2) and q(U_m|M_m) to N(0, I), nats per dimension."""
    return _kl(e, "R", "U1", "U2", "U3")


def _kl(e: ModelOutputs, *names: str) -> Tensor:
    """KL to N(0, I) summed over those of these posteriors that the model has, (B,)."""
    each = (kl_standard(q) for name, q in e.dmil.posteriors.items() if name in names)
    return sum(each, _zeros(e))


def _zeros(e: ModelOutputs) -> Tensor:
    return e.out.logits.new_zeros(len(e.batch))


def align(e: ModelOutputs) -> Tensor:
    """sum_m KL(q(R|M1,M2) || v(R|M_m)): redundant information can be read from each modality.

    With three modalities, one that does not share the information is aligned as well, and can only
    widen its posterior.
    """
    helpers = e.reconstructions.helpers
    return sum((kl_between(e.dmil.posteriors["R"], v) for v in helpers), _zeros(e))


def recon_input(e: ModelOutputs, modality: int) -> Tensor:
    """Mean squared error of the input (or features) decoded from [M_m, N_m]; modality from 0."""
    output, target = e.reconstructions.inputs[modality]
    return (output - target).square().mean(dim=-1)


def recon_components(e: ModelOutputs) -> Tensor:
    """Mean squared error of M_m decoded from [R, U_m], summed over m."""
    pairs = e.reconstructions.components
    return sum(((a - b).square().mean(dim=-1) for a, b in pairs), _zeros(e))


def kl_bottleneck(*codes: str) -> Callable[[ModelOutputs], Tensor]:
    """KL of these codes' posteriors to N(0, I), nats per dimension (Mai et al., TMM 2022)."""

    def term(e: ModelOutputs) -> Tensor:
        if not isinstance(e.out, MibOutput):
            raise ConfigError("this loss term needs a bottleneck; joint and ensemble have none")
        return sum((kl_standard(e.out.posteriors[c]) for c in codes), torch.zeros(()))

    return term


def ce_both(e: ModelOutputs) -> Tensor:
    """CE of q12 in a product of three models (Madaan et al., NeurIPS 2024)."""
    if not isinstance(e.out, I2m2Output):
        raise ConfigError("this loss term needs a product; joint and ensemble have none")
    return _ce(e, e.out.both)


#: Terms that belong to no single modality.
TERMS: dict[str, Callable[[ModelOutputs], Tensor]] = {
    "ce": ce,
    "ce_flat": ce_flat,
    "ce_responsible": ce_responsible,
    "ce_soft": ce_soft,
    "ce_absolute": ce_absolute,
    "ce_pure": ce_pure,
    "gate": gate,
    "gate_informed": gate_informed,
    "gate_expected": gate_expected,
    "gate_soft": gate_soft,
    "gate_absolute": gate_absolute,
    "explained": explained,
    "kl_consistency": kl_consistency,
    "align": align,
    "recon_components": recon_components,
    "kl_codes": kl_bottleneck("Z1", "Z2"),
    "kl_fused": kl_bottleneck("F"),
    "ce_both": ce_both,
}

#: Families of terms: a term for every modality, which is counted from 0.
FAMILIES: dict[str, Callable[[ModelOutputs, int], Tensor]] = {
    "ce_unimodal": ce_unimodal,
    "ce_known": ce_known,
    "kl_intra": kl_intra,
    "recon_input": recon_input,
}


def weight_each(
    weights: Mapping[str, Weight], modalities: int, modality: int | None = None
) -> dict[str, float]:
    """Name of each single term -> its weight, families written out for the modalities.

    Parameters
    ----------
    weights
        Of terms and families, as in :class:`~dmil_core.config.Stage`.
    modality
        The only modality, from 1, that families apply to; None for all.

    Raises
    ------
    ConfigError
        If a name is neither in :data:`TERMS` nor in :data:`FAMILIES`, or a tuple of weights or the
        modality does not suit the number of modalities.
    """
    if modality is not None and not 1 <= modality <= modalities:
        raise ConfigError(f"modality {modality}: expected 1 to {modalities}, the data's modalities")
    numbers = range(1, modalities + 1) if modality is None else (modality,)
    result: dict[str, float] = {}
    for name, weight in weights.items():
        if name in FAMILIES:
            each = weight if isinstance(weight, tuple) else (weight,) * modalities
            if len(each) != modalities:
                raise ConfigError(
                    f"loss {name}: expected a weight or {modalities}, one for each modality, got "
                    f"{len(each)}"
                )
            result |= {term_name(name, m): each[m - 1] for m in numbers}
        elif name not in TERMS:
            raise ConfigError(f"loss {name}: expected names of {', '.join((*TERMS, *FAMILIES))}")
        elif isinstance(weight, tuple):
            raise ConfigError(f"loss {name}: expected one weight, since it is of no modality")
        else:
            result[name] = weight
    return result


def total(
    outputs: ModelOutputs, weights: Mapping[str, Weight], modality: int | None = None
) -> Tensor:
    """Weighted sum of terms and families, (B,); see :func:`weight_each`."""
    each = weight_each(weights, len(outputs.batch.inputs), modality)
    return weighted(terms(outputs, each), each)


def terms(outputs: ModelOutputs, names: Iterable[str]) -> dict[str, Tensor]:
    """Each of the named single terms, (B,)."""
    of_modality = {
        term_name(family, m + 1): (term, m)
        for family, term in FAMILIES.items()
        for m in range(len(outputs.batch.inputs))
    }

    def value(name: str) -> Tensor:
        if name in TERMS:
            return TERMS[name](outputs)
        term, m = of_modality[name]
        return term(outputs, m)

    return {name: value(name) for name in names}


def weighted(tensors: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """The weighted sum, (B,), of what :func:`terms` returned."""
    return sum((w * tensors[name] for name, w in weights.items()), torch.zeros(()))
