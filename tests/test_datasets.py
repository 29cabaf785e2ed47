"""Every dataset of the project is written whole or not at all."""

import os
import sys
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from podium import datasets
from podium.common.errors import PodiumError
from podium.outdated import OutdatedFiles
from podium.pipelines.hearme import raw_contract

TABLE = pd.DataFrame({"user_id": [1, 2], "score": [0.25, 0.5]})
CONNECTION = {"backend": "duckdb", "database": ":memory:"}


class Broken:
    """What cannot be saved, noticed only while it is written."""

    def __reduce__(self):
        raise RuntimeError("broken midway")


def figure():
    import plotly.graph_objects as go

    return go.Figure(go.Bar(x=[1, 2], y=[3, 4]))


def broken_table():
    table = ibis.memtable(TABLE)
    return table.mutate(score=ibis.literal("no number").cast("int64") + table.user_id)


def broken_parts():
    def fail():
        raise RuntimeError("broken midway")

    return {"fold_0": lambda: TABLE, "fold_1": fail}


def same_frame(one, other):
    pd.testing.assert_frame_equal(one, other)


def same_parts(one, other):
    assert list(one) == list(other)
    for name in one:
        same_frame(one[name](), other[name]())


CASES = {
    "csv": (datasets.CSVDataset, {"save_args": {"index": False}}, TABLE, object(), same_frame),
    "parquet": (
        datasets.ParquetDataset,
        {},
        TABLE,
        pd.DataFrame({"mixed": [1, "x", Broken]}),
        same_frame,
    ),
    "json": (
        datasets.JSONDataset,
        {},
        {"score": 0.5},
        {"score": 0.5, "late": object()},
        lambda one, other: one == other or pytest.fail(f"{one} != {other}"),
    ),
    "pickle": (
        datasets.PickleDataset,
        {},
        {"a": 1},
        [list(range(100_000)), Broken()],
        lambda one, other: one == other or pytest.fail("differ"),
    ),
    "plot": (
        datasets.PlotlyDataset,
        {},
        figure(),
        object(),
        lambda one, other: list(one.data[0].y) == list(other.data[0].y) or pytest.fail("differ"),
    ),
    "html": (
        datasets.HTMLDataset,
        {},
        "<p>Қазақ</p>",
        object(),
        lambda one, other: one == other or pytest.fail("differ"),
    ),
    "table": (
        datasets.TableDataset,
        {"connection": CONNECTION},
        TABLE,
        broken_table(),
        lambda one, other: same_frame(one.execute(), other),
    ),
    "folded": (
        datasets.FoldedTableDataset,
        {},
        {"fold_0": lambda: TABLE, "fold_1": lambda: TABLE.iloc[:1]},
        broken_parts(),
        same_parts,
    ),
}
CASES["folded pickles"] = (datasets.FoldedPickleDataset, *CASES["folded"][1:])
SUFFIX = {"csv": ".csv", "json": ".json", "plot": ".json", "html": ".html"}
SUFFIX |= {"folded": "", "folded pickles": ""}


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    kind, options, good, bad, same = CASES[request.param]
    path = tmp_path / "deep" / f"data{SUFFIX.get(request.param, '.parquet')}"
    dataset = kind(filepath=str(path), metadata={"kedro-viz": {"layer": "primary"}}, **options)
    return dataset, path, good, bad, same


def test_round_trip(case):
    dataset, path, good, _, same = case
    assert not dataset.exists()
    dataset.save(good)
    assert dataset.exists() and path.exists()
    same(dataset.load(), good)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_saving_again_replaces(case):
    dataset, path, good, _, same = case
    dataset.save(good)
    dataset.save(good)
    same(dataset.load(), good)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_save_that_fails_leaves_the_old_file(case):
    dataset, path, good, bad, same = case
    dataset.save(good)
    with pytest.raises(Exception, match="."):
        dataset.save(bad)
    same(dataset.load(), good)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    dataset.save(good)  # the path is its own again


