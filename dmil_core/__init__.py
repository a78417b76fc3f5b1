"""DMIL Explorer's core: explicit decomposition of multimodal models into R, U1, U2 and S."""

__version__ = "0.1.0"
