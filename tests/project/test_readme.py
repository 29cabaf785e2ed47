"""README and docs say what was measured and what is set, and their pages have one order."""

import json
import re
from importlib import import_module

import pytest
import yaml
from omegaconf import OmegaConf
from running import PROJECT

from podium.challenges import STAGES, challenges
from podium.common.builder import Declaration, build, default_argument
from podium.new_challenge import TEMPLATE
from podium.pipeline_registry import register_pipelines
from podium.pipelines.hearme.feature_engineering import SourceParameters
from podium.pipelines.hearme.modeling import build_rankers
from podium.pipelines.shared import Compute
from podium.recommendation.rankers import LightGBMRanker
from podium.recommendation.recommenders.own_history import OwnHistory

DOCS = PROJECT / "docs"
RESULTS = PROJECT / "benchmarks" / "results"
PRESETS = {"fast": "`fast`", "base": "default", "best": "`best`"}
# In this order on the page of a challenge; its own headings stand between them.
HEADINGS = ("Task", "Files", "The way", "Cleaning", "Honest score", "The submission", "Report")
HEADINGS += ("Parameters", "Measured", "Known limits", "Sources of the methods")
# The template's page as well: every new challenge begins with it.
PAGES = {name: DOCS / "challenges" / f"{name}.md" for name in challenges()}
PAGES["template"] = next((PROJECT / TEMPLATE).glob("*/docs/challenges/*.md"))
# Only who has measured something, or taken a method from somewhere, can say so.
OF_FINISHED = {"Measured", "Sources of the methods"}


def measured_on(data):
    measured = json.loads((RESULTS / "presets.json").read_text()).values()
    return {(row["challenge"], row["preset"]): row for row in measured if row["data"] == data}


def on_sample_data():
    return measured_on("sample")


def cells(row, hidden=""):
    return (
        f"{row['score']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]{hidden}"
        f" | {row['baseline']:.3f} | {row['wall_seconds']:.0f} s | {row['peak_gb']:.1f} GB |"
    )


def test_the_table_holds_every_task_and_the_measured_defaults():
    lines = (PROJECT / "README.md").read_text().splitlines()
    rows = {row["challenge"]: row for (_, preset), row in on_sample_data().items()
            if preset == "base"}  # fmt: skip
    assert len(rows) >= 4
    for name, row in rows.items():
        heading = (DOCS / "challenges" / f"{name}.md").read_text().splitlines()[0]
        task = heading.rpartition(": ")[2]
        asked = f"| [`{name}`](docs/challenges/{name}.md) | {task[0].upper()}{task[1:]} |"
        assert f"{asked} {row['metric']} | {cells(row)}" in lines, asked


def test_the_page_of_presets_holds_what_was_measured_of_each():
    lines = (DOCS / "presets.md").read_text().splitlines()
    measured = on_sample_data()
    for challenge in {challenge for challenge, _ in measured}:
        for preset, name in PRESETS.items():
            start = f"| `{challenge}` | {name} |"
            line, *_ = [line for line in lines if line.startswith(start)]
            row = measured.get((challenge, preset))
            expected = f"{row['metric']} | {cells(row)}" if row else "not measured |  |  |  |  |"
            assert line == f"{start} {expected}"


def test_the_page_of_presets_holds_what_was_measured_on_real_files():
    lines = (DOCS / "presets.md").read_text().splitlines()
    measured = measured_on("given files")
    assert len({challenge for challenge, _ in measured}) >= 4
    for (challenge, preset), row in measured.items():
        hidden = f" | {row['hidden']:.3f}"
        start = f"| `{challenge}` | {PRESETS[preset]} | {row['metric']} |"
        assert f"{start} {cells(row, hidden)}" in lines, start


def parameters(challenge, preset):
    """A block of the defaults with what a preset changes, one level deep."""
    values = {}
    for name in dict.fromkeys(("base", preset)):
        file = PROJECT / "conf" / name / challenge / "parameters.yml"
        for block, changed in yaml.safe_load(file.read_text())[challenge].items():
            if isinstance(changed, dict):
                values[block] = values.get(block, {}) | changed
    return values


