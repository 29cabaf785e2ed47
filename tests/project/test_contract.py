"""What holds for every challenge, found by looking: a new one is tested without an edit here."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
import yaml
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset

from podium.challenges import OVERVIEW, STAGES, TUNING, challenges
from podium.pipeline_registry import register_pipelines

PROJECT = Path(__file__).parents[2]
BASE = PROJECT / "conf" / "base"
VERBS = set(
    "add aggregate align assemble assign average blend break build cap check choose clean collect "
    "combine compare complete compute count cross cut detect embed encode estimate evaluate "
    "extract featurise fit fold fuse generate index inspect join list load make mark match measure "
    "merge normalise order plot predict prepare rank read refit report resize score search select "
    "split stack summarise track train tune validate write".split()
)
HEAVY = (
    *("torch", "transformers", "cv2", "lightgbm", "xgboost", "implicit", "sklearn", "duckdb"),
    *("mlflow", "matplotlib", "plotly", "pyspark"),
)

every_challenge = pytest.mark.parametrize("challenge", challenges())


@pytest.fixture(scope="module")
def pipelines():
    return register_pipelines()


@pytest.fixture(scope="module")
def config():
    from kedro.framework.project import settings

    bootstrap_project(PROJECT)
    return settings.CONFIG_LOADER_CLASS(
        conf_source=str(PROJECT / "conf"), env="base", **settings.CONFIG_LOADER_ARGS
    )


@pytest.fixture(scope="module")
def catalog(config):
    return DataCatalog.from_config(config["catalog"])


def with_tuning(pipelines, challenge):
    return pipelines[challenge] + pipelines[f"{challenge}.{TUNING}"]


def everything(pipelines):
    return sum((with_tuning(pipelines, each) for each in challenges()), start=pipelines[OVERVIEW])


def datasets(pipeline):
    return {name for name in pipeline.datasets() if not name.startswith("params:")}


def pattern(name):
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(name)))


def leaves(values, path=()):
    if isinstance(values, dict) and values:
        return chain.from_iterable(leaves(value, (*path, key)) for key, value in values.items())
    return iter([path])


def has(values, path):
    for key in path:
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


def test_there_is_a_challenge():
    assert "hearme" in challenges()


@every_challenge
def test_registered_names(challenge, pipelines):
    parts = (*STAGES, TUNING)
    wanted = {challenge, *(f"{challenge}.{part}" for part in parts), "__default__"}
    assert wanted <= set(pipelines)
    stages = [set(pipelines[f"{challenge}.{stage}"].nodes) for stage in STAGES]
    assert all(stages), "a stage has no node"
    assert set.union(*stages) == set(pipelines[challenge].nodes)
    assert sum(map(len, stages)) == len(pipelines[challenge].nodes)


def test_default_runs_every_challenge(pipelines):
    parts = (*challenges(), OVERVIEW)
    whole = set(chain.from_iterable(pipelines[name].nodes for name in parts))
    assert set(pipelines["__default__"].nodes) == whole


def test_the_overview_reads_every_challenge(pipelines, catalog):
    (node,) = pipelines[OVERVIEW].nodes
    assert set(node.inputs) == {f"{name}.summary" for name in challenges()}
    assert str(catalog.get(OVERVIEW)._filepath).endswith("/08_reporting/overview.html")


@every_challenge
def test_nodes_are_named_verb_noun_in_two_namespaces(challenge, pipelines):
    for node in with_tuning(pipelines, challenge).nodes:
        owner, stage, name = node.name.split(".")
        assert owner == challenge and stage in (*STAGES, TUNING), node.name
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name), node.name
        assert name.split("_")[0] in VERBS, f"{node.name} does not begin with a known verb"
        assert inspect.getdoc(node.func), f"{node.name} has no docstring"


@every_challenge
def test_what_crosses_a_stage_is_stored(challenge, pipelines, catalog):
    stages = {stage: pipelines[f"{challenge}.{stage}"] for stage in STAGES}
    for stage, pipeline in stages.items():
        for other in STAGES:
            if other != stage:
                for name in pipeline.all_outputs() & stages[other].inputs():
                    assert name in catalog, f"{name} of {stage} is not in the catalog"
                    assert not isinstance(catalog.get(name), MemoryDataset), name
    for name in pipelines[challenge].inputs() | pipelines[challenge].outputs():
        assert name.startswith("params:") or name in catalog, f"{name} is stored nowhere"


@every_challenge
def test_tuning_begins_with_what_is_stored(challenge, pipelines, catalog):
    tuning, whole = pipelines[f"{challenge}.{TUNING}"], pipelines[challenge]
    earlier = (
        pipelines[f"{challenge}.data_processing"] + pipelines[f"{challenge}.feature_engineering"]
    )
    for name in datasets(tuning) & tuning.inputs() - {f"{challenge}.tuning_study"}:
        assert name in earlier.datasets(), f"{name} is made by modeling or later"
        assert name in catalog and not isinstance(catalog.get(name), MemoryDataset), name
    for name in tuning.outputs():
        assert name in catalog, f"{name} is stored nowhere"
    assert not set(tuning.nodes) & set(whole.nodes)
    assert not tuning.all_outputs() & whole.all_outputs()


@every_challenge
def test_the_vocabulary_is_made(challenge, pipelines):
    made = {name.split(".")[1] for name in pipelines[challenge].all_outputs()}
    assert made >= {
        *("train", "test", "folds", "features", "models", "oof_predictions"),
        *("test_predictions", "leaderboard", "metrics", "submission", "report", "summary"),
    }


def test_no_catalog_entry_is_idle(config, pipelines):
    used = datasets(everything(pipelines))
    # A shared entry may serve some challenges only; the next test sees to those.
    shared = yaml.safe_load((BASE / "catalog.yml").read_text())
    planted = {name.replace("{challenge}", each) for name in shared for each in challenges()}
    idle = [
        name
        for name in set(config["catalog"]) - planted
        if not name.startswith("_") and not any(pattern(name).fullmatch(each) for each in used)
    ]
    assert not idle


def test_no_factory_is_written_for_nothing(pipelines):
    """Each entry of the files serves a dataset: one hidden behind a challenge's own does not."""
    written = yaml.safe_load((BASE / "catalog.yml").read_text())
    files = BASE.glob("*/catalog.yml")
    own = set(chain.from_iterable(yaml.safe_load(file.read_text()) for file in files))
    used = datasets(everything(pipelines)) - own
    for name in (name for name in written if not name.startswith("_")):
        assert any(pattern(name).fullmatch(each) for each in used), name


