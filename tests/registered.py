"""What the tests of all challenges look at: each of them, and its registered pipelines."""

from pathlib import Path

import pytest

from podium.challenges import TUNING, challenges

PROJECT = Path(__file__).parents[1]

every_challenge = pytest.mark.parametrize("challenge", challenges())


def with_tuning(pipelines, challenge):
    """The whole pipeline of a challenge and that of its tuning."""
    return pipelines[challenge] + pipelines[f"{challenge}.{TUNING}"]
