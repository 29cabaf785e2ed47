"""Each row is kept or set aside with its reason; a file wrong throughout is refused."""

import itertools
import json
import tracemalloc

import numpy as np
import pytest

from podium.common.errors import RawDataError
from podium.common.json_records import JsonRecord, read_records
from podium.fusion.asked_rows import check_asked_rows
from podium.fusion.embedding_records import EmbeddingContract, collect_embeddings

LENGTH = 3
CONTRACT = EmbeddingContract(LENGTH, labelled=True)
TEST = EmbeddingContract(LENGTH, labelled=False)
GOOD = {
    "id": "a1",
    "label": 1,
    "image_embedding": [0.5, -2, 1e-3],
    "text_embedding": [1.0, 0.0, 3.0],
}


def collect(folder, rows, contract=CONTRACT, per_line=False):
    path = folder / "rows.json"
    path.write_text("\n".join(map(json.dumps, rows)) if per_line else json.dumps(rows))
    return collect_embeddings(read_records(path, "rows.json"), "rows.json", contract)


def numbered(count, **changes):
    return [{**GOOD, "id": f"id{at}", **changes} for at in range(count)]


def test_values_types_and_order(tmp_path):
    rows = [{**GOOD, "id": 7, "label": 0}, {**GOOD, "text_embedding": [9, 8, 7]}]
    found = collect(tmp_path, rows)
    assert found.table.ids.tolist() == ["7", "a1"]
    assert found.table.labels.tolist() == [0, 1]
    assert found.table.rows["row"].tolist() == [1, 2]
    assert found.table.pairs.image.dtype == np.float32
    np.testing.assert_array_equal(found.table.pairs.image, np.float32([[0.5, -2, 1e-3]] * 2))
    np.testing.assert_array_equal(found.table.pairs.text, np.float32([[1, 0, 3], [9, 8, 7]]))
    assert (found.rows, found.faults, found.extra_columns) == (2, (), ())


def test_many_rows_keep_their_vectors(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5000, 2, LENGTH))
    rows = [
        {**GOOD, "id": at, "image_embedding": list(pair[0]), "text_embedding": list(pair[1])}
        for at, pair in enumerate(vectors)
    ]
    found = collect(tmp_path, rows).table
    np.testing.assert_array_equal(found.pairs.image, vectors[:, 0].astype(np.float32))
    np.testing.assert_array_equal(found.pairs.text, vectors[:, 1].astype(np.float32))


NAN, INFINITY = float("nan"), float("inf")
DIRT = {
    "no id": ("id", None, "id is missing"),
    "null id": ("id", [None], "id is neither text nor a whole number"),
    "fractional id": ("id", [1.5], "id is neither text nor a whole number"),
    "true as id": ("id", [True], "id is neither text nor a whole number"),
    "blank id": ("id", ["  "], "id is neither text nor a whole number"),
    "half a character": ("id", ["\ud800"], "id is neither text nor a whole number"),
    "no label": ("label", None, "label is missing"),
    "label 2": ("label", [2], "label is neither 0 nor 1"),
    "label -1": ("label", [-1], "label is neither 0 nor 1"),
    "label 0.5": ("label", [0.5], "label is neither 0 nor 1"),
    "text label": ("label", ["1"], "label is neither 0 nor 1"),
    "true label": ("label", [True], "label is neither 0 nor 1"),
    "null label": ("label", [None], "label is neither 0 nor 1"),
    "NaN label": ("label", [NAN], "label is neither 0 nor 1"),
    "list as label": ("label", [[1]], "label is neither 0 nor 1"),
}
for _name in ("image_embedding", "text_embedding"):
    _length = f"{_name} does not have 3 numbers"
    _number = f"{_name} holds something else than numbers"
    _finite = f"{_name} holds a number that is not finite"
    DIRT |= {
        f"no {_name}": (_name, None, f"{_name} is missing"),
        f"null {_name}": (_name, [None], f"{_name} is no list"),
        f"text {_name}": (_name, ["1,2,3"], f"{_name} is no list"),
        f"object {_name}": (_name, [{"0": 1}], f"{_name} is no list"),
        f"short {_name}": (_name, [[1, 2]], _length),
        f"long {_name}": (_name, [[1, 2, 3, 4]], _length),
        f"empty {_name}": (_name, [[]], _length),
        f"text in {_name}": (_name, [[1, "2", 3]], _number),
        f"null in {_name}": (_name, [[1, 2, None]], _number),
        f"true in {_name}": (_name, [[True, 2, 3]], _number),
        f"false in {_name}": (_name, [[1, 2, False]], _number),
        f"list in {_name}": (_name, [[1, [2], 3]], _number),
        f"NaN in {_name}": (_name, [[1, NAN, 3]], _finite),
        f"Infinity in {_name}": (_name, [[1, 2, INFINITY]], _finite),
        f"-Infinity in {_name}": (_name, [[-INFINITY, 2, 3]], _finite),
        f"beyond float32 in {_name}": (_name, [[1, 1e39, 3]], _finite),
        f"beyond a double in {_name}": (_name, [[1, int("9" * 400), 3]], _finite),
    }


