import gzip

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from submission_files import (
    ITEMS,
    USERS,
    submission,
    write_fractions,
    write_listens,
    write_raw,
)

from podium.common.errors import RawDataError
from podium.common.submission import SubmissionError, check_frame
from podium.pipelines.hearme.submission_rules import (
    check_file,
    check_submission,
    read_targets,
    rules,
    score_file,
    score_submission,
)


@pytest.fixture
def files(tmp_path):
    write_raw(tmp_path / "raw")
    submission().to_csv(tmp_path / "submission.csv", index=False)
    write_fractions(tmp_path / "fractions.csv")
    write_listens(tmp_path / "listens.csv")
    return tmp_path


def faults_of(frame):
    return {fault.rule: fault.rows for fault in check_frame(frame, rules(USERS, ITEMS))}


def test_a_good_submission_passes(files):
    assert check_submission(files / "submission.csv", USERS, ITEMS) == []
    assert check_file(files / "submission.csv", files / "raw") == []
    # The users may come in any order.
    other = submission().sort_values(["user_id", "rank"])
    assert faults_of(other.assign(id=range(150))) == {}


def test_every_rule_of_the_organiser_is_kept():
    good = submission()
    swapped = good.assign(id=good["id"].iloc[::-1].to_numpy())
    assert faults_of(swapped) == {"id must run from 0 in sequence": 150}
    assert faults_of(good.iloc[:-1]) == {
        "every user_id must have exactly 50 rows": 1,
        "every user_id must have all ranks 1 to 50": 1,
    }
    assert faults_of(good.iloc[:100]) == {"every user_id asked for must appear": 1}
    assert faults_of(good.assign(rank=50 - good["rank"])) == {
        "rank must be one of 1 to 50": 3,
        "every user_id must have all ranks 1 to 50": 3,
    }
    repeated = good.assign(item_id=good["item_id"].replace(1049, 1048))
    assert faults_of(repeated) == {"no item_id may stand twice within a user_id": 3}
    unknown = good.assign(item_id=good["item_id"].replace(1049, 5))
    assert faults_of(unknown) == {"item_id must be a known track": 3}
    assert "columns must be exactly id,user_id,item_id,rank" in faults_of(good.assign(x=1))
    assert "user_id must be one of the 3 asked for" in faults_of(
        good.assign(user_id=good["user_id"].replace(12, 13))
    )


def test_tracks_that_only_the_listens_know_are_known(files):
    frame = submission()
    frame["item_id"] = frame["item_id"].replace(1049, 1079)
    frame.to_csv(files / "submission.csv", index=False)
    assert check_file(files / "submission.csv", files / "raw") == []


def test_the_listens_are_not_read_for_tracks_of_the_metadata(files):
    (files / "raw" / "interactions.csv").unlink()
    assert check_file(files / "submission.csv", files / "raw") == []


def test_a_file_without_tracks_is_a_fault(files):
    submission().drop(columns="item_id").to_csv(files / "submission.csv", index=False)
    rules_broken = [f.rule for f in check_file(files / "submission.csv", files / "raw")]
    assert "columns must be exactly id,user_id,item_id,rank" in rules_broken


@settings(max_examples=100, deadline=None)
@given(
    row=st.integers(0, 149),
    column=st.sampled_from(["id", "user_id", "item_id", "rank"]),
    value=st.one_of(st.integers(-5, 2000), st.floats(), st.text(max_size=4), st.none()),
)
def test_one_changed_cell_is_found_unless_it_says_the_same(row, column, value):
    changed = submission().astype("object")
    original = changed.at[row, column]
    changed.at[row, column] = value
    free_item = column == "item_id" and str(value).isdecimal() and 1050 <= int(value) < 1080
    accepted = str(value) == str(original) or free_item
    assert (faults_of(changed) == {}) == accepted


def test_the_score_worked_by_hand(files):
    scores = score_submission(files / "submission.csv", files / "fractions.csv", USERS, ITEMS)
    # Users 7, 3, 12: 1 + .75, .25, 0 of 50 each.
    assert scores["score"] == pytest.approx((1.75 + 0.25) / 50 / 3)
    assert scores["score_best_continuous"] == pytest.approx((1.7 + 0.3) / 50 / 3)
    assert scores["per_played"] == pytest.approx((1.75 / 3 + 0.25) / 3)
    assert scores["per_ideal"] == pytest.approx((1.75 / 2.75 + 1) / 3)
    assert scores["best_possible"] == pytest.approx((2.75 + 0.25) / 50 / 3)
    assert scores["score_ci_low"] < scores["score"] < scores["score_ci_high"]
    assert (scores["users"], scores["users_without_listens"]) == (3, 1)


def test_raw_listens_score_with_the_lengths_of_the_tracks(files):
    scores = score_file(
        files / "submission.csv", files / "listens.csv", files / "raw", only_in_truth=False
    )
    assert scores["score"] == pytest.approx((1.75 + 0.25) / 50 / 3)
    # 70 and 40 seconds of 100: more than the whole track.
    assert scores["score_total_quarters"] == pytest.approx((2 + 0.25) / 50 / 3)
    # The track without a length counts as heard to the end at its longest listen.
    assert scores["best_possible"] == pytest.approx((2.75 + 0.25) / 50 / 3)


