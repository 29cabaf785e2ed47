import csv
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.common import submission_file
from podium.common.submission import (
    Fault,
    check,
    check_file,
    check_frame,
    render_faults,
)
from podium.common.submission_file import faulty_rows, read_bytes, read_submission, read_text
from podium.common.submission_rules import (
    Columns,
    GroupSize,
    InOrder,
    KnownValues,
    Numbers,
    OneRowEach,
    Ranks,
    SequentialIds,
    UniqueWithin,
    WholeNumbers,
)

RULES = [
    Columns(("id", "user", "item", "rank")),
    *(WholeNumbers(column) for column in ("id", "user", "item", "rank")),
    SequentialIds("id"),
    GroupSize("user", 3, [7, 9]),
    KnownValues("item", {1, 2, 3, 4}, "known track"),
    UniqueWithin("item", "user"),
    Ranks("user", "rank", 3),
]
GOOD = "id,user,item,rank\n0,7,1,1\n1,7,2,2\n2,7,3,3\n3,9,4,1\n4,9,3,3\n5,9,2,2\n"


def faults_of(text, rules=RULES):
    return {fault.rule: fault for fault in check(read_text(text), rules)}


def test_a_good_file_has_no_fault():
    assert faults_of(GOOD) == {}
    assert faults_of(GOOD.replace("\n", "\r\n")) == {}
    assert faults_of(GOOD.rstrip("\n")) == {}
    assert faults_of(GOOD + "\n\n") == {}


ONE_FAULT = [
    (
        ("id,user", "user,id"),
        "columns must be exactly id,user,item,rank",
        1,
        "found user,id,item,rank",
    ),
    (("3,9,4,1", "3,9,4.0,1"), "item must be a whole number", 1, "row 4: '4.0'"),
    (("3,9,4,1", "30,9,4,1"), "id must run from 0 in sequence", 1, "row 4: '30'"),
    (("3,9,4,1", "3,8,4,1"), "user must be one of the 2 asked for", 1, "row 4: '8'"),
    (("3,9,4,1", "3,8,4,1"), "every user must have exactly 3 rows", 1, "user 9 has 2 rows"),
    (("3,9,4,1", "3,9,5,1"), "item must be a known track", 1, "row 4: '5'"),
    (("3,9,4,1", "3,9,3,1"), "no item may stand twice within a user", 1, "row 5: '9, 3'"),
    (("3,9,4,1", "3,9,4,4"), "rank must be one of 1 to 3", 1, "row 4: '4'"),
    (("3,9,4,1", "3,9,4,3"), "no rank may stand twice within a user", 1, "row 5: '9, 3'"),
    (("3,9,4,1", "3,9,4,3"), "every user must have all ranks 1 to 3", 1, "user 9 lacks rank 1"),
    (("3,9,4,1", "3,9,4"), "every row must have 4 fields", 1, "row 4: '3,9,4'"),
    (("3,9,4,1", '3,9,"4,1'), "every row must have 4 fields", 1, "row 4: '3,9,\"4,1'"),
    (("3,9,4,1", ""), "every row must have 4 fields", 1, "row 4: ''"),
]


@pytest.mark.parametrize(("change", "rule", "rows", "example"), ONE_FAULT)
def test_each_rule_finds_its_fault(change, rule, rows, example):
    fault = faults_of(GOOD.replace(*change, 1))[rule]
    assert fault.rows == rows
    assert fault.examples == (example,)


def test_a_user_without_any_row_is_named():
    text = GOOD[: GOOD.index("3,9")]
    assert faults_of(text) == {
        "every user asked for must appear": Fault(
            "every user asked for must appear", 1, ("user 9 has no row",)
        )
    }


def test_several_missing_ranks_are_counted():
    text = GOOD.replace("4,9,3,3\n5,9,2,2", "4,9,3,1\n5,9,2,1")
    fault = faults_of(text)["every user must have all ranks 1 to 3"]
    assert fault.examples == ("user 9 lacks rank 2 and 1 more",)


def test_rows_out_of_order_are_those_that_belong_above_another():
    rules = [InOrder("id", ["a", "b", "c", "d"])]
    for text in ("id\na\nb\nc\nd\n", "id\na\nc\nx\nc\nd\n", "id\nx\n"):
        assert faults_of(text, rules) == {}
    (fault,) = faults_of("id\nb\nc\na\nd\n", rules).values()
    assert (fault.rows, fault.examples) == (1, ("row 3: 'a'",))


def test_one_bad_row_is_not_a_fault_of_all_the_rows_below_it():
    faults = faults_of(GOOD.replace("0,7,1,1\n", "0,7,1,1,1\n"))
    assert "id must run from 0 in sequence" not in faults


@pytest.mark.parametrize(
    "value", ["", " 4", "04", "+4", "4.0", "４", "1e1", "nan", "9" * 19, "4\x00"]
)
def test_only_plain_whole_numbers_pass(value):
    assert "item must be a whole number" in faults_of(GOOD.replace("3,9,4,1", f"3,9,{value},1"))


def test_faults_are_counted_whole_and_shown_in_part():
    text = "id,x\n" + "".join(f"{row},bad{row}\n" for row in range(1234))
    fault = faults_of(text, [WholeNumbers("x")])["x must be a whole number"]
    assert fault.rows == 1234 and len(fault.examples) == 5
    shown = render_faults([fault])
    assert "1,234 places" in shown and "row 1: 'bad0'" in shown and "... and 1,229 more" in shown