@pytest.mark.parametrize(("column", "value", "reason"), DIRT.values(), ids=DIRT)
@pytest.mark.parametrize("per_line", [False, True], ids=["list", "lines"])
def test_a_faulty_row_is_set_aside(tmp_path, column, value, reason, per_line):
    bad = {key: each for key, each in GOOD.items() if key != column}
    if value is not None:
        bad[column] = value[0]
    found = collect(tmp_path, [*numbered(2), bad, *numbered(1)], per_line=per_line)
    assert [(fault.row, fault.column, fault.reason) for fault in found.faults] == [
        (3, column, reason)
    ]
    assert found.table.rows["row"].tolist() == [1, 2, 4]
    assert len(found.table.pairs) == 3
    quarantine = found.quarantine()
    assert quarantine[["file", "row", "reason"]].to_numpy().tolist() == [["rows.json", 3, reason]]
    assert len(quarantine["content"].iloc[0]) <= 201


@pytest.mark.parametrize(("column", "value", "reason"), DIRT.values(), ids=DIRT)
def test_wrong_throughout_is_refused_with_file_field_and_first_row(tmp_path, column, value, reason):
    bad = {key: each for key, each in GOOD.items() if key != column}
    if value is not None:
        bad[column] = value[0]
    with pytest.raises(RawDataError) as caught:
        collect(tmp_path, [*numbered(2), bad, bad, bad])
    error = caught.value
    assert (error.file, error.column, error.row) == ("rows.json", column, 3)
    assert reason in str(error)
    assert "3 of 5 rows" in str(error)


def test_half_of_the_rows_may_be_faulty_and_no_more(tmp_path):
    good, bad = numbered(4), numbered(4, label=2)
    assert len(collect(tmp_path, [*good, *bad]).faults) == 4
    with pytest.raises(RawDataError, match="5 of 9 rows"):
        collect(tmp_path, [*good, *bad, bad[0]])


def test_many_different_faults_are_wrong_throughout_too(tmp_path):
    rows = [*numbered(3), *numbered(2, label=2), *numbered(2, image_embedding=[1])]
    with pytest.raises(RawDataError, match="4 of 7 rows") as caught:
        collect(tmp_path, rows)
    assert caught.value.row == 4


def test_a_field_is_judged_on_the_rows_whose_earlier_fields_are_right(tmp_path):
    rows = [*numbered(3, id=None), *numbered(2), *numbered(4, label=2)]
    with pytest.raises(RawDataError, match="4 of 6 rows") as caught:
        collect(tmp_path, rows)
    assert (caught.value.column, caught.value.row) == ("label", 6)


def test_a_label_written_as_a_decimal_number_counts(tmp_path):
    assert collect(tmp_path, [{**GOOD, "label": 1.0}]).table.labels.tolist() == [1]


def test_fields_that_nobody_asked_for_are_named(tmp_path):
    assert collect(tmp_path, [{**GOOD, "z": 1, "meta": {"a": 2}}]).extra_columns == ("meta", "z")


def test_a_file_of_empty_objects_is_given_up_early():
    endless = (JsonRecord(at, b"{}", {}) for at in itertools.count(1))
    tracemalloc.start()
    with pytest.raises(RawDataError, match="id is missing"):
        collect_embeddings(endless, "rows.json", CONTRACT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_memory_stays_near_the_size_of_the_arrays():
    """20,000 rows of 2 x 512: the arrays, an eighth of each in reserve, and little else."""
    values = {**GOOD, "image_embedding": [0.5] * 512, "text_embedding": [0.25] * 512}
    records = (JsonRecord(at, b"{}", {**values, "id": at}) for at in range(1, 20_001))
    tracemalloc.start()
    table = collect_embeddings(records, "x", EmbeddingContract(512, labelled=True)).table
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.4 * (table.pairs.image.nbytes + table.pairs.text.nbytes)


def asked(folder, ids, sequential=True):
    rows = [{key: GOOD[key] for key in GOOD if key != "label"} | {"id": each} for each in ids]
    check_asked_rows(collect(folder, rows, TEST), sequential=sequential)


def test_test_ids_may_stand_in_any_order(tmp_path):
    asked(tmp_path, [2, "1", 3])


@pytest.mark.parametrize(
    ("ids", "row", "says"),
    [
        ([1, 2, 4, 5], 3, "1 to 4, but 3 are missing"),
        ([2, 3], 1, "but 1 are missing"),
        ([0, 1, 2], 1, "found '0'"),
        ([1, 2, "b3"], 3, "found 'b3'"),
        ([1, "01"], 2, "found '01'"),
        ([1, 2, 2], 3, "'2' stands twice, first in row 2"),
        ([1, 2, 10**15], 3, "found '1000"),
        ([*range(1, 10), *range(20, 40)], 10, "10, 11, 12, 13, 14 and 5 more are missing"),
    ],
)
def test_test_ids_must_be_whole(tmp_path, ids, row, says):
    with pytest.raises(RawDataError) as caught:
        asked(tmp_path, ids)
    assert (caught.value.column, caught.value.row) == ("id", row)
    assert says in str(caught.value)


def test_hashed_test_ids_are_taken_where_the_sequence_is_switched_off(tmp_path):
    asked(tmp_path, ["x", "7", 9], sequential=False)
    with pytest.raises(RawDataError, match="'x' stands twice"):
        asked(tmp_path, ["x", "y", "x"], sequential=False)


def test_one_faulty_test_row_is_refused(tmp_path):
    rows = [{**GOOD, "id": at} for at in (1, 2, 3)]
    rows[1]["text_embedding"] = [1, NAN, 2]
    found = collect(tmp_path, rows, TEST)
    with pytest.raises(RawDataError) as caught:
        check_asked_rows(found, sequential=True)
    assert (caught.value.column, caught.value.row) == ("text_embedding", 2)
