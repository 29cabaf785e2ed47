"""The Amazon challenge from its raw files to the submission: images, threads, a stop, no time."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from image_server import served_files
from running import ENV
from tiny_text_models import save_tiny_text_model
from tiny_vision_models import save_tiny_model

from podium.pipelines.amazon.models import CONSTANT, STACK, declared_models
from podium.pricing.metrics import smape

RAW = "01_raw/amazon"
IMAGE_FEATURES = "04_feature/amazon/image_features.parquet"
SUBMISSION = "07_model_output/amazon/submission.csv"
REPORTING = "08_reporting/amazon"
IMAGES = "02_intermediate/amazon/images"
STAGES = ("modeling", "evaluation", "submission")


def leaderboard(root):
    return pd.read_csv(root / REPORTING / "leaderboard.csv")


def test_the_submission_is_accepted_and_scored(finished_amazon, tiny_amazon):
    from podium.cli import cli

    root, log = finished_amazon
    submission = str(root / SUBMISSION)
    words = ["submission", "check", "amazon", submission, "--data-root", str(root)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert f"Submission: {submission}" in log and "SAMPLE" not in log
    truth = str(tiny_amazon.parent / "truth.csv")
    words = ["submission", "score", "amazon", submission, "--truth", truth]
    done = CliRunner().invoke(cli, [*words, "--data-root", str(root)])
    assert done.exit_code == 0 and "score_ci_high" in done.output, done.output
    asked = pd.read_csv(root / RAW / "test.csv")["sample_id"]
    prices = pd.read_csv(root / SUBMISSION)
    assert prices["sample_id"].tolist() == asked.tolist()
    assert (prices["price"] > 0).all() and prices["price"].nunique() > 10


def declared(project_copy):
    """The models that the tiny configuration leaves on, and those it turns off."""
    from podium.config import PodiumConfigLoader
    from podium.settings import CONFIG_LOADER_ARGS

    loader = PodiumConfigLoader(
        conf_source=str(project_copy.folder / "conf"), env=ENV, **CONFIG_LOADER_ARGS
    )
    models = loader["parameters"]["amazon"]["models"]
    on = declared_models(models)
    return on, set(models) - set(on)


def test_every_model_that_the_tiny_configuration_leaves_on_is_on_the_leaderboard(
    project_copy, finished_amazon
):
    root, log = finished_amazon
    rows = leaderboard(root)
    on, off = declared(project_copy)
    assert off and not off & set(rows["model"])
    assert sorted(rows["model"]) == sorted([*on, CONSTANT, STACK])
    kinds = {name: model.kind for name, model in on.items()}
    kinds |= {CONSTANT: "baseline", STACK: "blend"}
    assert dict(zip(rows["model"], rows["kind"], strict=True)) == kinds
    assert rows["score"].is_monotonic_increasing
    for row in rows.itertuples():
        assert f"{row.model}: {row.score:.4f} [{row.ci_low:.4f}, {row.ci_high:.4f}]" in log
    page = (root / REPORTING / "report.html").read_text()
    assert "Naive split" in page and "real image" in page


def test_each_row_has_an_image_or_a_marked_placeholder(finished_amazon):
    root, _ = finished_amazon
    table = pd.read_parquet(root / IMAGES / "images.parquet")
    rows = [
        pd.read_parquet(root / f"03_primary/amazon/{name}.parquet") for name in ("train", "test")
    ]
    assert table["sample_id"].tolist() == pd.concat(rows)["sample_id"].tolist()
    failed = table[table["status"] == "placeholder"]
    assert (table["status"] == "downloaded").sum() > 0.8 * len(table)
    assert {"HTTP 404", "no link"} <= set(failed["reason"])
    listed = (root / IMAGES / "failed_downloads.txt").read_text().splitlines()[1:]
    assert sorted(line.split("\t")[0] for line in listed) == sorted(failed["sample_id"])
    features = pd.read_parquet(root / "04_feature/amazon/image_features.parquet")
    bare = features.drop(columns=["sample_id", "is_real"]).isna().all(axis=1)
    assert bare.tolist() == (table["status"] == "placeholder").tolist()


def test_the_naive_split_has_scores_of_its_own_beside_the_grouped_one(finished_amazon):
    """So few rows have too few copies to say which score is lower, but the two are not one."""
    root, _ = finished_amazon
    scores = pd.read_csv(root / REPORTING / "split_scores.csv")
    assert scores["model"].tolist() == ["ridge", "text_neighbours"]
    folds = pd.read_parquet(root / "04_feature/amazon/folds.parquet")
    assert folds.groupby("group")["fold"].nunique().max() == 1
    assert folds.groupby("group")["naive_fold"].nunique().max() > 1
    held = folds[folds["naive_fold"] == 0]
    # Other rows of their groups are among the fitted ones.
    assert held["group"].isin(folds.loc[folds["naive_fold"] != 0, "group"]).any()
    assert set(scores["rows"]) == {len(held)}
    for name, column in (("oof_predictions", "grouped"), ("naive_predictions", "naive")):
        said = pd.read_parquet(root / f"07_model_output/amazon/{name}.parquet")
        if "split" in said:
            assert set(said["split"]) == {"naive", "copies"}
            said = said[said["split"] == "naive"]
        for row in scores.itertuples():
            own = said[said["model"] == row.model].set_index("sample_id")["predicted"]
            wanted = smape(held["price"], own[held["sample_id"]])
            assert getattr(row, column) == pytest.approx(wanted)
    assert ((scores["naive"] - scores["grouped"]).abs() > 0.5).all()
    assert scores["difference"].tolist() == pytest.approx(scores["naive"] - scores["grouped"])


def test_copies_in_the_test_move_the_expected_score(finished_amazon):
    root, _ = finished_amazon
    (estimate,) = pd.read_csv(root / REPORTING / "test_estimate.csv").to_dict("records")
    copies = pd.read_parquet(root / "03_primary/amazon/test_copies.parquet")
    assert estimate["copies"] == copies["test_id"].nunique() > 0
    assert estimate["judged_by"] in ("ridge", "text_neighbours")
    folds = pd.read_parquet(root / "04_feature/amazon/folds.parquet")
    fitted = folds.loc[folds["naive_fold"] != 0, "group"]
    saw = folds.loc[folds["naive_fold"] == 0, "group"].isin(fitted)
    assert estimate["seen_rows"] == saw.sum() > 0
    board = pd.read_csv(root / REPORTING / "leaderboard.csv").set_index("model")
    own = board.loc[estimate["model"]]
    assert estimate["score"] != own["score"]
    assert estimate["ci_low"] < estimate["score"] < estimate["ci_high"]
    # Copies are a few rows of many: the estimate stays near the local score.
    assert own["ci_low"] - 2 < estimate["score"] < own["ci_high"] + 2
    metrics = json.loads((root / REPORTING / "metrics.json").read_text())
    assert metrics["expected_score"] == pytest.approx(estimate["score"])
    page = (root / REPORTING / "report.html").read_text(encoding="utf-8")
    assert f"is expected to score {estimate['score']:.4f}" in page


def test_on_two_threads_and_in_parts_the_bytes_are_the_same(project_copy, finished_amazon):
    root = project_copy.data_root("again_amazon", challenge="amazon")
    for stage in ("data_processing", "feature_engineering", "modeling"):
        project_copy.session(f"amazon.{stage}", root=root, parameters={"threads": 2})
    done = root / "07_model_output/amazon/member_prices.parquet"
    before = done.stat().st_mtime_ns
    project_copy.session("amazon", root=root, only_missing_outputs=True, parameters={"threads": 2})
    assert done.stat().st_mtime_ns == before
    for name in (SUBMISSION, "07_model_output/amazon/test_predictions.parquet"):
        assert (root / name).read_bytes() == (finished_amazon[0] / name).read_bytes()


@pytest.fixture
def root_copy_of_amazon(project_copy, finished_amazon, request):
    return project_copy.data_root(request.node.name, copy_of=finished_amazon[0])


def test_without_any_time_the_submission_is_the_best_constant(project_copy, root_copy_of_amazon):
    root = root_copy_of_amazon
    (root / SUBMISSION).unlink()
    log = project_copy.session(
        *(f"amazon.{stage}" for stage in STAGES), root=root, parameters={"time_budget": "1s"}
    )
    assert "every row gets the best constant" in log
    assert leaderboard(root)["model"].tolist() == ["best_constant"]
    assert pd.read_csv(root / SUBMISSION)["price"].nunique() == 1
    page = (root / REPORTING / "report.html").read_text()
    assert "lightgbm_l1" in page and "the time budget is used up" in page


def test_vision_models_add_numbers_and_look_at_the_images_now_and_when_asked_later(
    project_copy, root_copy_of_amazon, tmp_path
):
    root, model = root_copy_of_amazon, save_tiny_model("vit", tmp_path / "vit")
    looks = {
        "kind": "regressor",
        "type": "podium.pricing.fine_tuned_image.FineTunedImagePrice",
        "arguments": {"model": str(model), "size": 16, "epochs": 1, "hidden": 8},
    }
    encoder = {
        "type": "podium.vision.pretrained.PretrainedEncoder",
        "arguments": {"model": str(model), "sizes": 32},
    }
    chosen = {
        "amazon.image_features.encoders.tiny": encoder,
        "amazon.features.keep_pictures": True,
        "amazon.models.looks": looks,
        "amazon.evaluation.chosen": ["looks"],
        # What is asked later lies on this machine.
        "amazon.images.rules.private_addresses": True,
    }
    before = pd.read_parquet(root / IMAGE_FEATURES)
    stages = [f"amazon.{stage}" for stage in ("feature_engineering", *STAGES)]
    project_copy.session(*stages, root=root, parameters=chosen)
    numbers = pd.read_parquet(root / IMAGE_FEATURES)
    added = numbers.drop(columns=list(before))
    assert added.columns.tolist() == [f"tiny_{at}" for at in range(32)]
    assert (added.notna().all(axis=1) == numbers["is_real"]).all()
    assert numbers["is_real"].any() and not numbers["is_real"].all()
    assert added[numbers["is_real"]].nunique().min() > 1
    said = pd.read_parquet(root / "07_model_output/amazon/test_predictions.parquet")
    assert list(said) == ["sample_id", "price", "looks"]

    test = pd.read_csv(root / RAW / "test.csv", dtype=str)
    real = numbers["is_real"].to_numpy()[-len(test) :]
    rows, expected = test[real].head(6), said["price"].to_numpy()[real][:6]
    # The logged model does not need the data of the run.
    images = (root / RAW / "images").rename(tmp_path / "images")
    fitted = mlflow.pyfunc.load_model(last_model(project_copy.store))
    with served_files(images) as address:
        links = [f"{address}/{link.rpartition('/')[2]}" for link in rows["image_link"]]
        answers = fitted.predict(rows[["catalog_content"]].assign(image_link=links))
    bare = fitted.predict(rows[["catalog_content"]].assign(image_link=None))
    np.testing.assert_allclose(answers["price"], expected, rtol=1e-4)
    assert (np.abs(bare["price"] / expected - 1) > 1e-3).all()


def test_text_models_add_vectors_and_read_the_texts_now_and_when_asked_later(
    project_copy, root_copy_of_amazon, tmp_path
):
    root, model = root_copy_of_amazon, save_tiny_text_model("bert", tmp_path / "bert")
    chosen = {
        "amazon.features.encoder": {
            "type": "podium.pricing.text_encoder.TextEncoder",
            "arguments": {"model": str(model), "max_length": 16, "tail_length": 4},
        },
        "amazon.features.keep_texts": True,
        "amazon.models.ridge.arguments": {"encoded_weight": 1.0},
        "amazon.models.reads": {
            "kind": "regressor",
            "type": "podium.pricing.fine_tuned_text.FineTunedTextPrice",
            "arguments": {"model": str(model), "max_length": 16, "tail_length": 4, "epochs": 1},
        },
        "amazon.evaluation.chosen": ["reads"],
    }
    before = leaderboard(root).set_index("model")["score"]
    stages = [f"amazon.{stage}" for stage in ("feature_engineering", *STAGES)]
    project_copy.session(*stages, root=root, parameters=chosen)
    scores = leaderboard(root).set_index("model")["score"]
    assert scores["ridge"] != before["ridge"] and np.isfinite(scores["reads"])
    said = pd.read_parquet(root / "07_model_output/amazon/test_predictions.parquet")
    assert list(said) == ["sample_id", "price", "reads"]

    rows = pd.read_csv(root / RAW / "test.csv", dtype=str).head(6)
    fitted = mlflow.pyfunc.load_model(last_model(project_copy.store))
    answers = fitted.predict(rows[["catalog_content"]].assign(image_link=None))
    np.testing.assert_allclose(answers["price"], said["price"][:6], rtol=1e-4)


def last_model(store):
    """Where the model that was logged last lies."""
    runs = mlflow.MlflowClient(store)
    (experiment,) = runs.search_experiments(filter_string="name = 'amazon'")
    found = runs.search_logged_models([experiment.experiment_id])
    return max(found, key=lambda each: each.creation_timestamp).artifact_location


def test_a_single_model_may_make_the_submission(project_copy, root_copy_of_amazon):
    root = root_copy_of_amazon
    chosen = {"amazon.evaluation.chosen": ["ridge"]}
    project_copy.session("amazon.evaluation", "amazon.submission", root=root, parameters=chosen)
    said = pd.read_parquet(root / "07_model_output/amazon/test_predictions.parquet")
    assert list(said) == ["sample_id", "price", "ridge"]
    assert said["price"].tolist() == said["ridge"].tolist()


def test_a_bad_test_row_stops_the_run_and_leaves_no_submission(project_copy):
    root = project_copy.data_root("bad_amazon", challenge="amazon")
    with (root / RAW / "test.csv").open("a") as file:
        file.write("77,only two\n")
    done = project_copy.run("--pipeline=amazon", root=root)
    assert done.returncode != 0
    assert "test.csv" in done.stdout and "sample_id" in done.stdout and "row" in done.stdout
    assert "Traceback" not in done.stdout
    assert not (root / SUBMISSION).exists()
