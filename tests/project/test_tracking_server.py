"""A tracking server that is away, or goes away, costs no run."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from running import SUBMISSION, owed, wait_until


def free_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@contextmanager
def mlflow_server(folder, log):
    """A real server of MLflow in a process group of its own."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}"]
    command += ["--workers=1", f"--backend-store-uri=sqlite:///{folder}/server.db"]
    command += [f"--artifacts-destination={folder}/server"]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # starts faster
    with log.open("w") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, start_new_session=True, env=environment
        )
    try:
        assert wait_until(lambda: healthy(port), server, 180), log.read_text()[-2000:]
        yield server, f"http://127.0.0.1:{port}"
    finally:
        stop(server)


def stop(server):
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        time.sleep(0.2)
        return False


@pytest.fixture
def without_submission(root_copy):
    (root_copy / SUBMISSION).unlink()
    return root_copy


def test_server_away_at_the_start(project_copy, finished, without_submission):
    from mlflow.tracking import MlflowClient

    uri = f"http://127.0.0.1:{free_port()}"
    log = project_copy.session(
        "hearme.submission", root=without_submission, variables={"MLFLOW_TRACKING_URI": uri}
    )
    assert (without_submission / SUBMISSION).read_bytes() == finished.submission
    assert f"The tracking server {uri} does not answer: tracked in" in log
    client = MlflowClient(tracking_uri=project_copy.store)  # that of the copy
    experiment = client.get_experiment_by_name("hearme")
    (run, *_) = client.search_runs([experiment.experiment_id], max_results=1)
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
            client = MlflowClient(tracking_uri=uri)
            experiment = client.get_experiment_by_name("hearme")
            (run,) = client.search_runs([experiment.experiment_id])
            logged = {file.path for file in client.list_artifacts(run.info.run_id, "models")}
            assert run.data.params["hearme.compute.threads"] == "1"
            stop(server)
            output, _ = process.communicate(timeout=240)
        finally:
            process.kill()
    assert process.returncode == 0, output[-3000:]
    assert "The run goes on without tracking" in output
    assert logged == {"models/models.pickle"}
    assert (without_submission / SUBMISSION).read_bytes() == finished.submission
