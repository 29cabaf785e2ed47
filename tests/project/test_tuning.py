"""Tuning of every challenge: a study begun, gone on with, killed; its winner used."""

import json
import signal
import sqlite3

import mlflow
import pandas as pd
import pytest
import yaml
from omegaconf import OmegaConf
from running import wait_until

from podium.challenges import challenges


class Study:
    """What the tuning of a challenge has left in a data root."""

    def __init__(self, root, challenge):
        self.root, self.challenge = root, challenge
        self.reporting = root / "08_reporting" / challenge
        self.database = root / "06_models" / challenge / "tuning.db"

    @property
    def trials(self):
        return pd.read_csv(self.reporting / "tuning_trials.csv")

    @property
    def metrics(self):
        return json.loads((self.reporting / "tuning_metrics.json").read_text())

    @property
    def winner(self):
        return (self.reporting / "tuned_parameters.yml").read_text()

    @property
    def local_score(self):
        return json.loads((self.reporting / "metrics.json").read_text())["score"]


def tune(project_copy, root, challenge, trials, **parameters):
    log = project_copy.session(
        f"{challenge}.tuning",
        root=root,
        parameters={f"{challenge}.tuning.trials": trials} | parameters,
    )
    return Study(root, challenge), log


def without_seconds(trials):
    return trials.drop(columns="seconds")


@pytest.mark.parametrize("challenge", challenges())
def test_the_first_trial_scores_what_the_run_scored(project_copy, finished_of, challenge):
    root = project_copy.data_root(f"tuned_{challenge}", copy_of=finished_of(challenge)[0])
    study, log = tune(project_copy, root, challenge, 2)
    trials = study.trials
    assert trials["score"][0] == pytest.approx(study.local_score, abs=1e-12)
    assert trials["score"].notna().all(), trials["error"].tolist()
    assert trials["difference"][0] == 0 and len(trials) == 2
    assert study.metrics["tuning.default_score"] == pytest.approx(study.local_score, abs=1e-12)
    assert set(yaml.safe_load(study.winner)) == {challenge}
    assert f"Tuned parameters: {study.reporting / 'tuned_parameters.yml'}" in log
    figure = json.loads((study.reporting / "tuning_plot.json").read_text())
    assert figure["layout"]["yaxis"]["title"]["text"].startswith("local score")


# Only models that are quick to fit; too strong a penalty makes the defaults easy to beat.
QUICK_ENV = """
echoes:
  data_processing: {embedding_length: 16}
  folds: {count: 3, repeat_until_rows: 0}
  shift: {folds: 3, resamples: 100}
  models:
    logistic_image: {arguments: {inverse_penalty: 0.0001}}
    logistic_text: {arguments: {inverse_penalty: 0.0001}}
    logistic_both: {arguments: {inverse_penalty: 0.0001}}
    logistic_interactions: {arguments: {inverse_penalty: 0.0001}}
    low_rank_bilinear: {enabled: false}
    svm_both: {enabled: false}
    early_fusion_mlp: {enabled: false}
    two_tower_concatenation: {enabled: false}
    two_tower_average: {enabled: false}
    contrastive_knn: {enabled: false}
    random_forest: {enabled: false}
    xgboost: {enabled: false}
    lightgbm: {enabled: false}
  evaluation: {resamples: 200}
"""


@pytest.fixture(scope="module")
def quick_root(project_copy):
    """The stages before modeling, in an environment with quick models."""
    file = project_copy.folder / "conf" / "quick" / "echoes" / "parameters.yml"
    file.parent.mkdir(parents=True)
    file.write_text(QUICK_ENV)
    root = project_copy.data_root("quick_echoes", challenge="echoes")
    project_copy.session(
        "echoes.data_processing", "echoes.feature_engineering", root=root, env="quick"
    )
    return root


def quick(project_copy, root, trials, **options):
    parameters = {"echoes.tuning.trials": trials} | options.pop("parameters", {})
    log = project_copy.session(
        "echoes.tuning", root=root, env="quick", parameters=parameters, **options
    )
    return Study(root, "echoes"), log


@pytest.fixture(scope="module")
def whole(project_copy, quick_root):
    """Five trials at once."""
    return quick(project_copy, project_copy.data_root("at_once", copy_of=quick_root), 5)


@pytest.fixture
def root(project_copy, quick_root, request):
    name = request.node.name.split("[")[0]
    return project_copy.data_root(f"quick_{name}", copy_of=quick_root)


