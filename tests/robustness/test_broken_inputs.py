"""One table of broken inputs over all challenges, each with what a person wants to be told.

Beside the tests of a challenge `raw_<challenge>.py` makes good files and runs the first stage on
them; `broken_<challenge>.py`, there or here, lists what is broken.
"""

from collections import Counter
from importlib import import_module

import pytest
from broken_cases import Counted, Refused

from podium.challenges import challenges
from podium.common.errors import RawDataError

RAW = {name: import_module(f"raw_{name}") for name in challenges()}
CASES = [case for name in challenges() for case in import_module(f"broken_{name}").CASES]


def good_files(folder, challenge):
    """The good files of a challenge in a folder, and its first stage."""
    raw = RAW[challenge]
    raw.write_files(folder, raw.good_files())
    return raw.run_stage


def adds_up(quality):
    """Every record that was read is kept, dropped or set aside."""
    table = quality.pivot_table(
        index="file", columns="action", values="rows", aggfunc="sum", fill_value=0
    )
    parts = table.reindex(columns=["kept", "dropped", "quarantined"], fill_value=0).sum(axis=1)
    return parts.equals(table["read"].rename(None).astype(parts.dtype))


def is_good(case):
    """An odd input that is taken as it is: all images are kept, and nothing is said of any."""
    return isinstance(case.wanted, Counted) and case.wanted.check == "images"


def test_there_are_a_hundred_kinds_and_many_of_every_challenge():
    broken = [case for case in CASES if not is_good(case)]
    counts, kinds = Counter(case.challenge for case in broken), {case.kind for case in broken}
    print(f"\n{len(kinds)} kinds of broken input in {len(broken)} cases: {dict(counts)}")
    assert set(counts) == set(challenges())
    assert len(kinds) >= 100 and min(counts.values()) >= 20
    assert len({str(case) for case in CASES}) == len(CASES)
    said = (getattr(case.wanted, "says", None) or getattr(case.wanted, "reason", None)
            or getattr(case.wanted, "check", None) for case in CASES)  # fmt: skip
    assert all(said)


@pytest.mark.parametrize("challenge", challenges())
def test_the_good_files_are_kept_whole(tmp_path, challenge):
    run = good_files(tmp_path, challenge)
    result = run(tmp_path)
    assert adds_up(result.quality) and result.quarantine.empty
    assert set(result.quality["action"]) <= {"read", "kept", "reported", "estimated"}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_person_is_told_what_is_wrong(tmp_path, case):
    run = good_files(tmp_path, case.challenge)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    case.spoil(tmp_path)
    spoilt = {path for path in tmp_path.rglob("*")}
    assert before != {path: path.lstat().st_mtime_ns for path in spoilt}, "nothing is broken"
    wanted = case.wanted
    if isinstance(wanted, Refused):
        with pytest.raises(RawDataError) as caught:
            run(tmp_path)
        error = caught.value
        assert (error.file, error.column, error.row) == (wanted.file, wanted.column, wanted.row)
        assert wanted.says in str(error) and str(error).startswith(wanted.file)
        assert len(str(error)) > len(wanted.file) + 15 and len(str(error).splitlines()) == 1
    else:
        result = run(tmp_path)
        assert adds_up(result.quality)
        if isinstance(wanted, Counted):
            told = result.quality[result.quality["file"] == wanted.file]
            told = told[told["check"].str.contains(wanted.check, regex=False)]
            assert wanted.rows in told["rows"].tolist(), result.quality.to_string()
            assert result.quarantine.empty
        else:
            aside = result.quarantine[result.quarantine["file"] == wanted.file]
            assert wanted.row in aside["row"].tolist(), result.quarantine.to_string()
            reason = aside.set_index("row").loc[wanted.row, "reason"]
            assert wanted.reason in reason, reason
    assert {path for path in tmp_path.rglob("*")} == spoilt, "reading wrote or lost a file"
