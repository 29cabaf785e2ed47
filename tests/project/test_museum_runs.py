"""Whole runs of Lost in the Museum: what they leave, and what they refuse."""

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.io import DatasetError
from PIL import Image
from running import kill_when, owed, saved
from tiny_vision_models import save_tiny_model

from podium.array_datasets import ShardedArraysDataset
from podium.common.errors import PodiumError

RAW = "01_raw/museum/images"
SUBMISSION = "07_model_output/museum/submission.csv"
REPORTING = "08_reporting/museum"


def leaderboard(root):
    return pd.read_csv(root / REPORTING / "leaderboard.csv").set_index("model")


def assert_accepted(root):
    from podium.cli import cli

    words = ["submission", "check", "museum", str(root / SUBMISSION), "--data-root", str(root)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output


def test_the_submission_is_accepted_and_scored(finished_museum, tiny_museum):
    from podium.cli import cli

    root, log = finished_museum
    submission = str(root / SUBMISSION)
    assert_accepted(root)
    assert f"Submission: {submission}" in log and "SAMPLE" not in log
    truth = str(tiny_museum.parent / "truth.csv")
    words = ["submission", "score", "museum", submission, "--truth", truth]
    words += ["--data-root", str(root)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0 and "hit_at_10" in done.output, done.output


def test_every_image_has_a_vector_the_unreadable_too(finished_museum):
    root, _ = finished_museum
    names = sorted(path.name for path in (root / RAW).iterdir())
    table = pd.read_csv(root / SUBMISSION)
    assert table["image_name"].tolist() == names
    vectors = table.filter(like="feature_").to_numpy("float32")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    quarantine = pd.read_parquet(root / "03_primary/museum/quarantine.parquet")
    assert len(quarantine) == 1  # the truncated file
    assert quarantine["content"].iloc[0] in names


def test_every_encoder_is_on_the_leaderboard(finished_museum):
    root, log = finished_museum
    rows = leaderboard(root)
    models = {"colour_blocks", "vlad", "fisher", "joined", "joined_verified"}
    assert set(rows.index) == models
    for name, row in rows.iterrows():
        assert f"{name}: {row.score:.4f} [{row.ci_low:.4f}, {row.ci_high:.4f}]" in log
    page = (root / REPORTING / "report.html").read_text()
    assert "Picture wall" in page and "has more than 6 matches is doubtful" in page


def test_a_pretrained_checkpoint_and_a_trained_network_join_the_vectors(
    project_copy, finished_museum, tmp_path
):
    root = project_copy.data_root("networks_museum", copy_of=finished_museum[0])
    model = save_tiny_model("vit", tmp_path / "vit")
    looked_at = {"model": str(model), "pooling": "gem", "sizes": 32, "rotations": "each"}
    looks = {
        "kind": "encoder",
        "type": "podium.vision.pretrained.PretrainedEncoder",
        "arguments": looked_at | {"framing": "squash", "backend": "torch", "device": "cpu"},
    }
    small = {"size": 32, "photo_size": 48, "dimension": 8, "epochs": 1, "device": "cpu"}
    chosen = {
        "museum.encoders.looks": looks,
        "museum.encoders.instance_network.enabled": True,  # as in conf/best
        "museum.encoders.instance_network.arguments": small,
        "museum.modeling.dimensions": 20,
    }
    log = project_copy.session("museum", root=root, parameters=chosen)
    rows = leaderboard(root)
    assert {"looks", "instance_network", "joined", "joined_verified"} < set(rows.index)
    assert np.isfinite(rows[["score", "ci_low", "ci_high"]]).all(axis=None)
    assert rows["score"].between(0, 1).all()

    images = len(list((root / RAW).iterdir()))
    vectors = ShardedArraysDataset(filepath=str(root / "05_model_input/museum/vectors")).load()
    looked, told_apart = (
        np.asarray(vectors[f"{name}.images"]["vectors"]) for name in ("looks", "instance_network")
    )
    assert looked.shape == (images, 4, 32)  # each image in four turns
    assert told_apart.shape == (images, 8)
    assert np.ptp(looked, axis=1).max() > 1e-3 and np.ptp(told_apart, axis=0).max() > 1e-3

    table = pd.read_csv(root / SUBMISSION)
    assert list(table.filter(like="feature_")) == [f"feature_{at}" for at in range(20)]
    assert len(table) == images and f"Submission: {root / SUBMISSION}" in log
    assert_accepted(root)


def cells(page, heading):
    """The rows of the first table below a heading of the report, as texts."""
    section = re.split(rf"<h2[^>]*>{heading}</h2>", page)[1].split("</table>", 1)[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", section, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>\s*(.*?)\s*</t[hd]>", row, re.DOTALL) for row in rows]


def test_the_report_has_the_hits_of_every_model_at_every_strength(finished_museum):
    root, _ = finished_museum
    page = (root / REPORTING / "report.html").read_text()
    heading, *rows = cells(page, "Every model at every strength")
    assert heading[:3] == ["Model", "Strength", "Photos"]
    assert heading[3:] == ["Hit@1", "Hit@3", "95 % interval", "Hit@10"]
    table = pd.read_csv(root / REPORTING / "breakdown.csv")
    table = table[table["effect"] == "mixed"].set_index(["model", "strength", "cutoff"])
    expected = []
    for model in leaderboard(root).index:
        for strength in (1, 2, 3):
            one, three, ten = (table.loc[(model, strength, cutoff)] for cutoff in (1, 3, 10))
            interval = f"{three.ci_low:.4f} to {three.ci_high:.4f}"
            numbers = (f"{one.score:.4f}", f"{three.score:.4f}", interval, f"{ten.score:.4f}")
            expected.append([model, str(strength), "6", *numbers])
    assert rows == expected


@pytest.mark.parametrize("others", [{}, {"tiny": (1, 1), "thin": (1, 5000)}])
def test_plain_pictures_give_a_submission_and_a_report(project_copy, others):
    """Nothing tells them apart: they have one colour and no keypoint; some are not photographed."""
    root = project_copy.data_root(f"plain_museum_{len(others)}", challenge="museum")
    for path in (root / RAW).iterdir():
        path.unlink()
    sizes = {f"plain_{number}": (80, 60) for number in range(10)} | others
    for name, size in sizes.items():
        Image.new("RGB", size, (127, 127, 127)).save(root / RAW / f"{name}.png")
    log = project_copy.session("museum", root=root)
    rows = leaderboard(root)
    assert set(rows.index) == {"colour_blocks", "joined", "joined_verified"}
    for name in ("vlad", "fisher"):
        assert f"{name}: left out: 0 keypoints are too few" in log
    assert "all shortlists are empty" in log
    page = (root / REPORTING / "report.html").read_text()
    assert "2 models were left out" in page and "left out: 0 keypoints are too few" in page
    table = pd.read_csv(root / SUBMISSION)
    assert len(table) == len(sizes) and np.isfinite(table.filter(like="feature_")).all(axis=None)


def test_the_photos_are_those_of_the_held_out_images(finished_museum):
    root, _ = finished_museum
    folds = pd.read_parquet(root / "04_feature/museum/folds.parquet")
    photos = pd.read_parquet(root / "04_feature/museum/photos.parquet")
    assert set(photos["image_name"]) == set(folds.loc[folds["held_out"], "image_name"])
    assert folds["held_out"].sum() == 6


def test_on_two_threads_and_in_parts_the_bytes_are_the_same(project_copy, finished_museum):
    root = project_copy.data_root("again_museum", challenge="museum")
    for stage in ("data_processing", "feature_engineering", "modeling"):
        project_copy.session(f"museum.{stage}", root=root, parameters={"threads": 2})
    project_copy.session("museum", root=root, only_missing_outputs=True, parameters={"threads": 2})
    first = finished_museum[0]
    assert (root / SUBMISSION).read_bytes() == (first / SUBMISSION).read_bytes()
    board = leaderboard(root)["score"]
    pd.testing.assert_series_equal(board, leaderboard(first)["score"])


@pytest.mark.parametrize("harm", ["empty", "texts"])
def test_a_folder_without_images_is_refused_and_nothing_written(project_copy, harm):
    root = project_copy.data_root(f"{harm}_museum", challenge="museum")
    for path in (root / RAW).iterdir():
        if harm == "texts":
            path.write_bytes(b"no image at all")
        else:
            path.rename(path.with_suffix(".txt"))
    wanted = "can be read; ten are needed" if harm == "texts" else "no image among"
    with pytest.raises((PodiumError, DatasetError), match=wanted):
        project_copy.session("museum", root=root)
    assert not (root / SUBMISSION).exists()


def test_old_outputs_do_not_mix_with_new_ones(project_copy, finished_museum):
    """Every output is there from a run with other parameters when the new one is killed."""
    other = {"museum.modeling.dimensions": 8, "seed": 5}
    alone = project_copy.data_root("alone_museum", challenge="museum")
    project_copy.session("museum", root=alone, parameters=other)
    root = project_copy.data_root("old_museum", copy_of=finished_museum[0])
    process = project_copy.start("--pipeline=museum", root=root, **other)
    assert kill_when(process, saved(root, "museum.local_features", "museum"))
    wanted = (alone / SUBMISSION).read_bytes()
    assert (root / SUBMISSION).read_bytes() != wanted
    project_copy.session("museum", only_missing_outputs=True, root=root, parameters=other)
    assert (root / SUBMISSION).read_bytes() == wanted
    assert owed(root, "museum") is None
