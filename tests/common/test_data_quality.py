"""The counts of the data quality report, and that they must add up."""

import logging
from types import SimpleNamespace

import pandas as pd
import pytest

from podium.common.data_quality import (
    QUALITY_COLUMNS,
    QualityLog,
    combine_quality,
    count_copies,
    counts_frame,
    quality_report,
    quality_schema,
    sort_quarantine,
)
from podium.common.errors import PodiumError
from podium.common.raw_contract import RawFile, RawFolder


def log_of(file, rows, extra_columns=(), ends_whole=True):
    return QualityLog(
        SimpleNamespace(file=file, rows=rows, extra_columns=extra_columns, ends_whole=ends_whole)
    )


def counted(log):
    frame = log.frame()
    return list(zip(frame["check"], frame["action"], frame["rows"], strict=True))


def test_a_log_begins_with_what_opening_the_file_has_told():
    log = log_of("a.csv", 7, ("x", "y"), ends_whole=False)
    assert counted(log) == [
        ("rows", "read", 7),
        ("columns that are not needed", "reported", 2),
        ("last row does not end with a line break", "reported", 1),
    ]
    assert log.frame()["example"].tolist() == ["", "x, y", ""]
    assert counted(log_of("a.csv", 7)) == [("rows", "read", 7)]


def test_what_did_not_happen_is_not_added_except_rows_kept():
    log = log_of("a.csv", 0)
    log.add("time", "dropped", 0)
    log.add("rows", "kept", 0)
    log.add("time", "quarantined", 2, "row 3")
    assert counted(log)[1:] == [("rows", "kept", 0), ("time", "quarantined", 2)]


def test_an_action_that_the_report_does_not_know_is_refused():
    with pytest.raises(ValueError, match="unknown action 'lost'"):
        log_of("a.csv", 1).add("rows", "lost", 1)


def test_counts_of_no_rows_are_left_out():
    frame = counts_frame([("a.csv", "time", "dropped", 0, ""), ("a.csv", "id", "dropped", 2, "x")])
    assert frame["check"].tolist() == ["id"] and frame["rows"].dtype == "int64"


def log_that_adds_up():
    """Of 8 rows 5 are kept, 1 is dropped, 2 are set aside."""
    log = log_of("b.csv", 8)
    for action, rows in (("quarantined", 2), ("repaired", 4), ("dropped", 1), ("kept", 5)):
        log.add("rows", action, rows)
    return log


def test_shares_are_of_the_rows_read_of_each_file():
    other = log_of("a.csv", 4)
    other.add("rows", "kept", 4)
    parts = [other.frame(), log_that_adds_up().frame(), other.frame().iloc[:0]]
    table = combine_quality(parts, ["b.csv", "a.csv"])
    assert table.columns.tolist() == QUALITY_COLUMNS
    assert list(zip(table["file"], table["action"], table["share"], strict=True)) == [
        ("b.csv", "read", 1.0),
        ("b.csv", "kept", 5 / 8),
        ("b.csv", "repaired", 4 / 8),
        ("b.csv", "dropped", 1 / 8),
        ("b.csv", "quarantined", 2 / 8),
        ("a.csv", "read", 1.0),
        ("a.csv", "kept", 1.0),
    ]
    quality_schema(["a.csv", "b.csv"]).validate(table)


@pytest.mark.parametrize("action", ["kept", "dropped", "quarantined"])
def test_rows_that_do_not_add_up_stop_the_run(action):
    frame = log_that_adds_up().frame()
    frame.loc[frame["action"] == action, "rows"] += 1
    with pytest.raises(PodiumError, match="b.csv: 8 rows were read, but 9 are kept"):
        combine_quality([frame], ["b.csv"])


def test_the_report_has_the_order_of_the_contracts_and_a_line_of_the_log_per_file(caplog):
    caplog.set_level(logging.INFO)
    other = log_of("a", 4)
    other.add("rows", "kept", 4)
    files = {"raw_b": RawFile("b.csv", ("x",)), "raw_a": RawFolder("a")}
    table = quality_report([other.frame(), log_that_adds_up().frame()], files)
    assert table["file"].unique().tolist() == ["b.csv", "a"]
    assert caplog.messages == [
        "b.csv: 8 rows read, 5 kept, 1 dropped, 2 quarantined",
        "a: 4 rows read, 4 kept, 0 dropped, 0 quarantined",
    ]


def test_the_quarantine_is_sorted_by_file_and_row_and_keeps_the_order_of_reasons():
    rows = [("b", 1, "x"), ("a", 9, "x"), ("a", 2, "y"), ("a", 2, "x")]
    table = sort_quarantine(pd.DataFrame(rows, columns=["file", "row", "reason"]))
    wanted = [("a", 2, "y"), ("a", 2, "x"), ("a", 9, "x"), ("b", 1, "x")]
    assert list(table.itertuples(index=False, name=None)) == wanted
    assert table.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("known", [(), ("t3", "t1")])
def test_copies_are_counted_and_those_of_the_test_warned_of(known, caplog):
    rows = {"name": list("abcde"), "group": [0, 1, 1, 2, 2], "rows": [1, 2, 2, 2, 2]}
    copies = pd.DataFrame({"test_id": list(known)}, dtype="str")
    words = {"key": "name", "what": "twins", "train_file": "old.csv", "test_file": "new.csv"}
    table = count_copies(pd.DataFrame(rows), copies, **words)
    wanted = [("old.csv", "twins, kept together in 2 groups", "reported", 4, "name b")]
    said = []
    if known:
        wanted.append(("new.csv", "twins of training rows", "reported", 2, "name t3"))
        said = ["new.csv: 2 rows are twins of training rows"]
    columns = ["file", "check", "action", "rows", "example"]
    assert list(table[columns].itertuples(index=False, name=None)) == wanted
    assert caplog.messages == said


def test_a_report_of_another_file_breaks_its_contract():
    table = combine_quality([log_that_adds_up().frame()], ["b.csv"])
    with pytest.raises(Exception, match="isin"):
        quality_schema(["a.csv"]).validate(pd.DataFrame(table))
