"""The Crafter task app: one text environment behind the rollout contract. `app.py` is its table of contents."""

# First of all: it sets up numba, which must happen before any module of the package imports crafter.
from . import noise as noise

VERSION = "1.0.0"
