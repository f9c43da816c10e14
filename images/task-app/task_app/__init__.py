"""The Crafter task app: one text environment behind the rollout contract. `app.py` is its table of contents."""

VERSION = "1.0.0"
