import pytest

from podium.common.parameters import ParameterError
from podium.common.search_space import Dimension, TuningParameters, present_values, with_values

FOREST = "podium.fusion.trees.RandomForestClassifier"
PARAMETERS = {
    "modeling": {"shrinkage": 4.0},
    "models": {
        "forest": {"type": FOREST, "arguments": {"trees": 20}},
        "bare": {"type": FOREST},
        "off": {"type": FOREST, "enabled": False},
    },
}


def number(low=1, high=9, **more):
    return {"type": "float", "low": low, "high": high, **more}


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"type": "float", "low": 1}, "a low and a higher high"),
        (number(low=9, high=1), "a low and a higher high"),
        (number(choices=[1, 2]), "no choices"),
        (number(low=0, log=True), "log needs a low above zero"),
        ({"type": "int", "low": 1.5, "high": 4}, "whole bounds"),
        ({"type": "categorical", "choices": ["one"]}, "at least two choices"),
        ({"type": "categorical", "choices": ["a", "b"], "low": 1}, "no low, high or log"),
        ({"type": "text"}, "'float', 'int' or 'categorical'"),
        (number(step=2), "unknown; known are type, low, high"),
    ],
)
def test_a_dimension_that_makes_no_sense_is_refused_by_its_path(declared, complaint):
    space = {"modeling.shrinkage": declared}
    with pytest.raises(ParameterError, match=complaint) as error:
        TuningParameters.parse({"trials": 3, "space": space})
    assert "space.modeling.shrinkage" in str(error.value)


@pytest.mark.parametrize("values", [{"trials": 0, "space": {"a": number()}}, {"trials": 3}])
def test_without_trials_or_space_there_is_nothing_to_tune(values):
    with pytest.raises(ParameterError):
        TuningParameters.parse(values)


def test_distributions_are_those_declared():
    whole = Dimension(type="int", low=4, high=32, log=True).distribution()
    assert (whole.low, whole.high, whole.log) == (4, 32, True) and isinstance(whole.low, int)
    chosen = Dimension(type="categorical", choices=(True, "auto", 3)).distribution()
    assert chosen.choices == (True, "auto", 3)


def test_what_a_dimension_holds():
    fraction, whole = Dimension(**number()), Dimension(type="int", low=1, high=9)
    assert fraction.holds(9) and fraction.holds(1.5) and not fraction.holds(9.01)
    assert whole.holds(9) and not whole.holds(1.5)
    assert not fraction.holds(None) and not fraction.holds(True)
    choice = Dimension(type="categorical", choices=(1, None))
    assert choice.holds(None) and choice.holds(1) and not choice.holds(True)


def values_of(*paths):
    return present_values({path: Dimension(**number()) for path in paths}, PARAMETERS)


def test_present_values_are_those_written_or_those_of_the_class():
    paths = ("modeling.shrinkage", "models.forest.arguments.trees")
    assert values_of(*paths) == dict(zip(paths, (4.0, 20), strict=True))
    # min_rows_per_leaf is 3 in the class; the class hands max_depth on without a default.
    for block in ("forest", "bare"):
        path = f"models.{block}.arguments.min_rows_per_leaf"
        assert values_of(path) == {path: 3}
    assert values_of("models.bare.arguments.max_depth") == {"models.bare.arguments.max_depth": None}
    assert values_of("models.bare.enabled") == {"models.bare.enabled": True}


@pytest.mark.parametrize(
    "path",
    ["modeling.shrinkag", "modelling.shrinkage", "modeling.shrinkage.deeper", "nothing"]
    + ["models.forest.argument.trees", "modeling.arguments.trees"],
)
def test_a_path_that_leads_nowhere_is_named(path):
    with pytest.raises(ParameterError, match=f"there is no parameter '{path}'"):
        values_of(path)


def test_an_argument_that_the_class_does_not_take_is_named():
    parameters = {"block": {"type": "podium.fusion.kernel_machines.SupportVectorClassifier"}}
    space = {"block.arguments.trees": Dimension(**number())}
    with pytest.raises(ParameterError, match="SupportVectorClassifier takes no argument 'trees'"):
        present_values(space, parameters)


def test_a_block_that_is_switched_off_is_not_tuned_unless_the_switch_is():
    off, on = "models.off.arguments.trees", "models.off.enabled"
    assert list(values_of("modeling.shrinkage", off)) == ["modeling.shrinkage"]
    assert values_of(off, on) == {off: 150, on: False}
    with pytest.raises(ParameterError, match="switched off"):
        values_of(off)


def test_other_values_are_put_into_a_copy():
    changed = with_values(PARAMETERS, {"models.bare.arguments.trees": 7, "modeling.shrinkage": 1.0})
    assert changed["models"]["bare"]["arguments"] == {"trees": 7}
    assert changed["modeling"] == {"shrinkage": 1.0}
    assert "arguments" not in PARAMETERS["models"]["bare"]
    assert PARAMETERS["modeling"] == {"shrinkage": 4.0}
