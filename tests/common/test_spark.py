"""Spark as an engine: what goes in comes out, and means what it means on DuckDB."""

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

ROWS = pd.DataFrame(
    {
        "user_id": np.array([1, 2, 3], np.int64),
        "plays": pd.array([4, None, 9007199254740993], dtype="Int64"),
        "genre": pd.array(["pop", None, "қазақша рэп"], dtype="str"),
        "fraction": np.array([0.5, np.nan, 0.25], np.float64),
        "position": np.array([0, 1, 2], np.int32),
    }
)
# Without what pandas notes there on its own types.
PLAIN = pa.Table.from_pandas(ROWS).replace_schema_metadata(None)


def both(spark, make, rows=ROWS):
    """The rows of an expression on each engine."""
    return [
        engine.to_pyarrow(make(ibis.memtable(rows))) for engine in (spark, ibis.duckdb.connect())
    ]


@pytest.mark.parametrize("rows", [ROWS, PLAIN], ids=["pandas", "arrow"])
def test_a_table_in_memory_comes_back_as_it_went(spark, rows):
    came, expected = both(spark, lambda table: table.order_by("user_id"), rows)
    assert came["plays"].to_pylist() == [4, None, 9007199254740993]
    assert came.equals(expected)


def test_a_missing_text_equals_nothing(spark):
    came, expected = both(spark, lambda table: table.select(same=table.genre == table.genre))
    assert came["same"].to_pylist() == expected["same"].to_pylist() == [True, None, True]


def test_a_float_in_an_expression_is_no_decimal(spark):
    came, expected = both(
        spark, lambda table: table.select(trend=(table.user_id + 1) * 30.0 / 7.0 / 11.0)
    )
    assert came.equals(expected)


def test_a_result_made_of_a_table_in_memory_is_held(spark):
    train = spark.create_view("plays_of_users", ibis.memtable(ROWS), overwrite=True)
    wanted = ibis.memtable(pd.DataFrame({"user_id": [1, 3]}))
    held = train.semi_join(wanted, "user_id").cache()
    assert sorted(held.user_id.to_pyarrow().to_pylist()) == [1, 3]


def test_a_stored_table_has_the_types_that_duckdb_gives_it(spark, tmp_path):
    file = tmp_path / "rows.parquet"
    times = pd.to_datetime(["2025-02-28T23:59:59.5", "2025-03-01T00:00:00.0", None]).as_unit("us")
    duckdb = ibis.duckdb.connect()
    duckdb.to_parquet(ibis.memtable(ROWS.assign(listened_at=times)), file)
    came, expected = spark.read_parquet(file), duckdb.read_parquet(file)
    assert came.schema() == expected.schema()
    assert came.order_by("user_id").to_pyarrow().equals(expected.order_by("user_id").to_pyarrow())
