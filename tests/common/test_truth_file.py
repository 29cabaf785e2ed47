import pandas as pd
import pytest

from podium.common.errors import RawDataError
from podium.common.truth_file import (
    number_column,
    read_truth_column,
    read_truth_text,
    rows_with_truth,
)


def write(tmp_path, content):
    path = tmp_path / "truth.csv"
    path.write_bytes(content)
    return path


def test_numbers_keep_their_kind(tmp_path):
    frame = read_truth_text(write(tmp_path, b"user_id,price\n9007199254740991,1.5\n2.0,1e3\n"))
    whole = number_column(frame, "user_id", "truth.csv", whole=True)
    assert whole.dtype == "int64" and whole.tolist() == [9007199254740991, 2]
    assert number_column(frame, "price", "truth.csv", whole=False).tolist() == [1.5, 1000.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truth.csv: the file is empty"),
        (b"user_id\n", "truth.csv: the file has no rows"),
        (b"user_id\n1\n\xff\n", "truth.csv: cannot be read as CSV"),
        (b"user_id,x\n1,2\n1,2,3,4\n", "truth.csv: cannot be read as CSV"),
        (b"item_id\n1\n", "truth.csv, column 'user_id': the column is missing; found item_id"),
        (b"user_id\n1\nabc\n", "truth.csv, column 'user_id', row 2: expected a whole number"),
        (b"user_id\n1\n1.5\n", "row 2: expected a whole number, found '1.5'"),
        (b"user_id,x\n1,\n,\n", "row 2: expected a whole number, found ''"),
        (b"user_id\ninf\n", "row 1: expected a whole number, found 'inf'"),
    ],
)
def test_faults_name_file_column_and_row(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(RawDataError) as error:
        number_column(read_truth_text(path), "user_id", path.name, whole=True)
    assert message in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RawDataError, match="none.csv"):
        read_truth_text(tmp_path / "none.csv")


def below_zero(values):
    return values < 0


def test_a_column_of_numbers_by_the_names_of_the_rows(tmp_path):
    path = write(tmp_path, b"name,price\na,1.5\nb,2\n")
    for refused in (None, below_zero):
        found = read_truth_column(path, "name", "price", refused=refused, problem="is below zero")
        assert found.to_dict() == {"a": 1.5, "b": 2.0}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"id,price\na,1\n", "truth.csv, column 'name': the column is missing"),
        (
            b"name,price\nb,1\na,2\nc,3\na,4\n",
            "truth.csv, column 'name', row 4: 'a' stands twice, first in row 2",
        ),
        (b"name,price\na,1\nb,2\nc,-3\n", "column 'price', row 3: '-3' is below zero"),
    ],
)
def test_a_column_that_cannot_be_used_is_told(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(RawDataError) as error:
        read_truth_column(path, "name", "price", refused=below_zero, problem="is below zero")
    assert message in str(error.value)


ASKED = pd.Index(["a", "b", "c"], name="name")


def test_rows_that_the_truth_knows(tmp_path):
    path = tmp_path / "truth.csv"
    for some_do in (False, True):
        assert rows_with_truth(ASKED, "cab", path, "price", some_do=some_do).all()
    assert rows_with_truth(ASKED, "b", path, "price", some_do=True).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("known", "some_do", "told"),
    [("b", False, "2 of 3 rows"), ("x", True, "3 of 3 rows"), ("", False, "3 of 3 rows")],
)
def test_rows_that_the_truth_does_not_know_are_told(tmp_path, known, some_do, told):
    with pytest.raises(RawDataError, match=f"{told} have no price, the first is name 'a'"):
        rows_with_truth(ASKED, known, tmp_path / "truth.csv", "price", some_do=some_do)
