"""Metrics logged in one batch are those that were given, whatever their number."""

import mlflow
import pytest
from kedro.io import DatasetError

from podium.metric_datasets import MetricsBatchDataset


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store in a file."""
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"


@pytest.fixture
def client(store):
    """Its client, with a run that is open."""
    former = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(store)
    try:
        # By its number: what other tests chose as the active experiment is not in this store.
        with mlflow.start_run(experiment_id="0"):
            yield mlflow.MlflowClient()
    finally:
        mlflow.set_tracking_uri(former)


def logged(client):
    run_id = mlflow.active_run().info.run_id
    return client.get_run(run_id).data.metrics


def test_more_values_than_one_request_may_hold(client):
    given = {f"hit_at_{at}": {"value": at / 7, "step": 0} for at in range(1, 1_502)}
    MetricsBatchDataset(prefix="").save(given)
    assert logged(client) == {name: item["value"] for name, item in given.items()}


def test_every_step_of_a_history_and_the_prefix(client):
    history = [{"value": value, "step": step} for step, value in enumerate([0.5, 0.25, 0.75])]
    MetricsBatchDataset(prefix="museum").save({"score": history})
    run_id, name = mlflow.active_run().info.run_id, "museum.score"
    found = client.get_metric_history(run_id, name)
    assert [(item.step, item.value) for item in found] == [(0, 0.5), (1, 0.25), (2, 0.75)]
    assert MetricsBatchDataset(prefix="museum").load() == {name: history}


def test_what_is_switched_off_logs_nothing(client):
    dataset = MetricsBatchDataset(prefix="")
    dataset._logging_activated = False
    dataset.save({"score": {"value": 1.0, "step": 0}})
    assert not logged(client)


def test_a_plain_number_is_refused(client):
    with pytest.raises(DatasetError, match="Unexpected metric value"):
        MetricsBatchDataset(prefix="").save({"score": 1.0})
    assert not logged(client)
