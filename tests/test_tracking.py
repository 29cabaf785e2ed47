import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kedro.pipeline import Pipeline, node

from podium.tracked_run import TrackedRun, TrackedRunDataset
from podium.tracking import data_tags, experiment_name
from podium.tracking_store import artifact_settings, local_store, server_answers


def test_a_server_answers_whatever_it_says():
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:  # says 501
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert server_answers(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_a_server_that_hangs_with_its_port_open_does_not_answer(monkeypatch):
    monkeypatch.setattr("podium.tracking_store.SERVER_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not server_answers(f"http://127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_server_that_is_gone_does_not(scheme):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not server_answers(f"{scheme}://127.0.0.1:{port}")
    assert not server_answers(f"{scheme}://no.such.host.invalid:{port}")


@pytest.mark.parametrize("uri", ["sqlite:////somewhere/mlflow.db", "postgresql://db/mlflow"])
def test_what_is_no_web_server_is_not_asked(uri):
    assert server_answers(uri)


def test_artifacts_lie_beside_a_sqlite_file(tmp_path):
    uri = f"sqlite:///{tmp_path}/deep/mlflow.db"
    location = artifact_settings(uri)["create_experiment_kwargs"]["artifact_location"]
    assert location == (tmp_path / "deep" / "mlartifacts").as_uri()


def test_a_relative_sqlite_file_is_relative_to_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    location = artifact_settings("sqlite:///mlflow.db")["create_experiment_kwargs"]
    assert location["artifact_location"] == (tmp_path / "mlartifacts").as_uri()


def test_a_server_chooses_itself():
    assert artifact_settings("http://127.0.0.1:5000") == {}


def test_local_store(tmp_path):
    assert local_store(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"


def identity(values):
    return values


def nodes(*names):
    return Pipeline([node(identity, f"in_{name}", f"out_{name}", name=name) for name in names])


def test_the_experiment_is_the_challenge():
    assert experiment_name(nodes("hearme.modeling.a", "hearme.modeling.b")) == "hearme"
    assert experiment_name(nodes("hearme.modeling.a", "other")) == "hearme"
    assert experiment_name(nodes("other")) == "podium"


def test_the_experiment_of_several_challenges(monkeypatch):
    monkeypatch.setattr("podium.challenges.challenges", lambda: ("hearme", "museum"))
    assert experiment_name(nodes("hearme.a.b", "museum.a.b")) == "podium"


def test_data_tags_of_a_bare_catalog():
    from kedro.io import DataCatalog

    assert data_tags(DataCatalog()) == {}


@pytest.mark.parametrize(
    ("server", "place", "local"),
    [(None, "http://ui:5000", True), ("https://mlflow.example/", "https://mlflow.example", False)],
)
def test_what_a_page_may_say_of_the_tracked_run(monkeypatch, server, place, local):
    run = TrackedRun("a name", "r1", "7", 1_700_000_000_000, server)
    monkeypatch.setattr(TrackedRun, "now", run)
    assert TrackedRunDataset(local_ui="http://ui:5000").load() == {
        "name": "a name",
        "run_id": "r1",
        "link": f"{place}/#/experiments/7/runs/r1",
        "local": local,
        "started": "2023-11-14T22:13:20+00:00",
    }


def test_of_a_run_that_is_not_tracked_nothing_is_said(monkeypatch):
    monkeypatch.setattr(TrackedRun, "now", None)
    assert TrackedRunDataset(local_ui="http://ui:5000").load() == {}
