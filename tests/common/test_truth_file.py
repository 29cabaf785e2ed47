import pytest

from podium.common.errors import RawDataError
from podium.common.truth_file import number_column, read_truth_text


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
