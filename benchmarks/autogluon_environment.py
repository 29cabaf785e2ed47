"""AutoGluon's environment: its packages do not go with Podium's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PACKAGES = ("autogluon.tabular==1.6.3", "lightgbm", "xgboost", "catboost", "torch<2.14")


def make_environment(folder: Path) -> Path:
    """Make AutoGluon's environment unless it is there; returns its Python."""
    python, done = folder / "bin" / "python", folder / "installed.json"
    if not done.is_file() or json.loads(done.read_text()) != list(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        done.write_text(json.dumps(list(PACKAGES)))
    return python
