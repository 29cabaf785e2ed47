"""The makers of raw files of every challenge stand beside its own tests."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
for folder in ("pipelines/hearme", "pipelines/echoes", "pipelines/amazon", "vision", "robustness"):
    if str(TESTS / folder) not in sys.path:
        sys.path.insert(0, str(TESTS / folder))
