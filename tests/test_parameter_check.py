"""What a run would not read, or could not use, is told before it begins."""

from copy import deepcopy

import pytest

from podium.common.parameters import ParameterError
from podium.parameter_check import check_names, check_parameters


@pytest.fixture
def base(config):
    return config["parameters"]


def changed(base, path, value):
    parameters = deepcopy(base)
    *parents, name = path.split(".")
    block = parameters
    for key in parents:
        block = block.setdefault(key, {})
    block[name] = value
    return parameters


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("time_bugdet", "10m", "time_bugdet: unknown; did you mean time_budget?"),
        ("data_rot", "x", "data_rot: unknown; did you mean data_root?"),
        ("heerme.rankers", {}, "heerme: unknown; did you mean hearme?"),
        ("hearme.ranker.own", {}, "hearme.ranker: unknown; did you mean rankers?"),
        ("hearme.evalution.resamples", 5, "hearme.evalution: unknown; did you mean evaluation?"),
        ("hearme.calendar.days", 5, "hearme.calendar.days: unknown; known are first_day,"),
        ("hearme.modeling.zzz", 5, "hearme.modeling.zzz: unknown; known are reserve_seconds,"),
        ("hearme.rankers.mine", {"weight": 1}, "hearme.rankers.mine.type: missing"),
        (
            "hearme.rankers.xgboost_fraction.wieght",
            2,
            "hearme.rankers.xgboost_fraction.wieght: unknown; did you mean weight?",
        ),
        (
            "hearme.sources.own_top.arguments",
            {"half_live_days": 3},
            "hearme.sources.own_top: podium.recommendation.recommenders.own_history.OwnHistory: "
            "got an unexpected keyword argument 'half_live_days'",
        ),
        (
            "hearme.sources.own_top.type",
            "podium.recommendation.recommenders.own_history.OwnHistry",
            "hearme.sources.own_top: type: 'podium.recommendation.recommenders.own_history."
            "OwnHistry' cannot be imported",
        ),
        ("hearme.evaluation.resamples", 5, "hearme.evaluation.resamples: Input should be greater"),
        ("hearme.compute.threads", "many", "hearme.compute.threads: Input should be a valid int"),
        ("hearme.compute.sed", 1, "hearme.compute.sed: unknown; did you mean seed?"),
        ("hearme.compute.time_budget", "soon", "time_budget: 'soon' is no duration"),
        (
            "hearme.modeling.fill_source",
            "popularty",
            "modeling.fill_source: 'popularty' is no enabled source; enabled are: popularity,",
        ),
        ("hearme", 5, "hearme: has blocks, such as hearme.evaluation"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_place(base, pipelines, path, value, said):
    with pytest.raises(ParameterError) as caught:
        check_parameters(changed(base, path, value), pipelines["hearme"])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("echoes.evaluation.ablation", {"text": "logistic_txt"}, "evaluation.ablation: 'logistic_"),
        (
            "echoes.modeling.pseudo_labels.models",
            ["logistic"],
            "modeling.pseudo_labels.models: 'logistic' not declared under models, which has",
        ),
        ("amazon.modeling.naive_models", ["rigde"], "modeling.naive_models: 'rigde' not declared"),
        ("museum.encoders.colour_blocks.enabled", False, "must be of kind baseline"),
    ],
)
def test_what_one_block_names_another_has_to_have(base, pipelines, path, value, said):
    challenge = path.partition(".")[0]
    with pytest.raises(ParameterError) as caught:
        check_parameters(changed(base, path, value), pipelines[challenge])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "pipeline"),
    [
        ("time_budget", "10m", "hearme"),
        ("_mine", {"anything": 1}, "hearme"),
        ("hearme._notes", "anything", "hearme"),
        # Not read by this run.
        ("hearme.rankers.mine", {}, "hearme.evaluation"),
        ("museum.evaluation.resamples", 5, "hearme"),
        ("hearme.tuning.trials", 0, "hearme"),
        # Switched off: its arguments do not matter, its keys do.
        (
            "hearme.sources.own_top",
            {"type": "podium.nowhere.X", "kind": "baseline", "list_length": 9, "enabled": False},
            "hearme",
        ),
        ("amazon.images_folder", "somewhere", "amazon"),
    ],
)
def test_what_a_run_does_not_read_does_not_stop_it(base, pipelines, path, value, pipeline):
    check_parameters(changed(base, path, value), pipelines[pipeline])


def test_tuning_reads_every_block_of_its_challenge(base, pipelines):
    wrong = changed(base, "hearme.tuning.trials", 0)
    with pytest.raises(ParameterError, match=r"hearme\.tuning\.trials"):
        check_parameters(wrong, pipelines["hearme.tuning"])


def test_every_unknown_name_is_told_at_once(base):
    wrong = changed(changed(base, "sed", 1), "thread", 2)
    with pytest.raises(ParameterError, match=r"sed: .* seed\?; thread: .* threads\?"):
        check_names(wrong)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"time_bugdet": "10m"}, "time_bugdet: unknown; did you mean time_budget?"),
        ({"threads": "many"}, "compute.threads: Input should be a valid integer"),
        ({"time_budget": "0"}, "time_budget: 0 must be above zero"),
    ],
)
@pytest.mark.parametrize(
    "words", [["--pipeline=hearme.data_processing"], []], ids=["a stage", "all"]
)
def test_a_wrong_option_stops_the_run_before_anything_is_written(
    project_copy, tmp_path, words, option, said
):
    done = project_copy.run(*words, root=tmp_path / "data", **option)
    assert done.returncode == 1
    assert said in done.stdout.strip().splitlines()[-1]
    assert done.stdout.count(said) == 1 and "Traceback" not in done.stdout
    assert not (tmp_path / "data").exists()


def test_a_file_of_settings_that_is_not_read_is_told(project_copy):
    stray = project_copy.folder / "conf" / "tiny" / "hearme" / "own.yml"
    stray.write_text("hearme: {rankers: {}}\n")
    try:
        root = project_copy.data_root("stray")
        said = project_copy.session("hearme.data_processing", root=root)
    finally:
        stray.unlink()
    assert f"{stray} is not read: the name of a file of parameters" in said
    assert said.count(" is not read") == 1