def test_gone_on_with_it_ends_as_if_it_had_run_through(project_copy, root, whole):
    first, _ = quick(project_copy, root, 2)
    assert len(first.trials) == 2
    study, log = quick(project_copy, root, 5)
    assert "goes on after 2 of 5 trials" in log
    pd.testing.assert_frame_equal(without_seconds(study.trials), without_seconds(whole[0].trials))
    assert study.winner == whole[0].winner and study.metrics == whole[0].metrics


def test_killed_it_loses_at_most_the_trial_under_way(project_copy, root, whole):
    study = Study(root, "echoes")
    process = project_copy.start(
        "--pipeline=echoes.tuning", root=root, env="quick", **{"echoes.tuning.trials": 5}
    )

    def ended():
        if not study.database.exists():
            return 0
        try:
            with sqlite3.connect(f"file:{study.database}?mode=ro", uri=True) as store:
                rows = store.execute("select count(*) from trials where state = 'COMPLETE'")
                return rows.fetchone()[0]
        except sqlite3.OperationalError:  # its tables are being made, or a trial is being written
            return 0

    try:
        assert wait_until(lambda: ended() >= 2, process), process.communicate()[0][-3000:]
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    kept = ended()
    assert not (study.reporting / "tuning_trials.csv").exists()
    _, log = quick(project_copy, root, 5)
    assert f"goes on after {kept} of 5 trials" in log
    pd.testing.assert_frame_equal(without_seconds(study.trials), without_seconds(whole[0].trials))


def test_the_winner_as_a_parameter_file_scores_what_it_scored(project_copy, root, whole):
    study, _ = whole
    best = study.trials.loc[study.trials["score"].idxmax()]
    assert best["trial"] > 0, "nothing was better than the defaults: the test shows nothing"
    values = OmegaConf.merge(OmegaConf.create(QUICK_ENV), OmegaConf.create(study.winner))
    file = project_copy.folder / "conf" / "winner" / "echoes" / "parameters.yml"
    file.parent.mkdir(parents=True)
    file.write_text(OmegaConf.to_yaml(values))
    project_copy.session("echoes.modeling", "echoes.evaluation", root=root, env="winner")
    assert Study(root, "echoes").local_score == pytest.approx(best["score"], abs=1e-12)


def test_other_data_begin_a_new_study(project_copy, root):
    quick(project_copy, root, 2)
    raw = root / "01_raw" / "echoes" / "train_part1.json"
    raw.write_text(raw.read_text() + "\n")
    project_copy.session(
        "echoes.data_processing", "echoes.feature_engineering", root=root, env="quick"
    )
    study, log = quick(project_copy, root, 1)
    assert "the data changed" in log and "2 trials of the former one are kept" in log
    assert len(study.trials) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("modeling.shrinkag", "there is no parameter 'modeling.shrinkag'"),
        ("evaluation.resamples", "is read by no node of echoes.modeling"),
        ("folds.count", "is read before echoes.modeling too"),
    ],
)
def test_what_cannot_be_tuned_is_refused_by_its_path(project_copy, quick_root, path, said):
    from podium.common.parameters import ParameterError

    file = project_copy.folder / "conf" / "wrong" / "echoes" / "parameters.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    wrong = yaml.safe_load(QUICK_ENV)
    wrong["echoes"]["tuning"] = {"space": {path: {"type": "int", "low": 2, "high": 9}}}
    file.write_text(yaml.safe_dump(wrong))
    with pytest.raises(ParameterError, match=said):
        project_copy.session("echoes.tuning", root=quick_root, env="wrong")
    assert not Study(quick_root, "echoes").database.exists()


def test_trials_table_plot_and_winner_are_in_mlflow(project_copy, whole):
    study, _ = whole
    client = mlflow.MlflowClient(project_copy.store)
    experiment = client.get_experiment_by_name("echoes")
    runs = client.search_runs([experiment.experiment_id])
    run = next(
        run for run in runs
        if run.data.tags["echoes.data_tree"] == str(study.root)
        and "tuning.trials" in run.data.metrics
    )  # fmt: skip
    assert run.data.metrics["tuning.best_score"] == study.metrics["tuning.best_score"]
    curve = client.get_metric_history(run.info.run_id, "tuning.score")
    assert [point.value for point in curve] == study.trials["score"].tolist()
    files = [file.path for folder in ("tuning", "plots")
             for file in client.list_artifacts(run.info.run_id, folder)]  # fmt: skip
    assert {
        *("tuning/tuning_trials.csv", "tuning/tuned_parameters.yml"),
        *("plots/tuning_plot.json", "plots/tuning_importance_plot.json"),
    } <= set(files)
    assert run.data.params["echoes.tuning.trials"] == "5"
