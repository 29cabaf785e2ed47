"""The fitted Amazon challenge as a model of MLflow, served and asked over HTTP."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import mlflow
import numpy as np
import pandas as pd
import pytest
from image_server import closed_port, served_files
from started_servers import started_server

IMAGES = "02_intermediate/amazon/images/images.parquet"
PREDICTIONS = "07_model_output/amazon/test_predictions.parquet"
# Local images may be asked for, and a dead link is given up soon.
RULES = {
    "amazon.images.rules.private_addresses": True,
    "amazon.images.rules.tries": 1,
    "amazon.images.rules.connect_seconds": 2,
}


@pytest.fixture(scope="module")
def refitted(project_copy, finished_amazon):
    """A run of the last stage alone: its data root, and its run's id."""
    root = project_copy.data_root("served_amazon", copy_of=finished_amazon[0])
    project_copy.session("amazon.submission", root=root, parameters=RULES)
    runs = mlflow.MlflowClient(project_copy.store)
    (experiment,) = runs.search_experiments(filter_string="name = 'amazon'")
    (last,) = runs.search_runs([experiment.experiment_id], max_results=1)
    return root, last.info.run_id


@pytest.fixture(scope="module")
def asked(refitted):
    """Some test rows with a real image, last one whose link gives none, and their prices."""
    root, _ = refitted
    test = pd.read_csv(root / "01_raw/amazon/test.csv", dtype=str)
    images = pd.read_parquet(root / IMAGES).tail(len(test)).reset_index(drop=True)
    real = images["status"] == "downloaded"
    dead = ~real & test["image_link"].str.contains("://", na=False)
    rows = [*images.index[real][:12], images.index[dead][0]]
    prices = pd.read_parquet(root / PREDICTIONS)["price"].to_numpy()[rows]
    return test.loc[rows, ["catalog_content", "image_link"]], prices


@contextmanager
def served_model(project_copy, run_id, tmp_path):
    """`mlflow models serve` of the run's model, without the project's code on its path."""
    # MLflow starts uvicorn by its name, as in an activated environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("MLFLOW_")
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["-m", f"runs:/{run_id}/amazon", "-h", "127.0.0.1", "-p"]
    with started_server(
        lambda port: [*command, str(port)],
        "/ping",
        tmp_path / "server.log",
        cwd=tmp_path,
        env={**kept, "PATH": path, "MLFLOW_TRACKING_URI": project_copy.store},
    ) as (_, address):
        yield address


def test_the_served_model_says_what_the_pipeline_says(project_copy, refitted, asked, tmp_path):
    root, run_id = refitted
    rows, prices = asked
    # The model holds all that it reads: the data it was fitted on are gone.
    root = root.rename(tmp_path / "elsewhere")
    with (
        served_files(root / "01_raw/amazon/images") as images,
        served_model(project_copy, run_id, tmp_path) as address,
        closed_port() as closed,
    ):
        links = [f"{images}/{link.rpartition('/')[2]}" for link in rows["image_link"]]
        given = rows.assign(image_link=links).to_dict(orient="records")
        body = {"dataframe_records": given}
        answer = httpx.post(f"{address}/invocations", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        # The link of a host that does not answer, and no link.
        away = f"http://127.0.0.1:{closed}/a.jpg"
        without = [{**row, "image_link": away} for row in given]
        without.append({**given[0], "image_link": None})
        other = httpx.post(
            f"{address}/invocations", json={"dataframe_records": without}, timeout=60
        )
        refused = httpx.post(
            f"{address}/invocations", json={"dataframe_records": [{"name": "Tea"}]}, timeout=60
        )
    found = [row["price"] for row in answer.json()["predictions"]]
    assert np.isfinite(found).all() and min(found) > 0
    np.testing.assert_allclose(found, prices, rtol=1e-5)
    # The image counts; of what else is missing nothing depends.
    bare = [row["price"] for row in other.json()["predictions"]]
    assert bare[0] == pytest.approx(bare[-1], rel=1e-6)
    assert bare[-2] == pytest.approx(found[-1], rel=1e-6)
    assert bare[:-1] != pytest.approx(found, rel=1e-6)
    assert refused.status_code == 400 and "catalog_content" in refused.text


def test_the_model_is_logged_by_a_whole_run_and_not_by_one_that_fits_nothing(
    project_copy, finished_amazon
):
    runs = mlflow.MlflowClient(project_copy.store)
    (experiment,) = runs.search_experiments(filter_string="name = 'amazon'")
    models = {
        model.source_run_id: model.name
        for model in runs.search_logged_models([experiment.experiment_id])
    }
    by_name = {
        run.info.run_name: run.info.run_id for run in runs.search_runs([experiment.experiment_id])
    }
    whole = next(run for name, run in by_name.items() if name.startswith("amazon competition"))
    assert models[whole] == "amazon"
    assert set(models.values()) == {"amazon"}
    root = project_copy.data_root("unserved_amazon", copy_of=finished_amazon[0])
    project_copy.session("amazon.evaluation", root=root)
    assert len(runs.search_logged_models([experiment.experiment_id])) == len(models)
