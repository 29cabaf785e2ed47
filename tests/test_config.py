import os
import subprocess
import sys
from pathlib import Path

import pytest

from podium.common.errors import PodiumError
from podium.config import (
    PodiumConfigLoader,
    cores,
    environment_variable,
    project_root,
    scratch_folder,
)
from podium.settings import CONFIG_LOADER_ARGS

CATALOG = """
"{challenge}.train":
  type: pandas.CSVDataset
  filepath: "{tree}/03_primary/{challenge}/train.csv"
"{challenge}.test":
  type: pandas.CSVDataset
  filepath: "{tree}/shared/{challenge}/test.csv"
"{challenge}.{figure}_plot":
  type: pandas.CSVDataset
  filepath: "{tree}/08_reporting/{challenge}/{figure}.csv"
hearme.test:
  type: pandas.CSVDataset
  filepath: "{tree}/own/test.csv"
elsewhere:
  type: pandas.CSVDataset
  filepath: "{tree}/left/alone.csv"
"""


@pytest.fixture
def project(tmp_path):
    base = tmp_path / "conf" / "base"
    base.mkdir(parents=True)
    (tmp_path / "conf" / "local").mkdir()
    (base / "catalog.yml").write_text(CATALOG)
    (base / "parameters.yml").write_text("hearme: {scoring: {listen: best}}\nother: 1\n")
    return tmp_path


def loader(project, env=None, **parameters):
    return PodiumConfigLoader(
        conf_source=str(project / "conf"),
        env=env,
        runtime_params=parameters,
        **CONFIG_LOADER_ARGS,
    )


def test_what_copies_a_value_follows_it_wherever_it_is_set(project):
    text = "a: {seed: 1, own: {seed: '${..seed}', kept: 2}}\n"
    (project / "conf" / "base" / "parameters.yml").write_text(text)
    for env in ("local", "mine"):
        (project / "conf" / env).mkdir(exist_ok=True)
        (project / "conf" / env / "parameters.yml").write_text("a: {seed: 5}\n")
    followed = {"a": {"seed": 5, "own": {"seed": 5, "kept": 2}}}
    assert loader(project)["parameters"] == followed
    assert loader(project, env="mine")["parameters"] == followed
    given = loader(project, env="mine", a={"seed": 7})["parameters"]["a"]
    assert given["own"]["seed"] == 7


def test_factories_get_challenge_and_tree(project):
    catalog = loader(project)["catalog"]
    tree = (project / "data" / "sample").resolve().as_posix()
    assert catalog["hearme.train"]["filepath"] == f"{tree}/03_primary/hearme/train.csv"
    assert not any("{challenge}" in name for name in catalog)


def test_other_placeholders_are_left_for_kedro(project):
    catalog = loader(project)["catalog"]
    assert catalog["hearme.{figure}_plot"]["filepath"].endswith("/hearme/{figure}.csv")


@pytest.mark.parametrize("turned", [False, True])
def test_an_entry_of_the_challenge_stands_before_the_factory(project, turned):
    file = project / "conf" / "base" / "catalog.yml"
    if turned:
        shared, own = CATALOG.split("hearme.test:")
        file.write_text(f"hearme.test:{own}{shared}")
    assert loader(project)["catalog"]["hearme.test"]["filepath"].endswith("/own/test.csv")


def test_an_entry_of_no_challenge_lies_in_the_tree_of_all_or_in_the_data_root(project):
    """Where one challenge has the competition's files, it is no longer the sample's tree."""
    tree = (project / "data").resolve().as_posix()
    entry = loader(project)["catalog"]["elsewhere"]
    assert entry["filepath"] == f"{tree}/sample/left/alone.csv"
    (project / "data/01_raw/hearme").mkdir(parents=True)
    (project / "data/01_raw/hearme/test.csv").touch()
    entry = loader(project)["catalog"]["elsewhere"]
    assert entry["filepath"] == f"{tree}/left/alone.csv"


def test_competition_files_move_the_tree(project):
    raw = project / "data" / "01_raw" / "hearme"
    raw.mkdir(parents=True)
    (raw / "test.csv").touch()
    tree = (project / "data").resolve().as_posix()
    catalog = loader(project)["catalog"]
    assert catalog["hearme.train"]["filepath"] == f"{tree}/03_primary/hearme/train.csv"
    forced = loader(project, data="sample")["catalog"]
    assert forced["hearme.train"]["filepath"].startswith(f"{tree}/sample/")


def test_data_root_moves_everything(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    catalog = loader(project, data_root=str(elsewhere))["catalog"]
    assert catalog["hearme.train"]["filepath"].startswith(f"{elsewhere.as_posix()}/sample/")


def test_parameters_say_which_data_and_preset(project):
    run = loader(project)["parameters"]["hearme"]["run"]
    assert run["data"] == "sample" and run["preset"] == "default"
    tree = project / "data" / "sample"
    assert Path(run["submission"]) == tree / "07_model_output" / "hearme" / "submission.csv"
    (project / "conf" / "fast").mkdir()
    assert loader(project, env="fast", data="competition")["parameters"]["hearme"]["run"] == {
        "data": "competition",
        "preset": "fast",
        "submission": str(project / "data" / "07_model_output" / "hearme" / "submission.csv"),
    }


def test_unknown_kind_of_data_is_refused(project):
    with pytest.raises(PodiumError, match="'competition' or 'sample', not 'real'"):
        loader(project, data="real")["catalog"]


@pytest.mark.parametrize(("wanted", "threads"), [(1, 1), ("3", 3), (0, 1), (-2, 1)])
def test_threads_as_wanted(wanted, threads):
    assert cores(wanted) == threads


def test_all_cores_by_default():
    assert cores(None) == len(os.sched_getaffinity(0))


def test_environment_variable(monkeypatch):
    monkeypatch.setenv("PODIUM_TEST", "here")
    assert environment_variable("PODIUM_TEST", "there") == "here"
    monkeypatch.delenv("PODIUM_TEST")
    assert environment_variable("PODIUM_TEST", "there") == "there"


def test_project_root_holds_the_project():
    assert (Path(project_root()) / "pyproject.toml").is_file()


def test_each_process_spills_into_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = Path(scratch_folder())
    assert own.parent == tmp_path and own.name.endswith(f"-{os.getpid()}")
    left, alive = (
        own.with_name(own.name.replace(str(os.getpid()), str(pid)))
        for pid in (ended.pid, os.getppid())
    )
    for folder in (own, left, alive):
        folder.mkdir()
    assert scratch_folder() == str(own)
    assert own.is_dir() and alive.is_dir() and not left.exists()


def test_files_that_nothing_looks_for_are_found(project):
    conf = project / "conf"
    read = ("base/hearme/parameters.yml", "mine/parameters_hearme.yml", "mine/globals.yml")
    read += ("mine/hearme/catalog.yml", "mine/mlflow.yml", "base/credentials.yml")
    unread = ("base/hearme/own.yml", "mine/hearme/model.yaml", "mine/paramters.yml")
    for name in (*read, *unread, "mine/notes.txt", "local/other.yml"):
        (conf / name).parent.mkdir(parents=True, exist_ok=True)
        (conf / name).touch()
    assert loader(project, env="mine").unread_files() == [conf / name for name in unread]
    assert loader(project).unread_files() == [conf / unread[0], conf / "local/other.yml"]
