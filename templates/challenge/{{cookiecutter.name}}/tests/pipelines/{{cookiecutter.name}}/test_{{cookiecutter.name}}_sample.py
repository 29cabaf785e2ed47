"""The sample: whole or not at all, the same for a seed, with its faults and its signal."""


import numpy as np
import pandas as pd
import pytest
from sample_checks import check_truth_is_whole
from raw_{{cookiecutter.name}} import run_stage

from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST, TRAIN
from podium.pipelines.{{cookiecutter.name}}.sample import SampleSize, write_sample

SIZE = SampleSize(train=40, test=20)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes_and_another_seed_other_bytes(tmp_path):
    for name, seed in (("first", 5), ("same", 5), ("other", 6)):
        write_sample(tmp_path / name, seed, SIZE)
    first = contents(tmp_path / "first")
    assert sorted(first) == sorted([TRAIN.name, TEST.name])
    assert contents(tmp_path / "same") == first
    assert all(content != first[name] for name, content in contents(tmp_path / "other").items())


def test_the_first_stage_finds_the_faults_and_keeps_the_rest(tmp_path):
    write_sample(tmp_path / "raw", 5, SIZE)
    result = run_stage(tmp_path / "raw")
    counts = {action: result.rows(TRAIN.name, action) for action in ("read", "kept", "dropped")}
    # Of four added rows one has no target, one too many fields, one is there twice.
    assert counts == {"read": 44, "kept": 41, "dropped": 1}
    assert len(result.quarantine) == 2 and len(result.test) == 20


def test_the_truth_is_that_of_the_test_rows_and_hangs_on_the_columns(tmp_path):
    size = SampleSize(train=5, test=400)
    write_sample(tmp_path / "raw", 5, size, truth_path=tmp_path / "truth.csv")
    test, truth = pd.read_csv(tmp_path / "raw" / TEST.name), pd.read_csv(tmp_path / "truth.csv")
    assert truth[ROWS.key].tolist() == test[ROWS.key].tolist()
    design = np.column_stack([np.ones(400), test[list(ROWS.numbers)]])
    fitted, *_ = np.linalg.lstsq(design, truth[ROWS.target], rcond=None)
    assert np.corrcoef(design @ fitted, truth[ROWS.target])[0, 1] > 0.3


def test_the_truth_may_not_lie_among_the_raw_files(tmp_path):
    with pytest.raises(ValueError, match="must not lie"):
        write_sample(tmp_path / "raw", 1, SIZE, truth_path=tmp_path / "raw" / "truth.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_truth_that_is_there_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    check_truth_is_whole(write_sample, SIZE, tmp_path, monkeypatch)
