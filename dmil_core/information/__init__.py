"""Pointwise mutual information of two inputs with the class, estimated from samples, in nats.

``estimator`` is the scikit-learn estimator: ``posteriors`` has its networks, ``densities`` its
mixtures of Gaussians. ``sets`` applies it to a data set, ``latents`` to the latents of a trained
model, ``stream`` to a file of any length, and ``store`` keeps the estimates of a set in a file.
``heads`` computes the same quantities from a trained model's own heads, ``truth`` from a known
distribution. The decompositions themselves are in :mod:`dmil_core.partial_information`.
"""
