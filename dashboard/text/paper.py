"""The architecture in words: what each part is for, its equations, what it learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

TITLE: Final = "Information-Theoretic Decomposition for Multimodal Interaction Learning"
AUTHORS: Final = ("Zequn Yang", "Yake Wei", "Haotian Ni", "Zhihao Xu", "Di Hu")
VENUE, YEAR, PAGES = "CVPR", 2026, (30278, 30287)
ARXIV: Final = "2606.11614"
PREPRINT: Final = f"https://arxiv.org/abs/{ARXIV}"
PROCEEDINGS: Final = (
    "https://openaccess.thecvf.com/content/CVPR2026/html/Yang_Information-Theoretic_Decomposition_"
    "for_Multimodal_Interaction_Learning_CVPR_2026_paper.html"
)


def bibtex() -> str:
    """The paper as an entry of BibTeX."""
    authors = " and ".join(", ".join(reversed(name.rsplit(" ", maxsplit=1))) for name in AUTHORS)
    first, last = PAGES
    fields = {
        "title": TITLE, "author": authors, "booktitle": VENUE, "year": YEAR,
        "pages": f"{first}--{last}", "note": f"arXiv:{ARXIV}",
    }  # fmt: skip
    lines = ",\n".join(f"  {name:<9} = {{{value}}}" for name, value in fields.items())
    return f"@inproceedings{{yang{YEAR}dmil,\n{lines}\n}}"


LEAD: Final = (
    "DMIL separates the information of its inputs into redundancy (R), uniqueness (U1, U2) and "
    "synergy (S), and predicts from their weighted sum. Click a part to see what it does."
)

#: Symbols of the equations: LaTeX, meaning, and of what the shape is: a part, or one of
#: ``classes``, ``components`` and ``one``.
SYMBOLS: Final = (
    (r"x_m", "input m", "x"),
    (r"y", "the class, one of K", "one"),
    (r"z_m", "features of input m, from its encoder", "z"),
    (r"M_m", "latent of input m that predicts the class alone", "m"),
    (r"N_m", "latent of the rest of input m", "n"),
    (r"R,\; U_m,\; S", "latents of redundancy, of uniqueness of input m, of synergy", "r"),
    (r"q,\; v", "posterior of a latent; posterior of R from one input, in training only", ""),
    (r"D_m,\; D", "decoders of inputs and of M, in training only", ""),
    (r"o_m", "logits of the unimodal head of input m", "classes"),
    (r"\ell_c,\; \ell", "logits of component c; logits of the prediction", "classes"),
    (
        r"p_m,\; p_S",
        "probabilities by the unimodal head of input m, and by the head of S",
        "classes",
    ),
    (r"g", "gate weights, which sum to 1", "components"),
    (r"w", "responsibilities: the share of a sample that each component explains", "components"),
    (r"w'", "the same, sharpened towards the largest", "components"),
    (r"W", "the explained share of a sample, the sum of w", "one"),
    (r"t", "gate target: responsibilities from information about the class", "components"),
    (r"e", "the estimate of W that is learned beside the gate", "one"),
    (r"E_m,\; f,\; G", "networks: encoder of input m, synergy, gate", ""),
    (r"W_c,\; b_c;\; V_m,\; v_m", "weights and biases of the heads", ""),
    (r"b", "how well input m alone predicts a held-out sample, corrected for chance", "one"),
)
SYMBOLS_ABOUT: Final = "Shapes are of one sample, for"

STAGES: Final = {
    "decompose": "1 (intra-modality decomposition)",
    "interact": "2 (consistency, synergy and gate)",
    "together": "3 (everything together)",
}
BOTH: Final = ("interact", "together")


@dataclass(frozen=True)
class Part:
    """A part of the architecture.

    Attributes
    ----------
    title : its name; ``{m}`` is an input's number, ``{one}`` its name.
    says : what it is for.
    equations : LaTeX, with ``{m}``.
    losses : what it learns from, in LaTeX and words.
    terms : names of the loss terms that only this part or few others learn from, with ``{m}``, and
        what each is called.
    stages : names of the stages that train it.
    latent : its latent on the map, with ``{m}``; empty for none.
    """

    title: str
    says: str
    equations: tuple[str, ...]
    losses: tuple[tuple[str, str], ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    stages: tuple[str, ...] = ()
    latent: str = ""


_KL = (r"D_{KL}\left(q \,\|\, \mathcal N(0, I)\right)", "keeps the latent small and smooth")
#: Their loss, by the names it has in our losses and in the released ones.
_HEADS = (("ce_responsible", "CE of all heads, bits"), ("ce_flat", "CE of all heads, bits"))

#: Kind of part -> what it is. Those with ``{m}`` are there once for each input.
PARTS: Final[dict[str, Part]] = {
    "x": Part(
        "Input {m}: {one}",
        "What the model is given.",
        (r"x_{m}",),
    ),
    "z": Part(
        "Encoder of {one}",
        "Turns the input into features. A norm keeps them from shrinking.",
        (r"z_{m} = \mathrm{LayerNorm}\left(E_{m}(x_{m})\right)",),
        ((r"\mathcal L_1, \mathcal L_2", "it is trained by all that is computed from it"),),
        (),
        ("decompose", "together"),
        "Z{m}",
    ),
    "m": Part(
        "M{m}: {one} alone",
        "The part of this input that predicts the class by itself.",
        (r"M_{m} \sim q(M_{m} \mid z_{m}) = \mathcal N(\mu, \sigma^2)",),
        (
            (
                r"CE\left(b\,y + (1-b)\tfrac 1K,\; p(y \mid M_{m})\right)",
                "its own head predicts the class, with the confidence that this input allows (b)",
            ),
            (
                r"\left\|x_{m} - D_{m}(M_{m}, N_{m})\right\|^2",
                "with N{m} it has to rebuild the input, so that nothing gets lost",
            ),
            _KL,
        ),
        (
            ("ce_known_x{m}", "CE of its head, bits"),
            ("ce_unimodal_x{m}", "CE of its head, bits"),
            ("recon_input_x{m}", "reconstructed input, MSE"),
            ("kl_intra_x{m}", "KL of M and N, bits"),
        ),
        ("decompose", "together"),
        "M{m}",
    ),
    "n": Part(
        "N{m}: the rest of {one}",
        "The residual of this input. Alone it does not predict the class; with the residual of the "
        "other input it may: it is the input to the synergy branch.",
        (r"N_{m} \sim q(N_{m} \mid z_{m}) = \mathcal N(\mu, \sigma^2)",),
        (
            (
                r"\left\|x_{m} - D_{m}(M_{m}, N_{m})\right\|^2",
                "with M{m} it has to rebuild the input",
            ),
            _KL,
        ),
        (
            ("recon_input_x{m}", "reconstructed input, MSE"),
            ("kl_intra_x{m}", "KL of M and N, bits"),
        ),
        ("decompose", "together"),
        "N{m}",
    ),
    "r": Part(
        "R: redundancy",
        "What the inputs share. Each input alone must be able to predict it.",
        (r"R \sim q(R \mid M_1, M_2)", r"v(R \mid M_m) \approx q(R \mid M_1, M_2)"),
        (
            (
                r"\sum_m D_{KL}\left(q(R \mid M_1, M_2) \,\|\, v(R \mid M_m)\right)",
                "what is redundant can be computed from either input",
            ),
            (
                r"\sum_m \left\|M_m - D(R, U_m)\right\|^2",
                "R and U of an input reconstruct its M",
            ),
            _KL,
        ),
        (
            ("align", "KL of guesses, bits"),
            ("recon_components", "reconstructed M, MSE"),
            ("kl_consistency", "KL of R and U, bits"),
        ),
        BOTH,
        "R",
    ),
    "u": Part(
        "U{m}: uniqueness of {one}",
        "What only this input carries.",
        (r"U_{m} \sim q(U_{m} \mid M_{m})",),
        ((r"\left\|M_{m} - D(R, U_{m})\right\|^2", "R and U{m} rebuild M{m}"), _KL),
        (("recon_components", "reconstructed M, MSE"), ("kl_consistency", "KL of R and U, bits")),
        BOTH,
        "U{m}",
    ),
    "s": Part(
        "S: synergy",
        "What only the combination of inputs carries. The product makes XOR linear.",
        (r"S = f\left(N_1, N_2, N_1 \odot N_2\right)",),
        ((r"w'_S \, CE\left(y,\; p(y \mid S)\right)", "samples that no input explains alone"),),
        _HEADS,
        BOTH,
        "S",
    ),
    "heads": Part(
        "A head for each component",
        "Each component adds a linear head to the logits of the inputs that it may use: U of one "
        "input, R and S of all. It is trained on the samples that it can explain, as given by "
        "models that have not seen the sample (w).",
        (
            r"\ell_c = o_c + W_c\, c + b_c, \quad c \in \{R, U_1, U_2, S\}",
            r"o_{U_m} = o_m, \quad o_R = o_S = \sum_m o_m, \quad o_m = V_m M_m + v_m",
        ),
        (
            (
                r"\sum_c w'_c\, CE(y, \ell_c), \quad w'_c = W\, \frac{w_c^8}{\sum_k w_k^8}",
                "nearly all of a sample goes to the component that explains most of it",
            ),
        ),
        _HEADS,
        BOTH,
    ),
    "gate": Part(
        "The gate",
        "Weighs the components for each sample, and estimates how much of it none explains.",
        (r"g = \mathrm{softmax}\left(G(M, N, p_{1}, p_{2}, p_S)\right), \quad \sum_c g_c = 1",),
        (
            (
                r"-\sum_c t_c \log g_c",
                "it is trained to the component that can explain the sample, by the share of the "
                "information about its class that each input has",
            ),
            (r"BCE\left(\sum_c w_c,\; e\right)", "and whether any can"),
        ),
        (
            ("gate_informed", "CE to t, bits"),
            ("gate_expected", "CE to t, bits"),
            ("gate", "CE to w', bits"),
            ("explained", "BCE of explained, bits"),
        ),
        BOTH,
    ),
    "answer": Part(
        "The prediction",
        "The logits of the components, weighed by the gate. Nothing else goes into it, so each "
        "contribution is exact.",
        (r"\ell = \sum_c g_c\, \ell_c", r"p(y \mid x_1, x_2) = \mathrm{softmax}(\ell)"),
        ((r"CE(y, \ell)", "the prediction itself, in the last stage"),),
        (("ce", "CE of the prediction, bits"),),
        ("together",),
    ),
}

#: The heads of a model whose components do not build on the unimodal heads.
SEPARATE_HEADS: Final = replace(
    PARTS["heads"],
    says="Each component has a linear head of its own. It is trained on the samples that it can "
    "explain, as given by models that have not seen the sample (w).",
    equations=(r"\ell_c = W_c\, c + b_c, \quad c \in \{R, U_1, U_2, S\}",),
)

#: Kind of part -> the words in its box; an input has its own name.
SHORT: Final = {
    "x": "",
    "z": "encoder",
    "m": "alone",
    "n": "residual",
    "r": "redundancy",
    "u": "uniqueness",
    "s": "synergy",
    "heads": "logits each",
    "gate": "weighs them",
    "answer": "weighted sum",
}

OWN_LOSS: Final = (
    "On validation samples, before its weight in the stage's loss. MSE: mean squared error; all "
    "else is in bits. Open marks: the best epoch, whose weights the next stage begins with."
)
STAGE_LOSS: Final = (
    "The loss of the whole stage on validation samples: this part's own was not kept. `dmil train` "
    "with --overwrite keeps it."
)

#: Bits by which an estimate may miss.
_SLACK: Final = 0.01

THEOREM: Final = (
    "The information a representation carries about the class is at least its information within "
    "each interaction type, minus its uncertainty about the type, plus what the type itself "
    "reveals."
)
THEOREM_EQUATION: Final = r"I(Z;Y) \ge \mathbb E_c\left[I(Z;Y \mid c)\right] - H(C \mid Z) + I(Y;C)"
THEOREM_TERMS: Final = (
    "Z is the representation that a model predicts from, Y the class, C the interaction type. "
    "I(Z;Y): its information about the class. E I(Z;Y|c): the same within each interaction type. "
    "H(C|Z): its uncertainty about the type. I(Y;C): what the type itself reveals."
)
DISTRIBUTION: Final = (
    "Measured on the generated set `switch`, where the interaction type of every sample is known: "
    "with all inputs equally clear, and with the second three times weaker."
)
WHO: Final = {
    "together": "both inputs, exact",
    "added": "each alone, added, exact",
}


def why(terms: Sequence[Mapping[str, Any]]) -> str:
    """The measured terms of one distribution in words, from rows of `services.paper.theorem`."""
    rows = {str(row["who"]): row for row in terms}
    models = {who: row for who, row in rows.items() if row["seeds"]}
    by_synergy = sorted(models, key=lambda who: models[who]["synergy"])
    blind = max(models, key=lambda who: models[who]["equivocation"])
    least, most = by_synergy[0], by_synergy[-1]
    sentences = [
        f"Samples of synergy hold **{rows['together']['synergy']:.2f} bits** of their class.",
        f"A linear probe finds {_bits(models[most]['synergy'])} of them in **{most}** and "
        f"{_bits(models[least]['synergy'])} in **{least}**.",
        f"The uncertainty about the interaction type, H(C|Z), is largest in **{blind}**: "
        f"{_bits(models[blind]['equivocation'])} bits.",
    ]
    broken = [who for who, row in models.items() if row["information"] < row["bound"] - _SLACK]
    if broken:
        sentences.append(f"By these measurements the bound does not hold in {', '.join(broken)}.")
    return " ".join(sentences)


def _bits(value: float) -> str:
    # Estimates of nothing lie a little below 0.
    return f"{max(value, 0.0):.2f}"
