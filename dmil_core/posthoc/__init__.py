"""Post-hoc analysis of any model of two to four inputs, given as a callable; in nats.

``explain`` is the door. It reads the ``samples``, draws ``partners`` and evaluates the ``function``
on them (``values``); of these are made ``emap`` (the best additive approximation), ``interaction``
(which inputs act together) and ``pointwise`` (redundant, unique and synergistic information), with
``intervals``, and put together in an ``explanation``. ``gaussian`` has a closed form for continuous
targets. ``callables`` makes a callable of a torch module or a scikit-learn estimator; nothing else
here knows either library. ``imported`` takes up predictions of a model that was trained elsewhere,
which cannot be called.
"""
