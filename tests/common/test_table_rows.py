"""Rows of a plain table: what is kept, what is set aside, what stops the run."""

import ibis
import pandas as pd
import pytest

from podium.common.errors import RawDataError
from podium.common.raw_contract import RawFile
from podium.common.raw_files import open_raw_csv
from podium.common.table_rows import RowContract, clean_rows, read_asked_rows

CONTRACT = RowContract("name", ("size", "age"), ("kind",), "price")
TRAIN = RawFile("train.csv", CONTRACT.training_columns)
TEST = RawFile("test.csv", CONTRACT.asked_columns)
GOOD = [f"n{at},{at}.5,{at},k{at % 2},{at * 10}" for at in range(1, 9)]


def opened(folder, spec, rows):
    text = "\n".join([",".join(spec.columns), *rows]) + "\n"
    (folder / spec.name).write_text(text)
    return open_raw_csv(folder / spec.name, spec, ibis.duckdb.connect(threads=1))


def cleaned(folder, *more):
    return clean_rows(opened(folder, TRAIN, [*GOOD, *more]), CONTRACT)


def asked(folder, *rows):
    return read_asked_rows(opened(folder, TEST, rows), CONTRACT)


def counted(quality, action):
    rows = quality[quality["action"] == action]
    return dict(zip(rows["check"], rows["rows"], strict=True))


def test_good_rows_are_typed_in_the_order_of_the_file(tmp_path):
    table = cleaned(tmp_path).table
    assert table.columns.tolist() == list(CONTRACT.training_columns)
    assert table.iloc[2].tolist() == ["n3", 3.5, 3.0, "k1", 30.0]
    assert [str(kind) for kind in table.dtypes] == ["str", "float64", "float64", "str", "float64"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",1,1,k,1", "name is missing"),
        ("x,1,1,k,", "price is missing"),
        ("x,1,1,k,nan", "price is not a number"),
        ("x,1,1,k,1e999", "price is not a number"),
        ('x,1,1,k,"1,5"', "price is not a number"),
        ("x,1,1,k", "has 4 fields instead of 5 fields"),
        ("x,1,1,k,1,1", "has 6 fields instead of 5 fields"),
        ("n1,7,7,k,7", "name stands for different rows"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_its_reason(tmp_path, row, reason):
    result = cleaned(tmp_path, row)
    assert result.quarantine["reason"].unique().tolist() == [reason]
    assert result.quarantine["row"].iloc[-1] == 9
    assert result.quarantine["content"].iloc[-1] == row
    of_shape = counted(result.quality, "quarantined")
    assert of_shape == {reason: len(result.quarantine)}
    assert len(result.table) + len(result.quarantine) == 9


def test_rows_of_one_key_that_differ_are_all_set_aside_and_a_copy_is_dropped(tmp_path):
    result = cleaned(tmp_path, "n1,7,7,k,7", GOOD[1], GOOD[1])
    assert result.quarantine["row"].tolist() == [1, 9]
    assert "n1" not in set(result.table["name"])
    assert counted(result.quality, "dropped") == {"exact duplicate": 2}
    assert result.table["name"].tolist().count("n2") == 1


def test_numbers_are_repaired_or_set_to_null_and_counted(tmp_path):
    result = cleaned(tmp_path, "x,+1.5,old,,1", "y,,2,k,1", "")
    row = result.table.iloc[-2]
    assert row["size"] == 1.5 and pd.isna(row["age"]) and pd.isna(row["kind"])
    assert counted(result.quality, "repaired") == {
        "size written oddly": 1,
        "age wrong, set to null": 1,
    }
    assert counted(result.quality, "reported") == {"size is missing": 1}
    assert counted(result.quality, "dropped") == {"blank line": 1}


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("size", "many", "are no numbers; the first is 'many'"), ("price", "dear", "not a number")],
)
def test_a_column_wrong_throughout_is_refused(tmp_path, column, value, says):
    at = CONTRACT.training_columns.index(column)
    rows = [row.split(",") for row in GOOD]
    for row in rows[2:]:
        row[at] = value
    with pytest.raises(RawDataError, match=says) as caught:
        clean_rows(opened(tmp_path, TRAIN, map(",".join, rows)), CONTRACT)
    assert (caught.value.file, caught.value.column, caught.value.row) == ("train.csv", column, 3)


def test_no_row_left_is_refused(tmp_path):
    with pytest.raises(RawDataError, match="no usable row is left"):
        clean_rows(opened(tmp_path, TRAIN, ["a,1,1,k,1", "a,2,2,k,2"]), CONTRACT)


def test_asked_rows_keep_their_order_and_may_lack_values(tmp_path):
    table, quality = asked(tmp_path, "b,1,,k", "", "a,,2,")
    assert table["name"].tolist() == ["b", "a"]
    assert pd.isna(table.loc[0, "age"]) and pd.isna(table.loc[1, "kind"])
    assert counted(quality, "kept") == {"rows": 2} and counted(quality, "dropped")


@pytest.mark.parametrize(
    ("row", "column", "says"),
    [
        (",1,1,k", "name", "has no such value"),
        ("c,1,1", "name", "has 3 fields instead of 4"),
        ("a,1,1,k", "name", "'a' stands twice, first in row 1"),
    ],
)
def test_a_bad_asked_row_stops_the_run(tmp_path, row, column, says):
    with pytest.raises(RawDataError, match=says) as caught:
        asked(tmp_path, "a,1,1,k", "b,1,1,k", row)
    assert (caught.value.file, caught.value.column, caught.value.row) == ("test.csv", column, 3)


def test_an_asked_column_wrong_throughout_is_refused(tmp_path):
    with pytest.raises(RawDataError, match="2 of 3 values are no numbers") as caught:
        asked(tmp_path, "a,1,1,k", "b,x,1,k", "c,y,1,k")
    assert (caught.value.column, caught.value.row) == ("size", 2)


def test_a_column_of_numbers_may_be_wrong_by_half_or_empty(tmp_path):
    table, _ = asked(tmp_path, "a,1,,k", "b,x,,k", "c,,,k")
    assert table["size"].isna().tolist() == [False, True, True] and table["age"].isna().all()