def test_no_catch_all():
    for file in BASE.rglob("catalog*.yml"):
        for name in yaml.safe_load(file.read_text()):
            assert re.sub(r"\{\w+\}", "", name).strip("._"), f"{name} takes any dataset"


@every_challenge
def test_every_stored_dataset_has_a_layer_and_lies_in_it(challenge, pipelines, catalog):
    folders = {
        "raw": "01_raw",
        "intermediate": "02_intermediate",
        "primary": "03_primary",
        "feature": "04_feature",
        "model_input": "05_model_input",
        "models": "06_models",
        "model_output": "07_model_output",
        "reporting": "08_reporting",
    }
    for name in sorted(datasets(with_tuning(pipelines, challenge))):
        if name not in catalog:
            continue
        dataset = catalog.get(name)
        assert dataset.metadata, f"{name} has no metadata"
        layer = dataset.metadata["kedro-viz"]["layer"]
        assert layer in folders, f"{name} lies in an unknown layer {layer}"
        if hasattr(dataset, "_filepath"):
            assert f"/{folders[layer]}/{challenge}/" in str(dataset._filepath), name


@every_challenge
def test_every_parameter_is_used(challenge, config, pipelines):
    used = {
        name.removeprefix("params:")
        for name in with_tuning(pipelines, challenge).inputs()
        if name.startswith("params:")
    }
    known = config["parameters"]
    for name in used:
        assert has(known, name.split(".")), f"{name} is not in the parameters"
    # What others are taken from by interpolation need not be a node's own.
    text = (BASE / challenge / "parameters.yml").read_text()
    for key in yaml.safe_load(text)[challenge]:
        assert any(f"{challenge}.{key}" == name or name.startswith(f"{challenge}.{key}.")
                   for name in used), f"no node reads {challenge}.{key}"  # fmt: skip


def presets():
    held = (path for path in (PROJECT / "conf").iterdir() if path.is_dir())
    return sorted(path for path in held if path.name not in ("base", "local"))


def test_presets_are_there():
    assert {"fast", "best"} <= {path.name for path in presets()}


@pytest.mark.parametrize("preset", presets(), ids=lambda path: path.name)
def test_presets_hold_values_of_known_keys_and_no_catalog(preset):
    known = {}
    for file in BASE.rglob("*.yml"):
        if not file.name.startswith("catalog"):
            known |= yaml.safe_load(file.read_text())
    for file in preset.rglob("*.yml"):
        values = yaml.safe_load(file.read_text())
        if file.name.startswith("catalog"):
            # An engine's settings may be others; a dataset may not.
            assert all(name.startswith("_") for name in values), f"{file} copies the catalog"
            continue
        for path in leaves(values):
            # Arguments are the class's own, checked when it is built; a block may be switched off.
            key = path[: path.index("arguments")] if "arguments" in path else path
            key = key[:-1] if key[-1] == "enabled" else key
            assert has(known, key), f"{file}: {'.'.join(path)} is not in conf/base"


