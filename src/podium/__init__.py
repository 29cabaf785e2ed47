"""Podium: machine-learning competitions from raw files to a checked submission."""

import os

__version__ = "0.1.0"

# Threads of LightGBM, XGBoost and implicit that wait for each other sleep instead of spinning. It
# costs nothing on an idle machine and keeps a busy one from slowing down twentyfold. OpenMP reads
# it when the first of them is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
