"""Podium: machine-learning competitions from raw files to a checked submission."""

import os

__version__ = "0.1.0"

# Threads of LightGBM, XGBoost and implicit that wait for each other look for work for some
# microseconds, then sleep. To look for long slows a busy machine down twentyfold; not to look at
# all costs half the speed of an idle one. OpenMP reads both when the first of them is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