def test_numbers_and_ids_of_other_challenges():
    rules = [OneRowEach("sample_id", range(1, 6)), Numbers("price", low=0, low_open=True)]
    assert faults_of("sample_id,price\n2,1e3\n1,.5\n3,7.\n4,+2\n5,1\n", rules) == {}
    broken = faults_of("sample_id,price\n1,0\n1,-1\n3,inf\n4,1_0\n5,1e999\n7,nan\n", rules)
    assert {rule: fault.rows for rule, fault in broken.items()} == {
        "sample_id must be one of the 5 asked for": 1,
        "every sample_id asked for must appear": 1,
        "every sample_id must have exactly 1 row": 1,
        "price must be a finite number": 4,
        "price must be above 0": 2,
    }


def test_bounds_of_whole_numbers():
    broken = faults_of("target\n0\n1\n2\n-1\n", [WholeNumbers("target", 0, 1)])
    assert {rule: fault.examples for rule, fault in broken.items()} == {
        "target must be at least 0": ("row 4: '-1'",),
        "target must be at most 1": ("row 3: '2'",),
    }


@pytest.mark.parametrize(
    ("content", "rule", "example"),
    [
        (b"", "readable", "it is empty"),
        (b"\n0,1,2,3\n", "readable", "its first line is blank"),
        (b'"id,user\n0,1\n', "readable", "quotes of its header"),
        (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark", "header"),
        (GOOD.encode().replace(b"9,4", b"9,\xff"), "UTF-8", "row 4: b'3,9,\\xff,1'"),
        (GOOD.encode("utf-16"), "UTF-8", "header: "),
        (b"id,user,item,rank\n", "rows below its header", None),
        (b"id,id,item,rank\n0,1,2,3\n", "stand only once", "id,id"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "UTF-8", "row 1: b'"),
    ],
)
def test_unreadable_bytes_are_faults(content, rule, example):
    faults = check(read_bytes(content), RULES)
    found = [fault for fault in faults if rule in fault.rule]
    assert len(found) == 1
    if example is not None:
        assert example in found[0].examples[0]


def test_missing_files_and_folders_are_faults(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv", Path("/dev/null/x"), Path("a\0b")):
        faults = check_file(path, RULES)
        assert [fault.rule for fault in faults] == ["the file must be a readable CSV file"]


def test_why_a_file_cannot_be_read_is_said_without_its_path(tmp_path):
    def reason(path):
        (fault,) = read_submission(path).faults
        return fault.examples

    assert reason(tmp_path / "none.csv") == ("No such file or directory",)
    assert reason(tmp_path) == ("Is a directory",)
    assert "null" in reason(Path("a\0b"))[0]


def test_a_file_is_read_up_to_the_limit_of_its_size(tmp_path, monkeypatch):
    monkeypatch.setattr(submission_file, "LARGEST_FILE_MB", 1)
    path = tmp_path / "submission.csv"
    # Blank lines at the end do not count.
    path.write_text(GOOD + "\n" * (2**20 - len(GOOD)))
    assert check_file(path, RULES) == []
    os.truncate(path, 2**20 + 1)
    assert [fault.examples for fault in check_file(path, RULES)] == [
        ("it has 1 MB, the limit is 1 MB",)
    ]


@pytest.mark.parametrize(
    ("length", "shown"), [(60, "'" + "x" * 60 + "'"), (61, "'" + "x" * 60 + "'...")]
)
def test_a_long_example_is_cut_and_says_so(length, shown):
    assert faulty_rows("rule", pd.Series(["x" * length])).examples == (f"row 0: {shown}",)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.one_of(
                st.binary(max_size=12),
                st.text(max_size=6).map(lambda text: text.encode("utf-8", "surrogatepass")),
                st.sampled_from([b",", b"\n", b'"', b"\r", b"\0", b"1", b"\xef\xbb\xbf"]),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_mutation_of_a_file_escapes_as_an_exception(mutations):
    content = GOOD.encode()
    for place, cut, inserted in mutations:
        at = int(place * len(content))
        content = content[:at] + inserted + content[at + cut :]
    faults = check(read_bytes(content), RULES)
    render_faults(faults).encode("utf-8")
    if not faults:
        # What passes is the good file, up to line ends and the order of what may vary.
        rows = list(csv.reader(content.decode().split()))
        frame = pd.DataFrame(rows[1:], columns=rows[0]).astype(int)
        assert frame["id"].tolist() == list(range(6))
        assert frame.groupby("user")["rank"].agg(sorted).to_dict() == {7: [1, 2, 3], 9: [1, 2, 3]}
        assert frame["item"].between(1, 4).all()
        assert not frame.duplicated(["user", "item"]).any()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_never_accepted_and_never_crashes(content):
    assert check(read_bytes(content), RULES)


def test_a_frame_is_judged_by_the_text_that_is_written_of_it():
    good = pd.DataFrame(
        {"id": range(6), "user": [7] * 3 + [9] * 3, "item": [1, 2, 3] * 2, "rank": [1, 2, 3] * 2}
    )
    assert check_frame(good, RULES) == []
    for bad in (
        good.assign(item=1),
        good.assign(rank=good["rank"].astype(float)),
        good.iloc[:-1],
        good[["user", "id", "item", "rank"]],
        good.assign(item=np.nan),
    ):
        assert check_frame(bad, RULES)
