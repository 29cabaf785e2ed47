"""A table of embeddings keeps its rows and vectors together, also through Arrow."""

import numpy as np
import pandas as pd
import pytest

from podium.fusion.embedding_table import EmbeddingTable, stack_tables
from podium.fusion.pairs import EmbeddingPairs


def table(rows=5, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"id": [f"r{at}" for at in range(rows)], "label": np.arange(rows, dtype="int8") % 2}
    )
    image = rng.normal(size=(rows, 3)).astype(np.float32)
    text = rng.normal(size=(rows, 4)).astype(np.float32)
    return EmbeddingTable(frame, EmbeddingPairs(image, text))


def same(one, other):
    pd.testing.assert_frame_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.pairs.image, other.pairs.image)
    np.testing.assert_array_equal(one.pairs.text, other.pairs.text)


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_there_and_back_through_arrow(rows):
    made = table(rows)
    arrow = made.to_arrow()
    assert arrow.schema.field("image_embedding").type.list_size == 3
    assert str(arrow.schema.field("text_embedding").type.value_type) == "float"
    same(EmbeddingTable.from_arrow(arrow), made)


def test_a_slice_of_an_arrow_table_has_its_own_vectors():
    made = table()
    same(EmbeddingTable.from_arrow(made.to_arrow().slice(2, 2)), made.take(np.array([2, 3])))


def test_take_by_mask_and_by_position():
    made = table()
    mask = np.array([False, True, False, True, False])
    same(made.take(mask), made.take(np.array([1, 3])))
    assert made.take(np.array([3, 1])).ids.tolist() == ["r3", "r1"]
    np.testing.assert_array_equal(made.take(np.array([3, 1])).pairs.text, made.pairs.text[[3, 1]])


def test_stack():
    both = stack_tables([table(2, 0), table(3, 1)])
    assert both.ids.tolist() == ["r0", "r1", "r0", "r1", "r2"]
    assert both.rows.index.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(both.pairs.image[2:], table(3, 1).pairs.image)
    assert both.labels.dtype == np.int8


def test_rows_and_vectors_of_different_number_are_refused():
    made = table()
    with pytest.raises(ValueError, match="4 rows, 5 pairs"):
        EmbeddingTable(made.rows.iloc[:4], made.pairs)