@pytest.mark.parametrize(
    ("challenge", "rows", "shown"),
    [
        ("echoes", (1, 3_999), "| Embedded Echoes | fewer than 4,000 |"),
        ("echoes", (4_000, 10_000), "| | 4,000 or more |"),
        ("amazon", (1, 1_999), "| Amazon | fewer than 2,000, as in the sample |"),
        ("amazon", (2_000, 19_999), "| | 2,000 to 19,999 |"),
        ("amazon", (20_000, 75_000), "| | 20,000 or more, as in the competition |"),
    ],
)
def test_the_page_of_presets_holds_the_numbers_of_folds(challenge, rows, shown):
    stage = import_module(f"podium.pipelines.{challenge}.feature_engineering")
    for number in rows:
        folds = [
            stage.FoldParameters.parse(parameters(challenge, preset)["folds"]).folds_for(number)
            for preset in PRESETS
        ]
        line = f"{shown} {' | '.join(map(str, folds))} |"
        assert line in (DOCS / "presets.md").read_text().splitlines(), line


@pytest.mark.parametrize("challenge", PAGES)
def test_the_page_of_a_challenge_has_the_headings_in_their_order(challenge):
    lines = PAGES[challenge].read_text().splitlines()
    found = [line[3:] for line in lines if line.startswith("## ")]
    known = [heading for heading in found if heading in HEADINGS]
    assert known == [heading for heading in HEADINGS if heading in found]
    missing = set(HEADINGS) - set(found)
    if not list(RESULTS.glob(f"{challenge}*.md")):
        missing -= OF_FINISHED
    assert not missing


@pytest.mark.parametrize("challenge", PAGES)
def test_the_page_of_a_challenge_says_how_it_runs_and_what_each_stage_does(challenge):
    page = PAGES[challenge].read_text()
    task, way = (page.split(f"\n## {heading}\n")[1].split("\n## ")[0] for heading in HEADINGS[:3:2])
    name = "{{cookiecutter.name}}" if challenge == "template" else challenge
    assert f"```bash\nkedro run --pipeline={name}\n```" in task
    assert tuple(re.findall(r"^\| (\w+) \| .+\. \|$", way, flags=re.MULTILINE)) == STAGES


def test_every_pipeline_that_the_readme_runs_is_there():
    """What the command after a change of a model does is asked by running it, in test_runs.py."""
    said = re.findall(r"--pipelines?[= ]([\w.,]+)", (PROJECT / "README.md").read_text())
    names = {name.rstrip(".") for option in said for name in option.split(",")}
    assert names <= set(register_pipelines()) and len(names) >= 8
    after_a_change = ",".join(
        f"hearme.{stage}" for stage in ("modeling", "evaluation", "submission")
    )
    assert after_a_change in said


# ------------------------------------------------- the blocks of YAML that add a model


def yaml_blocks(page):
    """Each block of a page under the name of a challenge, as it stands in the file."""
    found = re.findall(r"```yaml\n(.*?)```", page.read_text(), flags=re.DOTALL)
    for block in map(yaml.safe_load, found):
        yield from ((name, block[name]) for name in challenges() if name in (block or {}))


def merged(challenge, block):
    """The defaults of a challenge with a block laid over them, as Kedro does."""
    file = PROJECT / "conf" / "base" / challenge / "parameters.yml"
    whole = OmegaConf.merge(yaml.safe_load(file.read_text())[challenge], block)
    return OmegaConf.to_container(whole, resolve=False)


def declarations(block, whole, place=""):
    """Every class that a block declares or changes, with all its values, by its place."""
    for key, value in block.items():
        if isinstance(value, dict):
            at = f"{place}.{key}".lstrip(".")
            if "." in str(whole[key].get("type", "")):
                yield at, whole[key]
            else:
                yield from declarations(value, whole[key], at)


def test_the_models_that_the_readme_adds_can_be_built():
    ((challenge, block),) = yaml_blocks(PROJECT / "README.md")
    whole = merged(challenge, block)
    assert challenge == "hearme" and set(block) == {"sources", "rankers"}
    rankers = {name: whole["rankers"][name] for name in block["rankers"]}
    built = build_rankers(rankers, Compute(seed=1, threads=1))
    assert [type(ranker) for ranker in built.values()] == [LightGBMRanker]
    (source,) = (SourceParameters.parse(whole["sources"][name]) for name in block["sources"])
    assert isinstance(build(source), OwnHistory)


@pytest.mark.parametrize("challenge", challenges())
def test_the_models_that_a_page_adds_take_their_arguments(challenge):
    """They are not built: some would be loaded from a folder or from the hub."""
    for owner, block in yaml_blocks(DOCS / "challenges" / f"{challenge}.md"):
        assert owner == challenge
        found = dict(declarations(block, merged(challenge, block)))
        assert found
        for declared in found.values():
            Declaration.parse({key: declared[key] for key in ("type", "arguments")})
            for name in declared["arguments"]:
                default_argument(declared, name)