def test_a_save_that_fails_leaves_nothing_where_nothing_was(case):
    dataset, path, _, bad, _ = case
    with pytest.raises(Exception, match="."):
        dataset.save(bad)
    assert not dataset.exists()
    assert list(path.parent.iterdir()) == []


def test_an_outdated_file_counts_as_missing_until_it_is_saved(case):
    dataset, path, good, _, _ = case
    dataset.save(good)
    OutdatedFiles.paths.add(str(path))
    try:
        assert not dataset.exists()
        dataset.save(good)
        assert dataset.exists()
    finally:
        OutdatedFiles.paths.clear()


def test_a_part_file_is_never_taken_for_the_whole(case):
    dataset, path, good, _, same = case
    dataset.save(good)
    path.rename(path.with_name(f".{path.stem}.123.part{path.suffix}"))
    assert not dataset.exists()


def test_what_killed_runs_left_is_swept_up(case):
    dataset, path, good, _, _ = case
    living, dead, dead_and_young = os.getpid(), 10**9, 10**9 + 1
    parts = {
        owner: path.with_name(f".{path.stem}.{owner}.part{path.suffix}.old")
        for owner in (living, dead, dead_and_young)
    }
    path.parent.mkdir()
    for owner, part in parts.items():
        part.write_text("half")
        if owner != dead_and_young:
            os.utime(part, (0, 0))
    dataset.save(good)
    # That of a living process stays, and a young one: its process may be on another machine.
    assert {owner for owner, part in parts.items() if part.exists()} == {living, dead_and_young}


