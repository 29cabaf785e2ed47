"""Building what parameters declare: only what is allowed, and clear words for the rest."""

import pytest

from podium.common.builder import (
    Declaration,
    build,
    build_each,
    default_argument,
    makers_of,
    refuse_undeclared,
)
from podium.common.parameters import ParameterError
from podium.recommendation.rankers import LightGBMRanker
from podium.recommendation.recommenders.own_history import OwnHistory
from podium.recommendation.recommenders.popularity import Popularity

OWN = "podium.recommendation.recommenders.own_history.OwnHistory"
RANKER = "podium.recommendation.rankers.LightGBMRanker"


def test_a_declared_class_is_made_with_its_arguments():
    built = build({"type": OWN, "arguments": {"half_life_days": 21}})
    assert type(built) is OwnHistory
    assert built.half_life_days == 21
    plain = Declaration(type="podium.recommendation.recommenders.popularity.Popularity")
    assert type(build(plain)) is Popularity


def test_classes_of_the_other_allowed_packages():
    pca = build({"type": "sklearn.decomposition.PCA", "arguments": {"n_components": 2}})
    assert pca.n_components == 2
    forest = build({"type": "lightgbm.LGBMRegressor", "arguments": {"n_estimators": 3}})
    assert forest.n_estimators == 3


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("subprocess.Popen", "not allowed"),
        ("builtins.dict", "not allowed"),
        ("podiumx.thing.Class", "not allowed"),
        ("OwnHistory", "not allowed"),
        ("", "not allowed"),
        ("podium.common.measure.TracebackType", "class of builtins"),
        ("podium.common.builder.BaseModel", "cannot be imported"),
        ("podium.common.parameters.BaseModel", "class of pydantic"),
        ("podium.common.no_such_module.Class", "cannot be imported"),
        ("podium.recommendation.rankers.NoSuchRanker", "cannot be imported"),
        ("podium.recommendation.rankers", "is not a class"),
        ("podium.common.builder.build", "is not a class"),
        ("podium.recommendation.rankers.RELEVANCE_LEVELS", "is not a class"),
        ("podium.recommendation.rankers.Ranker", "abstract"),
    ],
)
def test_anything_else_is_refused(path, message):
    with pytest.raises(ParameterError, match=message):
        build({"type": path})


def test_the_list_of_packages_can_be_narrowed():
    with pytest.raises(ParameterError, match="must come from sklearn, xgboost"):
        build({"type": OWN}, allowed=("sklearn", "xgboost"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"half_live_days": 7}, "OwnHistory: .*half_live_days"),
        ({"half_life_days": -1}, "OwnHistory: half_life_days must be above zero"),
    ],
)
def test_wrong_arguments_name_the_class_and_the_fault(arguments, message):
    with pytest.raises(ParameterError, match=message):
        build({"type": OWN, "arguments": arguments})


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({}, "type: missing"),
        ({"type": OWN, "argumnets": {}}, "argumnets: unknown; did you mean arguments"),
        ({"type": OWN, "arguments": [7]}, "arguments: .*dictionary"),
        ({"type": 5}, "type: .*string"),
    ],
)
def test_a_malformed_declaration_is_refused(declaration, message):
    with pytest.raises(ParameterError, match=message):
        build(declaration)


def test_defaults_go_only_where_they_are_taken_and_yield_to_what_is_declared():
    assert build({"type": OWN}, seed=7, threads=2).half_life_days is None
    ranker = build({"type": RANKER, "arguments": {"threads": 1, "max_depth": 3}}, seed=7, threads=2)
    assert type(ranker) is LightGBMRanker
    assert (ranker.seed, ranker.threads) == (7, 1)
    # A default is no extra parameter of a class that takes any.
    assert build({"type": RANKER}, window_days=3).parameters == {}
    assert ranker.parameters == {"max_depth": 3}


def test_makers_make_anew_each_time_with_the_caller_s_arguments():
    declared = {"own": Declaration(type=OWN), "ranker": Declaration(type=RANKER)}
    makers = makers_of(declared, seed=7)
    assert list(makers) == ["own", "ranker"]
    first, second = makers["ranker"](), makers["ranker"]()
    assert first is not second and first.seed == second.seed == 7


def test_what_is_declared_is_made_by_name():
    made = build_each({"own": Declaration(type=OWN), "ranker": Declaration(type=RANKER)}, seed=7)
    assert list(made) == ["own", "ranker"] and made["ranker"].seed == 7


@pytest.mark.parametrize(
    ("type_", "arguments", "message"),
    [
        (OWN, {"half_live_days": 7}, "OwnHistory: .*half_live_days"),
        (OWN + "X", {}, "cannot be imported"),
        ("os.system", {}, "not allowed"),
    ],
)
def test_arguments_are_checked_without_making_anything(type_, arguments, message):
    # What only the class itself knows is its own to say.
    Declaration(type=OWN, arguments={"half_life_days": -1}).check_arguments()
    with pytest.raises(ParameterError, match=message):
        Declaration(type=type_, arguments=arguments).check_arguments()


def test_a_wrong_argument_shows_before_any_maker_is_used():
    wrong = Declaration(type=OWN, arguments={"half_life_days": -1})
    with pytest.raises(ParameterError, match=r"^wrong: .*OwnHistory: half_life_days must be above"):
        makers_of({"own": Declaration(type=OWN), "wrong": wrong})


def test_a_name_that_is_not_declared_is_refused_with_those_that_are():
    refuse_undeclared("modeling.tried", ["b", "a"], {"a": {}, "b": {"enabled": False}})
    with pytest.raises(ParameterError) as caught:
        refuse_undeclared("modeling.tried", ["a", "bb", "c"], {"a": {}, "b": {}})
    wanted = "modeling.tried: 'bb', 'c' not declared under models, which has a, b"
    assert str(caught.value) == wanted


class TestDefaultArgument:
    FOREST = {"type": "podium.fusion.trees.RandomForestClassifier"}
    KERNEL = {"type": "podium.fusion.kernel_machines.SupportVectorClassifier"}

    def test_it_is_what_the_class_says(self):
        assert default_argument(self.FOREST, "trees") == 150
        assert default_argument(self.KERNEL, "kernel") == "rbf"

    def test_one_that_is_handed_on_is_not_known(self):
        assert default_argument(self.FOREST, "max_depth") is None

    def test_one_that_the_class_does_not_take_is_refused(self):
        with pytest.raises(ParameterError, match="SupportVectorClassifier takes no .* 'trees'"):
            default_argument(self.KERNEL, "trees")

    def test_nothing_else_can_be_imported(self):
        with pytest.raises(ParameterError, match="is not allowed"):
            default_argument({"type": "subprocess.Popen"}, "args")
