"""Post-hoc analysis of any model of two to four inputs, given as a callable; in nats.

``explain`` is the door: it draws ``partners``, evaluates the ``function`` on them, and puts
together ``emap`` (the best additive approximation), ``interaction`` (which inputs act together) and
``pointwise`` (redundant, unique and synergistic information). ``intervals`` has their errors,
``gaussian`` a closed form for continuous targets. ``callables`` makes a callable of a torch module
or a scikit-learn estimator; nothing else here knows either library.
"""
