"""Folds that keep near copies together, facts of the rows, and the comparison of train and test."""

import numpy as np
import pandas as pd
import pytest
from echoes_tables import COMPUTE, FOLDS, RULES, SHIFT, make_tables

from podium.common.errors import RawDataError
from podium.common.parameters import ParameterError
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.pairs import EmbeddingPairs
from podium.pipelines.echoes import feature_engineering as stage


@pytest.fixture(scope="module")
def tables():
    return make_tables(part1=60, part2=30, test=40)


def test_folds_keep_near_copies_together_and_both_classes_everywhere(tables):
    folds = tables.folds
    assert (folds.groupby("group").size() > 1).sum() >= 5
    for repeat in ("repeat_1", "repeat_2"):
        assert (folds.groupby("group")[repeat].nunique() == 1).all()
        classes = folds.groupby(repeat)["label"].agg(["nunique", "mean"])
        assert classes.index.tolist() == [0, 1, 2] and (classes["nunique"] == 2).all()
        assert np.ptp(classes["mean"]) < 0.15
    assert "repeat_3" not in folds
    assert not folds["repeat_1"].equals(folds["repeat_2"])
    assert folds["id"].tolist() == tables.train.rows["id"].tolist()


def test_folds_depend_on_the_seed_and_on_nothing_else(tables):
    same, other = (
        stage.assign_folds(tables.train, tables.duplicates, FOLDS, {**COMPUTE, "seed": seed})
        for seed in (3, 4)
    )
    pd.testing.assert_frame_equal(same, tables.folds)
    assert not other["repeat_1"].equals(tables.folds["repeat_1"])


@pytest.mark.parametrize(
    ("rows", "folds", "repeats"), [(100, 5, 3), (401, 5, 3), (600, 5, 2), (4000, 3, 1)]
)
def test_few_rows_are_divided_several_times_and_many_into_fewer_folds(rows, folds, repeats):
    wanted = stage.FoldParameters(
        count=5, many_rows=4000, count_of_many=3, repeat_until_rows=1200, most_repeats=3
    )
    assert (wanted.folds_for(rows), wanted.repeats_for(rows)) == (folds, repeats)


@pytest.mark.parametrize("name", ["count", "count_of_many"])
def test_two_folds_are_too_few_for_nested_scores(name):
    assert stage.FoldParameters.parse({**FOLDS, name: 3})
    with pytest.raises(ParameterError, match="count and count_of_many must be at least 3"):
        stage.FoldParameters.parse({**FOLDS, name: 2})


def test_a_class_of_two_rows_is_an_error_that_names_the_file(tables):
    ones = np.flatnonzero(tables.train.labels == 1)[:2]
    zeros = np.flatnonzero(tables.train.labels == 0)
    kept = np.sort(np.concatenate([ones, zeros]))
    with pytest.raises(RawDataError, match="only 2 rows") as caught:
        stage.assign_folds(tables.train.take(kept), tables.duplicates.iloc[kept], FOLDS, COMPUTE)
    assert "train_part1.json" in str(caught.value)


def test_features_are_those_of_every_row_and_the_map_of_some(tables):
    features = tables.features
    assert features["split"].tolist() == ["train"] * 90 + ["test"] * 40
    assert features["id"].tolist() == [*tables.train.rows["id"], *tables.test.rows["id"]]
    norms = np.linalg.norm(tables.test.pairs.text, axis=1)
    assert features["text_norm"].iloc[90:].to_numpy() == pytest.approx(norms, rel=1e-5)
    assert features.loc[features["split"] == "train", "map_x"].notna().sum() == 30
    assert features.loc[features["split"] == "test", "map_x"].isna().all()


def shift_of(tables, test=None, cosine=0.999):
    asked = tables.test if test is None else test
    rules = {**RULES, "near_duplicate_cosine": cosine}
    found = stage.measure_shift(tables.train, asked, tables.duplicates, rules, SHIFT, COMPUTE)
    return found.set_index("comparison")


def test_rows_of_one_source_look_alike_and_moved_ones_do_not(tables):
    alike = shift_of(tables)
    assert alike.index.tolist() == ["train and test", "part 1 and part 2"]
    assert (alike["auc_low"] < 0.5).all() and (alike["auc_high"] > 0.5).all()
    assert alike[["first_rows", "second_rows"]].to_numpy().tolist() == [[90, 40], [60, 30]]
    pairs = tables.test.pairs
    away = EmbeddingPairs(pairs.image, pairs.text + np.float32(20) * np.eye(16, dtype="f4")[0])
    moved = shift_of(tables, EmbeddingTable(tables.test.rows, away))
    assert moved.loc["train and test", "auc_low"] > 0.9
    assert moved.loc["part 1 and part 2", "auc"] == alike.loc["part 1 and part 2", "auc"]


def test_near_copies_share_their_fold_across_train_and_test(tables):
    """Else the original, on the other side of a fold, would give the copy away as no test row."""
    noise = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32) * np.float32(0.02)
    near = tables.train.pairs.take(np.arange(40))
    copied = EmbeddingTable(tables.test.rows, EmbeddingPairs(near.image + noise, near.text))
    known = shift_of(tables, copied).loc["train and test", "auc"]
    unknown = shift_of(tables, copied, cosine=1 - 1e-9).loc["train and test", "auc"]
    assert abs(known - 0.5) < 0.1 and unknown < known - 0.05


def test_without_part_2_or_with_few_rows_there_is_nothing_to_compare():
    small = make_tables(part1=60, test=12)
    assert shift_of(small).empty
    assert shift_of(make_tables(part1=60, test=24)).index.tolist() == ["train and test"]
