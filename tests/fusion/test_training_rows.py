"""Parts put together: one row per id, nothing lost, both classes there."""

import numpy as np
import pandas as pd
import pytest

from podium.common.data_quality import combine_quality
from podium.common.errors import RawDataError
from podium.fusion.embedding_records import EmbeddingRows, Fault
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.training_rows import CONFLICT, join_parts


def part(file, rows, faults=()):
    """Rows of (id, label, number); the number makes up the vectors."""
    frame = pd.DataFrame(
        {
            "id": pd.Series([row[0] for row in rows], dtype="str"),
            "label": pd.Series([row[1] for row in rows], dtype="int8"),
            "row": np.arange(1, len(rows) + 1, dtype="int32"),
        }
    )
    numbers = np.array([row[2] for row in rows], dtype=np.float32).reshape(-1, 1)
    pairs = EmbeddingPairs(np.hstack([numbers, numbers + 1]), np.hstack([numbers * 2, numbers]))
    return EmbeddingRows(file, EmbeddingTable(frame, pairs), len(rows) + len(faults), tuple(faults))


def counted(found, file, action):
    report = found.quality[(found.quality["file"] == file) & (found.quality["action"] == action)]
    return int(report["rows"].sum())


def test_part_2_follows_part_1():
    found = join_parts([part("one", [("a", 0, 1), ("b", 1, 2)]), part("two", [("c", 1, 3)])])
    assert found.table.rows.to_numpy().tolist() == [["a", 0, 1, 1], ["b", 1, 1, 2], ["c", 1, 2, 1]]
    assert found.table.pairs.image[:, 0].tolist() == [1, 2, 3]
    assert list(found.table.rows.dtypes.astype(str)) == ["str", "int8", "int8", "int32"]
    assert found.quarantine.empty


def test_equal_rows_of_an_id_are_one_row_also_across_parts():
    found = join_parts(
        [part("one", [("a", 0, 1), ("b", 1, 2), ("a", 0, 1)]), part("two", [("b", 1, 2)])]
    )
    assert found.table.ids.tolist() == ["a", "b"]
    assert counted(found, "one", "dropped") == 1
    assert counted(found, "two", "dropped") == 1
    assert found.quarantine.empty


@pytest.mark.parametrize("other", [("a", 1, 1), ("a", 0, 9)], ids=["label", "vectors"])
def test_different_rows_of_an_id_are_all_set_aside(other):
    found = join_parts([part("one", [("a", 0, 1), ("b", 0, 2), ("c", 1, 3)]), part("two", [other])])
    assert found.table.ids.tolist() == ["b", "c"]
    aside = found.quarantine[["file", "row", "reason"]].to_numpy().tolist()
    assert aside == [["one", 1, CONFLICT], ["two", 1, CONFLICT]]


def test_every_row_is_accounted_for():
    faults = [Fault(4, "label", "label is neither 0 nor 1", "2", "{}")]
    rows = [("a", 0, 1), ("a", 0, 1), ("b", 1, 2), ("c", 1, 0), ("c", 0, 0)]
    found = join_parts([part("one", rows, faults), part("two", [("d", 1, 4)])])
    report = combine_quality([found.quality], ["one", "two"])
    actions = report.pivot_table(index="file", columns="action", values="rows", aggfunc="sum")
    assert actions.loc["one", ["read", "kept", "dropped", "quarantined"]].tolist() == [6, 2, 1, 3]
    assert len(found.quarantine) == 3


def test_zero_vectors_are_counted_and_kept():
    two = part("one", [("a", 0, 1), ("b", 1, 2)])
    two.table.pairs.text[1] = 0
    found = join_parts([two])
    zero = found.quality[found.quality["check"] == "text vector is all zeros"]
    assert zero["rows"].tolist() == [1] and zero["action"].tolist() == ["reported"]
    assert "image vector is all zeros" not in set(found.quality["check"])
    assert len(found.table) == 2


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_refused(label):
    with pytest.raises(RawDataError, match=f"all 2 usable rows have label {label}") as caught:
        join_parts([part("one", [("a", label, 1), ("b", label, 2)])])
    assert (caught.value.file, caught.value.column) == ("one", "label")


def test_nothing_left_is_refused():
    with pytest.raises(RawDataError, match="no row can be used"):
        join_parts([part("one", [("a", 0, 1), ("a", 1, 1)])])