def test_a_folder_that_is_replaced_is_at_no_time_half_there(tmp_path, monkeypatch):
    """Killed between any two steps, the target is the old folder, the new one, or missing."""
    dataset, reader = (
        datasets.FoldedTableDataset(filepath=str(tmp_path / "features")) for _ in range(2)
    )
    old, new = {"fold_0": lambda: TABLE, "fold_1": lambda: TABLE}, {"fold_2": lambda: TABLE}
    dataset.save(old)
    seen = []

    def watched(function):
        def call(*arguments, **options):
            seen.append(sorted(reader.load()) if reader.exists() else None)
            return function(*arguments, **options)

        return call

    for name in ("replace", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    dataset.save(new)
    assert len(seen) > 2 and all(each in (["fold_0", "fold_1"], ["fold_2"], None) for each in seen)
    assert seen[0] == ["fold_0", "fold_1"] and sorted(dataset.load()) == ["fold_2"]


def test_previews_for_kedro_viz(tmp_path):
    table = datasets.TableDataset(
        filepath=str(tmp_path / "table.parquet"), connection=CONNECTION, metadata=None
    )
    table.save(pd.DataFrame({"n": range(20)}))
    assert len(table.preview(5)["data"]) == 5
    page = datasets.HTMLDataset(filepath=str(tmp_path / "page.html"))
    page.save("<p>hello</p>")
    assert page.preview() == "<p>hello</p>"


@dataclass
class Side:
    terms: csr_matrix
    table: pd.DataFrame
    encoded: np.ndarray | None = None


@dataclass
class Part:
    fitted: Side
    rows: np.ndarray
    seconds: float = np.float64(1.5)


def test_a_folder_of_objects_shows_what_is_in_its_parts_and_reads_none(tmp_path, monkeypatch):
    dataset = datasets.FoldedPickleDataset(filepath=str(tmp_path / "features"))
    part = Part(Side(csr_matrix((5, 700)), TABLE), np.arange(4))
    other = Part(Side(csr_matrix((6, 700)), TABLE, np.zeros((6, 2, 3))), np.arange(3))
    dataset.save({"fold_1": lambda: part, "fold_0": lambda: other, "whole": lambda: TABLE})
    monkeypatch.setattr(datasets, "_read_pickle", lambda path: pytest.fail("it may be large"))
    assert list(dataset.load()) == ["fold_0", "fold_1", "whole"]
    shown = dataset.preview()
    assert shown["columns"] == ["part", "table", "rows", "columns"]
    assert shown["data"] == [
        ["fold_1", "fitted.terms", "5", "700"],
        ["fold_1", "fitted.table", "2", "2"],
        ["fold_1", "rows", "4", "1"],
        ["fold_0", "fitted.terms", "6", "700"],
        ["fold_0", "fitted.table", "2", "2"],
        ["fold_0", "fitted.encoded", "6", "2 x 3"],
        ["fold_0", "rows", "3", "1"],
        ["whole", "", "2", "2"],
    ]
    assert len(dataset.preview(2)["data"]) == 2


def raw_dataset(folder):
    return datasets.RawCSVDataset(
        filepath=str(folder / "test.csv"),
        schema="podium.pipelines.hearme.raw_contract.TEST",
        connection=CONNECTION,
    )


def test_raw_file_plain_and_compressed(tmp_path):
    import gzip

    dataset = raw_dataset(tmp_path)
    assert not dataset.exists()
    (tmp_path / "test.csv.gz").write_bytes(gzip.compress(b"user_id\n5\n7\n"))
    assert dataset.exists()
    assert dataset.load().table.user_id.execute().tolist() == ["5", "7"]
    (tmp_path / "test.csv").write_text("user_id\n9\n")
    with pytest.raises(Exception, match="the file is there twice, also as test.csv.gz"):
        dataset.load()
    (tmp_path / "test.csv.gz").unlink()
    assert dataset.load().table.user_id.execute().tolist() == ["9"]


def test_raw_file_missing_or_written(tmp_path):
    dataset = raw_dataset(tmp_path)
    with pytest.raises(Exception, match=r"test\.csv: the file is missing") as caught:
        dataset.load()
    cause = caught.value
    while cause is not None and not isinstance(cause, PodiumError):
        cause = cause.__cause__ or cause.__context__
    assert isinstance(cause, PodiumError)
    with pytest.raises(Exception, match="raw data and is not written"):
        dataset.save(pd.DataFrame())
    assert not (tmp_path / "test.csv").exists()
    assert raw_contract.TEST.name == "test.csv"


def test_one_engine_writes_a_table_that_another_loads(spark, tmp_path):
    from podium.pipelines.hearme.schemas import Train

    listens = pd.DataFrame(
        {
            "user_id": [1, 1, 2],
            "item_id": [7, 8, 7],
            "listened_at": pd.date_range("2025-08-30 23:59:58.5", periods=3, unit="us"),
            "listened_seconds": pd.array([30, 60, 90], dtype="int32"),
            "track_seconds": pd.array([90, 90, 90], dtype="int32"),
            "fraction": [1 / 3, 2 / 3, 1.0],
        }
    )
    held_by_duckdb = ibis.duckdb.connect().create_table("listens", listens)
    limits = {"threads": 1, "memory_limit": "1GB", "temp_directory": str(tmp_path)}
    table = datasets.TableDataset(
        filepath=str(tmp_path / "train.parquet"), connection={"backend": "pyspark", **limits}
    )
    table.save(held_by_duckdb)
    loaded = table.load()
    assert loaded.get_backend().name == "pyspark"
    Train.validate(loaded)
    came = loaded.order_by("listened_at").to_pyarrow()
    assert came.equals(held_by_duckdb.order_by("listened_at").to_pyarrow())


def test_an_engine_that_is_not_installed_is_named(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "podium.common.spark", raising=False)
    for name in ("pyspark", "ibis.backends.pyspark"):
        monkeypatch.setitem(sys.modules, name, None)
    table = datasets.TableDataset(
        filepath=str(tmp_path / "train.parquet"), connection={"backend": "pyspark"}
    )
    with pytest.raises(PodiumError, match=r"Spark is not installed, see docs/scaling\.md"):
        table.connection  # noqa: B018
