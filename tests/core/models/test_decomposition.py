"""Which part may look at what, and that the fusion can do what a sum cannot."""

from __future__ import annotations

import torch
from torch import nn

from dmil_core.models.decomposition import Consistency, Fusion, IntraModality

B, D = 5, 4


def test_uniqueness_sees_its_own_modality_only_and_redundancy_both() -> None:
    torch.manual_seed(0)
    part = Consistency(D)
    m1, m2, other = torch.randn(3, B, D)
    r, u1, u2 = part(m1, m2)
    r_, u1_, u2_ = part(m1, other)
    assert torch.equal(u1.mu, u1_.mu)
    assert not torch.allclose(u2.mu, u2_.mu)
    assert not torch.allclose(r.mu, r_.mu)
    assert not torch.allclose(r.mu, part(other, m2)[0].mu)


def test_helper_posteriors_see_one_modality_each() -> None:
    torch.manual_seed(0)
    part = Consistency(D)
    m1, m2, other = torch.randn(3, B, D)
    v1, v2 = part.helpers(m1, m2)
    v1_, v2_ = part.helpers(m1, other)
    assert torch.equal(v1.mu, v1_.mu)
    assert not torch.allclose(v2.mu, v2_.mu)


def test_each_decoder_uses_both_of_its_parts() -> None:
    torch.manual_seed(0)
    intra = IntraModality(features=6, latent=D, classes=3, target=7)
    m, n, other = torch.randn(3, B, D)
    made = intra.reconstruct(m, n)
    assert made.shape == (B, 7)
    assert not torch.allclose(made, intra.reconstruct(other, n))
    assert not torch.allclose(made, intra.reconstruct(m, other))


def test_the_parts_of_m1_are_rebuilt_from_r_and_u1_alone() -> None:
    torch.manual_seed(0)
    part = Consistency(D)
    r, u1, u2, other = torch.randn(4, B, D)
    first, second = part.reconstruct(r, u1, u2)
    first_, second_ = part.reconstruct(r, u1, other)
    assert torch.equal(first, first_)
    assert not torch.allclose(second, second_)


def test_fusion_is_not_additive() -> None:
    torch.manual_seed(0)
    fusion = Fusion(D, 16, 3)
    a, b, a_, b_ = torch.randn(4, B, D)
    mixed = fusion(a, b) - fusion(a, b_) - fusion(a_, b) + fusion(a_, b_)
    assert mixed.abs().max() > 1e-3


def test_one_linear_layer_on_the_fusion_s_inputs_can_do_xor() -> None:
    """Because of the product: of a and b alone no linear layer can."""
    fusion = Fusion(1, 4, 1)
    fusion.body = nn.Identity()
    a, b = (
        torch.tensor([[-1.0], [-1.0], [1.0], [1.0]]),
        torch.tensor([[-1.0], [1.0], [-1.0], [1.0]]),
    )
    differ = (a != b).float()
    assert torch.equal(0.5 - 0.5 * fusion(a, b)[:, 2:], differ)
