import numpy as np
import pytest

from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.row_facts import row_facts


def test_norms_and_the_cosine_after_centring_by_hand():
    """At unit length the sides are (1, 0), (0, 1) against (0, 1), (1, 0): opposite once centred."""
    pairs = EmbeddingPairs(
        np.array([[3, 0], [0, 2]], np.float32), np.array([[0, 5], [4, 0]], np.float32)
    )
    facts = row_facts(pairs)
    assert list(facts) == ["image_norm", "text_norm", "cosine"]
    assert facts["image_norm"].tolist() == [3, 2] and facts["text_norm"].tolist() == [5, 4]
    assert facts["cosine"].tolist() == pytest.approx([-1, -1])
    same = row_facts(EmbeddingPairs(pairs.image, 7 * pairs.image))
    assert same["cosine"].tolist() == pytest.approx([1, 1])
    assert (facts.dtypes == "float32").all()


def test_a_row_at_the_mean_has_cosine_zero_and_sides_of_other_lengths_have_none():
    alike = np.ones((3, 4), np.float32)
    other = np.eye(3, 4, dtype=np.float32)
    assert row_facts(EmbeddingPairs(alike, other))["cosine"].tolist() == [0, 0, 0]
    assert list(row_facts(EmbeddingPairs(alike, other[:, :2]))) == ["image_norm", "text_norm"]
