"""Information that two sources hold about a class: exact from a distribution, in nats.

``pmf`` reads and checks a distribution of (x1, x2, y), ``discrete`` decomposes it as a whole by a
named measure (``broja`` holds the one that is a convex programme, ``maxent`` the distribution that
another one needs), ``pointwise`` decomposes single samples by a named definition.
"""