def test_a_track_that_stands_once_more_without_a_length_keeps_it(files):
    arguments = (files / "submission.csv", files / "listens.csv", files / "raw")
    expected = score_file(*arguments, only_in_truth=False)
    path = files / "raw" / "item_metadata.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    bare = [f"{item},again," for item in ITEMS[:-1]]
    # Some before, some behind, so that no order of reading hides it.
    lines = [header, *bare[:40], *rows, *bare[40:], *bare[:20]]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    assert score_file(*arguments, only_in_truth=False) == expected


def test_a_track_of_length_zero_is_as_long_as_its_longest_listen(files):
    (files / "truth.csv").write_text(
        "user_id,item_id,listened_duration\n7,1000,50\n3,1000,100\n7,1001,50\n"
    )
    targets = read_targets(files / "truth.csv", pd.Series({1000: 0.0, 1001: 200.0}))
    assert targets["best_listen"].tolist() == [1, 0.5, 0.25]


def test_a_truth_cut_down_on_purpose(files):
    scores = score_submission(
        files / "submission.csv", files / "fractions.csv", USERS, ITEMS, only_in_truth=True
    )
    assert scores["score"] == pytest.approx((1.75 + 0.25) / 50 / 2)
    assert scores["users_without_listens"] == 0


def test_a_faulty_file_is_not_scored(files):
    submission().iloc[1:].to_csv(files / "submission.csv", index=False)
    with pytest.raises(SubmissionError, match="exactly 50 rows"):
        score_submission(files / "submission.csv", files / "fractions.csv", USERS, ITEMS)


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        ("user_id,item_id\n7,1000\n", "truth.csv: needs a column fraction"),
        ("user_id,item_id,fraction\n7,x,1\n", "column 'item_id', row 1"),
        ("user_id,item_id,fraction\n99,1000,1\n", "knows none of the test users"),
    ],
)
def test_a_truth_that_cannot_be_used_is_named(files, truth, message):
    (files / "truth.csv").write_text(truth)
    with pytest.raises(RawDataError, match=message):
        score_submission(files / "submission.csv", files / "truth.csv", USERS, ITEMS)


@pytest.mark.parametrize("name", ["test.csv", "item_metadata.csv", "interactions.csv"])
def test_a_missing_raw_file_is_named(files, name):
    # Track 5 is not in the metadata, so the listens are asked as well.
    frame = submission()
    frame["item_id"] = frame["item_id"].replace(1049, 5)
    frame.to_csv(files / "submission.csv", index=False)
    (files / "raw" / name).unlink()
    with pytest.raises(RawDataError, match=name):
        check_file(files / "submission.csv", files / "raw")


def test_raw_files_that_a_run_accepts_serve_as_well(files):
    """Columns in any order and case, spaces around their names, further columns, odd numbers."""
    arguments = (files / "submission.csv", files / "listens.csv", files / "raw")
    expected = score_file(*arguments, only_in_truth=False)
    raw = files / "raw"
    rows = "".join(f"x, {user}.0 \n" for user in USERS)
    (raw / "test.csv").write_text(f"Note, USER_ID \n\n{rows}")
    for name, column in (
        ("item_metadata.csv", "item_id"),
        ("item_metadata.csv", "track_duration"),
        ("interactions.csv", "item_id"),
    ):
        text = (raw / name).read_text(encoding="utf-8")
        header, rest = text.split("\n", 1)
        header = header.replace(column, f" {column.upper()} ")
        (raw / name).write_text(f"{header}\n{rest}", encoding="utf-8")
    assert score_file(*arguments, only_in_truth=False) == expected
    frame = submission()
    frame["item_id"] = frame["item_id"].replace(1049, 1079)  # which only the listens know
    frame.to_csv(files / "submission.csv", index=False)
    assert check_file(files / "submission.csv", raw) == []


def test_a_missing_column_is_named_with_those_there(files):
    (files / "raw" / "test.csv").write_text("user,note\n7,x\n")
    with pytest.raises(RawDataError, match="the column is missing; the file has 'user', 'note'"):
        check_file(files / "submission.csv", files / "raw")


def test_a_test_user_twice_is_refused_as_in_a_run(files):
    (files / "raw" / "test.csv").write_text("user_id\n7\n3\n12\n7\n")
    with pytest.raises(RawDataError, match="test.csv, column 'user_id', row 4"):
        check_file(files / "submission.csv", files / "raw")


def test_compressed_raw_files_serve_as_well(files):
    arguments = (files / "submission.csv", files / "listens.csv", files / "raw")
    expected = score_file(*arguments, only_in_truth=False)
    for path in (files / "raw").iterdir():
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert score_file(*arguments, only_in_truth=False) == expected


def test_the_rules_take_ids_of_any_integer_type():
    ids = pd.Series(ITEMS, dtype="int32")
    assert check_frame(submission(), rules(set(USERS), ids.to_numpy())) == []
