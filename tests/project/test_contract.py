"""What holds for every challenge, found by looking: a new one is tested without an edit here."""

import inspect
import os
import re
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import chain

import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro_viz.data_access.managers import DataAccessManager
from registered import PROJECT, every_challenge, with_tuning

from podium.challenges import OVERVIEW, STAGES, TUNING, challenges

BASE = PROJECT / "conf" / "base"
INFERENCE = "inference"
VERBS = set(
    "assemble assign blend break build cap check clean collect compare complete compute cross cut "
    "detect encode estimate extract fit generate give inspect list load make mark match measure "
    "number order plot predict rank read refit report score search stack summarise track tune "
    "write".split()
)


# In the order of the work, with the folder of the data tree; what is made for the submission alone
# lies with its kind.
LAYERS = {
    "raw": ("01_raw",),
    "intermediate": ("02_intermediate",),
    "primary": ("03_primary",),
    "feature": ("04_feature",),
    "model_input": ("05_model_input",),
    "models": ("06_models",),
    "model_output": ("07_model_output",),
    "reporting": ("08_reporting",),
    "submission": ("06_models", "07_model_output"),
}


def everything(pipelines):
    return sum((with_tuning(pipelines, each) for each in challenges()), start=pipelines[OVERVIEW])


def datasets(pipeline):
    return {name for name in pipeline.datasets() if not name.startswith("params:")}


def nodes_of(pipelines, challenge):
    """Of its stages, of its tuning, and of what answers new rows."""
    nodes = [*with_tuning(pipelines, challenge).nodes]
    module = import_module(f"podium.pipelines.{challenge}.pipeline")
    if hasattr(module, "create_inference"):
        nodes += module.create_inference().pipeline.nodes
    return nodes


def verb_of(node):
    return node.name.split(".")[-1].split("_")[0]


def pattern(name):
    return re.compile(re.sub(r"\\\{\w+\\\}", ".+?", re.escape(name)))


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
    for node in nodes_of(pipelines, challenge):
        owner, stage, name = node.name.split(".")
        assert owner == challenge and stage in (*STAGES, TUNING, INFERENCE), node.name
        assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", name), node.name
        assert verb_of(node) in VERBS, f"{node.name} does not begin with a known verb"
        assert inspect.getdoc(node.func), f"{node.name} has no docstring"


def test_the_known_verbs_are_those_in_use(pipelines):
    """So that a name of a node begins as one that is there already, where it can."""
    nodes = chain.from_iterable(nodes_of(pipelines, each) for each in challenges())
    assert {verb_of(node) for node in nodes} == VERBS


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
    for name in sorted(datasets(with_tuning(pipelines, challenge))):
        if name not in catalog:
            continue
        dataset = catalog.get(name)
        assert dataset.metadata, f"{name} has no metadata"
        layer = dataset.metadata["kedro-viz"]["layer"]
        assert layer in LAYERS, f"{name} lies in an unknown layer {layer}"
        if hasattr(dataset, "_filepath"):
            (folder,) = re.findall(rf"/(0\d_\w+)/{challenge}/", str(dataset._filepath))
            differs = folder not in LAYERS[layer]
            assert differs == ("layer_differs" in dataset.metadata), f"{name}: {layer}, {folder}"


@every_challenge
def test_kedro_viz_previews_the_features(challenge, catalog):
    assert hasattr(catalog.get(f"{challenge}.features"), "preview")


@every_challenge
def test_the_tables_of_scores_are_artifacts_in_mlflow(challenge, pipelines, catalog):
    scores = {f"{challenge}.{name}" for name in ("leaderboard", "breakdown")}
    made = scores & pipelines[challenge].all_outputs()
    assert made
    for name in made:
        assert hasattr(catalog.get(name), "artifact_path"), name


@pytest.fixture(scope="module")
def layers_shown(pipelines, config):
    """The layers that Kedro-Viz shows of a registered pipeline, in its order; none for a cycle."""
    graph = DataAccessManager()
    graph.add_catalog(DataCatalog.from_config(config["catalog"]), pipelines)
    graph.add_pipelines(pipelines)

    def of(name):
        # As its page is made: stages become nodes, with edges of their own.
        graph.create_modular_pipelines_tree_for_registered_pipeline(name)
        nodes = graph.get_nodes_for_registered_pipeline(name)
        own = {getattr(node, "layer", None) for node in nodes}
        # Kedro-Viz sorts the layers of all pipelines, and shows those that a pipeline has.
        return [
            layer for layer in graph.get_sorted_layers_for_registered_pipeline(name) if layer in own
        ]

    return of


@every_challenge
def test_kedro_viz_shows_the_layers_in_the_order_of_the_work(challenge, pipelines, layers_shown):
    """No dataset is made from one of a later layer; the log of a failure names the cycle."""
    for name in (f"{challenge}.{part}" for part in (*STAGES, TUNING)):
        assert layers_shown(name), name
    shown = layers_shown(challenge)
    assert shown == [layer for layer in LAYERS if layer in shown]
    assert {"raw", "reporting", "submission"} <= set(shown)


def test_kedro_viz_shows_the_layers_of_all_challenges_together(layers_shown):
    assert layers_shown("__default__") == list(LAYERS)


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


def linted(project):
    """What import-linter says of a checkout."""
    return subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project / "src"), "COLUMNS": "500"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_run_one_way():
    done = linted(PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "planted", "imported"),
    [
        ("pipelines.hearme.modeling", "from podium.pipelines import echoes", "pipelines.echoes"),
        ("pipelines.shared", "from .museum import models", "pipelines.museum.models"),
        ("fusion.metrics", "from podium import datasets", "datasets"),
        ("vision.pictures", "from podium import tracked_run", "tracked_run"),
        ("common.leaderboard", "import podium.pipelines.shared", "pipelines.shared"),
        ("common.leaderboard", "import kedro.io", None),
    ],
)
def test_an_import_that_runs_another_way_is_seen(tmp_path, module, planted, imported):
    package = PROJECT / "src" / "podium"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, tmp_path / "src" / "podium", ignore=ignored)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    with (tmp_path / "src" / "podium" / f"{module.replace('.', '/')}.py").open("a") as file:
        file.write(f"\n{planted}\n")
    done = linted(tmp_path)
    assert done.returncode == 1 and "0 broken" not in done.stdout, done.stdout + done.stderr
    assert f"podium.{module} -> {f'podium.{imported}' if imported else 'kedro'} (l." in done.stdout


def test_no_challenge_names_another_in_a_string():
    """Loaded by its name it is imported all the same, and import-linter sees no string."""
    for challenge in challenges():
        for file in (PROJECT / "src/podium/pipelines" / challenge).rglob("*.py"):
            for other in set(challenges()) - {challenge}:
                assert f"podium.pipelines.{other}" not in file.read_text(), file
