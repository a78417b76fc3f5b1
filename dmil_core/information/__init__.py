"""What two inputs tell of a class, in nats: exact from a distribution or distribution, estimated
from rows.

``pmf`` reads and checks a distribution of (x1, x2, y), ``discrete`` decomposes it as a whole by a
named measure (``broja`` holds the one that is a convex programme, ``maxent`` the distribution that
another one needs; ``conic`` is the solver of both). ``pointwise`` splits what is told of single
samples by a named definition, from a ``truth`` that is known or by an ``estimator``, which has
``posteriors`` from small networks and ``densities`` from mixtures; ``sets`` applies it to a data
set, ``latents`` to what a model makes of it, ``stream`` to a file of any length. ``heads`` does the
same with what a trained model's own heads say (``calibration`` makes these honest), and
``discretised`` decomposes a whole set by counting clusters. ``account`` is what is kept of a set
for the app: estimates of its rows, and its clusters.
"""