@pytest.mark.parametrize(("env", "engine"), [("base", "duckdb"), ("spark", "pyspark")])
def test_the_engine_is_chosen_in_one_place_and_duckdb_reads(env, engine):
    from kedro.framework.project import settings

    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(PROJECT / "conf"), env=env, **settings.CONFIG_LOADER_ARGS
    )
    catalog = loader["catalog"]
    raw, train = catalog["hearme.raw_interactions"], catalog["hearme.train"]
    assert raw["connection"]["backend"] == "duckdb"
    assert train["connection"]["backend"] == engine
    # Equal settings are one connection, and one limit of memory.
    assert (raw["connection"] == train["connection"]) == (engine == "duckdb")


@pytest.mark.parametrize("preset", presets(), ids=lambda path: path.name)
@every_challenge
def test_declared_models_can_be_built(challenge, preset):
    """Every block with a class and arguments, under each preset, is accepted by its class."""
    from kedro.framework.project import settings

    from podium.common.builder import build

    def blocks(values):
        if isinstance(values, dict):
            if isinstance(values.get("type"), str):
                yield values
            for value in values.values():
                yield from blocks(value)

    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(PROJECT / "conf"), env=preset.name, **settings.CONFIG_LOADER_ARGS
    )
    built = [
        build({"type": block["type"], "arguments": block.get("arguments", {})}, seed=1, threads=1)
        for key, declared in loader["parameters"][challenge].items()
        if key != TUNING  # its types are kinds of numbers
        for block in blocks(declared)
    ]
    assert built


@pytest.mark.parametrize("preset", ["base", *(path.name for path in presets())])
@every_challenge
def test_what_tuning_changes_is_there_and_read_by_modeling_alone(challenge, preset, pipelines):
    from kedro.framework.project import settings

    from podium.common.search_space import TuningParameters, present_values

    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(PROJECT / "conf"), env=preset, **settings.CONFIG_LOADER_ARGS
    )
    parameters = loader["parameters"][challenge]
    space = TuningParameters.parse(parameters[TUNING]).space
    values = present_values(space, parameters)
    node = next(
        node
        for node in pipelines[f"{challenge}.{TUNING}"].nodes
        if node.name.endswith("tune_parameters")
    )
    assert node.func.__self__.trial.readers_of(values)
    for path, value in values.items():
        assert space[path].holds(value), f"{path}: {value} is outside of its range"


@every_challenge
def test_modules_of_a_challenge(challenge):
    for stage in STAGES:
        import_module(f"podium.pipelines.{challenge}.{stage}")
    schemas = import_module(f"podium.pipelines.{challenge}.schemas")
    assert schemas.RAW_FILES
    write_sample = import_module(f"podium.pipelines.{challenge}.sample").write_sample
    found = inspect.signature(write_sample).parameters
    assert list(found)[:4] == ["directory", "seed", "size", "truth_path"]
    rules = import_module(f"podium.pipelines.{challenge}.submission_rules")
    assert list(inspect.signature(rules.check_file).parameters)[:2] == ["path", "raw"]
    assert list(inspect.signature(rules.score_file).parameters)[:3] == ["path", "truth", "raw"]
    assert "only_in_truth" in inspect.signature(rules.score_file).parameters
    assert callable(rules.rules)


@every_challenge
def test_raw_files_are_the_pipeline_s_inputs(challenge, pipelines):
    schemas = import_module(f"podium.pipelines.{challenge}.schemas")
    inputs = {name for name in pipelines[challenge].inputs() if not name.startswith("params:")}
    # Beside the files a report reads which run of MLflow it is made in.
    assert inputs == {f"{challenge}.{name}" for name in (*schemas.RAW_FILES, "tracked_run")}


@every_challenge
def test_a_page_of_documentation(challenge):
    page = PROJECT / "docs" / "challenges" / f"{challenge}.md"
    assert page.is_file() and len(page.read_text()) > 1000


@pytest.mark.parametrize("words", [("registry", "list"), ("submission", "--help")])
def test_the_command_line_starts_without_the_heavy_packages(words):
    driver = (
        "import json, sys\n"
        "from kedro.framework.cli.cli import main\n"
        f"sys.argv = ['kedro', *{words!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    code = end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(json.dumps([code, loaded]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", driver], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code in (0, None) and not loaded, (code, loaded, done.stderr[-500:])
    if words[0] == "registry":
        assert all(f"- {name}.modeling" in done.stdout for name in challenges())


def test_the_commands_of_kedro_mlflow_are_loaded_when_typed():
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "mlflow", "ui", "--help"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--port" in done.stdout


def test_make_finds_the_programs_of_the_environment(tmp_path):
    """``kedro mlflow ui`` starts mlflow by its name, without an activated environment."""
    program = tmp_path / ".venv" / "bin" / "mlflow"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    shutil.copy(PROJECT / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "--eval=found:\n\t@command -v mlflow", "found"],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(program)


def test_imports_run_one_way():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_challenges_do_not_import_each_other():
    for challenge in challenges():
        for file in (PROJECT / "src/podium/pipelines" / challenge).rglob("*.py"):
            for other in set(challenges()) - {challenge}:
                assert f"podium.pipelines.{other}" not in file.read_text(), file
