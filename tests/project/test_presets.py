"""Parameters are read, presets change what is there, and what they declare can be built."""

import re
from itertools import chain

import pytest
import yaml
from registered import PROJECT, every_challenge, with_tuning

from podium.challenges import TUNING, challenges
from podium.common.parameters import ParameterError, parse_as
from podium.parameter_check import blocks_of, check_parameters

BASE = PROJECT / "conf" / "base"


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


@every_challenge
def test_every_block_says_what_it_holds(challenge, config):
    """What stands in no file, such as a folder, is given on the command line alone."""
    text = (BASE / challenge / "parameters.yml").read_text()
    known = blocks_of(challenge)
    assert set(known) >= set(yaml.safe_load(text)[challenge])
    for name, values in config["parameters"][challenge].items():
        if name != "run":
            parse_as(known[name], values)


def blocks_of_all():
    held = {name: yaml.safe_load((BASE / name / "parameters.yml").read_text())[name]
            for name in challenges()}  # fmt: skip
    return [(challenge, block) for challenge, blocks in held.items() for block in blocks]


@pytest.mark.parametrize(("challenge", "block"), blocks_of_all())
def test_a_wrong_name_in_any_block_is_refused_before_the_run(challenge, block, config, pipelines):
    pipeline = with_tuning(pipelines, challenge)
    parameters = config["parameters"]
    check_parameters(parameters, pipeline)
    parameters[challenge][block]["wieght"] = {}
    place = re.escape(f"{challenge}.{block}.wieght")
    with pytest.raises(ParameterError, match=place):
        check_parameters(parameters, pipeline)


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
