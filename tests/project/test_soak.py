"""Random kills, as `make soak` does them by the dozen on sample data."""

import random

import pytest
from soak import Soak

KILLS = 2


@pytest.mark.parametrize("challenge", ["museum", "amazon"])
def test_killed_at_random_it_ends_with_the_same_bytes(project_copy, challenge):
    root = project_copy.data_root(f"soak_{challenge}", challenge=challenge)

    def start(*words):
        return project_copy.start(
            f"--pipeline={challenge}", *words, root=root, own_process_group=True
        )

    soak = Soak(challenge, root, start, KILLS, random.Random(0))
    soak.run()
    assert soak.finished >= 1
