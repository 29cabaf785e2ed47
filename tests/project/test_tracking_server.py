"""A tracking server that is away, or goes away, costs no run."""

import os
import signal
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from image_server import closed_port
from running import SUBMISSION, owed, wait_until
from started_servers import started_server, stop


@contextmanager
def mlflow_server(folder, log):
    """A real server of MLflow, at work already."""
    from mlflow.tracking import MlflowClient

    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", "--workers=1"]
    command += [f"--backend-store-uri=sqlite:///{folder}/server.db"]
    command += [f"--artifacts-destination={folder}/server"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # starts faster
    with started_server(
        lambda port: [*command, f"--port={port}"], "/health", log, env=environment
    ) as (server, address):
        MlflowClient(tracking_uri=address).search_experiments()  # the first request takes longest
        yield server, address


@contextmanager
def server_that_allows(*allowed):
    """A web server that takes what ends so, and forbids all else; its address, what it forbade."""
    forbidden = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            may = self.path.endswith(allowed)
            if not may:
                forbidden.append(self.path)
            self.send_response(200 if may else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_PATCH = answer

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", forbidden
        finally:
            server.shutdown()


@pytest.fixture
def without_submission(root_copy):
    (root_copy / SUBMISSION).unlink()
    return root_copy


def last_run(store):
    """The newest run of HearMe in a store, and the store's client."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("hearme")
    (run, *_) = client.search_runs([experiment.experiment_id], max_results=1)
    return run, client


@pytest.mark.parametrize("away", [True, False], ids=["away", "forbids"])
def test_a_server_of_no_use_at_the_start(project_copy, finished, without_submission, away):
    """It is gone, or says that it is well and then refuses every request."""
    with server_that_allows("/health") as (address, forbidden), closed_port() as closed:
        uri = f"http://127.0.0.1:{closed}" if away else address
        log = project_copy.session(
            "hearme.submission", root=without_submission, variables={"MLFLOW_TRACKING_URI": uri}
        )
    assert bool(forbidden) != away
    assert (without_submission / SUBMISSION).read_bytes() == finished.submission
    said = "does not answer: tracked in" if away else "error code 403"
    assert f"The tracking server {uri} " in log and said in log
    assert "without tracking" not in log
    run, client = last_run(project_copy.store)  # that of the copy
    assert run.data.tags["hearme.data_tree"] == str(without_submission)
    assert run.info.status == "FINISHED"
    assert "submission.csv" in {file.path for file in client.list_artifacts(run.info.run_id)}


def test_server_killed_in_the_middle(project_copy, finished, without_submission, tmp_path):
    from mlflow.tracking import MlflowClient

    with mlflow_server(tmp_path, tmp_path / "server.log") as (server, uri):
        process = project_copy.start(
            "--pipelines=hearme.modeling,hearme.submission",
            root=without_submission,
            variables={"MLFLOW_TRACKING_URI": uri},
        )
        try:
            assert wait_until(
                lambda: "hearme.models" not in (owed(without_submission) or {"hearme.models"}),
                process,
            ), process.communicate()[0][-3000:]
            process.send_signal(signal.SIGSTOP)  # not to go on before the server is gone
            client = MlflowClient(tracking_uri=uri)
            experiment = client.get_experiment_by_name("hearme")
            (run,) = client.search_runs([experiment.experiment_id])
            logged = {file.path for file in client.list_artifacts(run.info.run_id, "models")}
            assert run.data.params["hearme.compute.threads"] == "1"
            stop(server)
            process.send_signal(signal.SIGCONT)
            output, _ = process.communicate(timeout=240)
        finally:
            process.kill()
    assert process.returncode == 0, output[-3000:]
    assert "The run goes on without tracking" in output
    assert "models/models.pickle" in logged
    assert (without_submission / SUBMISSION).read_bytes() == finished.submission


def test_artifacts_that_are_refused_in_the_middle(project_copy, finished, without_submission):
    """The store takes the run and its recipe, the place of artifacts nothing more."""
    from mlflow.tracking import MlflowClient

    store = f"sqlite:///{without_submission}/refusing.db"
    with server_that_allows("/recipe.json") as (place, forbidden):
        MlflowClient(tracking_uri=store).create_experiment("hearme", artifact_location=place)
        log = project_copy.session(
            "hearme.submission", root=without_submission, variables={"MLFLOW_TRACKING_URI": store}
        )
    assert len(forbidden) == 1, "tracking stops at the first"
    assert "The run goes on without tracking: 403" in log
    assert (without_submission / SUBMISSION).read_bytes() == finished.submission
    run, _ = last_run(store)
    assert run.info.status == "FAILED"
