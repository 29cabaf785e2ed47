"""Every classifier of pairs: learns what it can, and keeps the contract."""

import pickle
from importlib import import_module
from inspect import isabstract
from pkgutil import walk_packages

import numpy as np
import pytest
from planted_pairs import planted_pairs
from sklearn.metrics import roc_auc_score

from podium import fusion
from podium.fusion.classifiers import PairClassifier
from podium.fusion.contrastive import ContrastiveNeighbours
from podium.fusion.kernel_machines import SupportVectorClassifier
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.fusion.networks import EarlyFusionMLP, LowRankBilinearNetwork, TwoTowerMLP
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.pseudo_labels import PseudoLabelled
from podium.fusion.trees import LightGBMClassifier, RandomForestClassifier, XGBoostClassifier

QUICK = {"seeds": 2, "epochs": 15, "components": 12}
FOREST = {"trees": 60, "components": 6, "view": "image"}
LINEAR = {"type": "podium.fusion.logistic.LogisticRegressionClassifier"}
UNLABELLED = planted_pairs(60, "image", seed=9)[0]
# What is made how, and which planted rules it must find.
CASES = {
    "logistic": (LogisticRegressionClassifier, {}, ("image", "text")),
    "logistic_pca": (LogisticRegressionClassifier, {"components": 0.95}, ("image",)),
    "logistic_white": (LogisticRegressionClassifier, {"whiten": True}, ("image",)),
    "logistic_interactions": (LogisticRegressionClassifier, {"view": "interactions"}, ("text",)),
    "svm_linear": (SupportVectorClassifier, {"kernel": "linear"}, ("image", "text")),
    "svm_rbf": (SupportVectorClassifier, {"kernel": "rbf"}, ("image", "text")),
    "svm_cross": (SupportVectorClassifier, {"kernel": "cross"}, ("image", "text", "cross")),
    "forest": (RandomForestClassifier, FOREST, ("image",)),
    "xgboost": (XGBoostClassifier, {"rounds": 60, "colsample_bytree": 0.4}, ("image", "text")),
    "lightgbm": (LightGBMClassifier, {"rounds": 60, "feature_fraction": 0.4}, ("image", "text")),
    "early_fusion": (EarlyFusionMLP, QUICK, ("image", "text")),
    "towers": (TwoTowerMLP, QUICK, ("image", "text")),
    "towers_average": (TwoTowerMLP, {**QUICK, "combine": "average"}, ("image", "text")),
    "bilinear": (LowRankBilinearNetwork, {**QUICK, "epochs": 40}, ("image", "text", "cross")),
    "contrastive": (ContrastiveNeighbours, QUICK, ("image", "text", "cross")),
    "pseudo_labelled": (
        PseudoLabelled,
        {"classifier": LINEAR, "unlabelled": UNLABELLED},
        ("image",),
    ),
}
every_case = pytest.mark.parametrize("name", CASES)


def make(name):
    kind, arguments, _ = CASES[name]
    return kind(**arguments)


@pytest.fixture(scope="module")
def data():
    return planted_pairs(120, "image")


@pytest.fixture(scope="module")
def fitted(data):
    made = {}

    def get(name):
        if name not in made:
            made[name] = make(name).fit(*data)
        return made[name]

    return get


def subclasses(kind):
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_classifier_is_tested():
    for module in walk_packages(fusion.__path__, f"{fusion.__name__}."):
        import_module(module.name)
    found = {
        kind
        for kind in subclasses(PairClassifier)
        if kind.__module__.startswith("podium.") and not isabstract(kind)
    }
    assert found == {case[0] for case in CASES.values()}


@pytest.mark.parametrize(("name", "task"), [(n, t) for n, case in CASES.items() for t in case[2]])
def test_a_planted_rule_is_found(name, task):
    model = make(name).fit(*planted_pairs(500, task))
    pairs, labels = planted_pairs(500, task, seed=1)
    logits = model.predict_logit(pairs)
    assert (logits.dtype, logits.shape) == (np.float64, (500,))
    assert roc_auc_score(labels, logits) > 0.85


@pytest.mark.parametrize("name", ["logistic", "svm_linear"])
def test_no_linear_function_of_both_sides_tells_their_agreement(name):
    model = make(name).fit(*planted_pairs(500, "cross"))
    pairs, labels = planted_pairs(500, "cross", seed=1)
    assert 0.4 < roc_auc_score(labels, model.predict_logit(pairs)) < 0.6


@every_case
def test_same_seed_same_bytes_and_a_second_fit_forgets_the_first(name, data, fitted):
    again = make(name).fit(*planted_pairs(60, "text", seed=4)).fit(*data)
    assert again.predict_logit(data[0]).tobytes() == fitted(name).predict_logit(data[0]).tobytes()


@every_case
def test_pickle_keeps_the_predictions(name, data, fitted):
    again = pickle.loads(pickle.dumps(fitted(name)))
    assert again.predict_logit(data[0]).tobytes() == fitted(name).predict_logit(data[0]).tobytes()


@every_case
def test_a_row_s_logit_does_not_depend_on_its_company_or_its_length(name, data, fitted):
    pairs = data[0].take(np.arange(20))
    whole = fitted(name).predict_logit(data[0])[:20]
    longer = EmbeddingPairs(pairs.image * np.float32(4), pairs.text * np.float32(0.5))
    np.testing.assert_allclose(fitted(name).predict_logit(longer), whole, rtol=1e-3, atol=1e-4)


@every_case
def test_forty_rows_with_zero_vectors_a_constant_feature_and_groups(name):
    pairs, labels = planted_pairs(40, "image", seed=2)
    pairs.image[:3] = 0
    pairs.text[2:5] = 0
    pairs.image[:, 7] = 0
    model = make(name).fit(pairs, labels, groups=np.arange(40) // 2)
    logits = model.predict_logit(pairs)
    assert np.isfinite(logits).all()
    assert logits[labels == 1].mean() > logits[labels == 0].mean()


@every_case
def test_weights_count(name):
    """Rows of hardly any weight, all of one wrong label, do not turn the answer."""
    pairs, labels = planted_pairs(200, "image", seed=3)
    wrong = np.where(np.arange(200) < 80, 1 - labels, labels)
    weights = np.where(np.arange(200) < 80, 1e-3, 1.0)
    unseen, truth = planted_pairs(300, "image", seed=5)
    weighted = make(name).fit(pairs, wrong, weights=weights).predict_logit(unseen)
    plain = make(name).fit(pairs, wrong).predict_logit(unseen)
    assert roc_auc_score(truth, weighted) > roc_auc_score(truth, plain)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.ones(60, int)}, "both present"),
        ({"labels": np.arange(60) % 3}, "0 and 1"),
        ({"labels": np.arange(59) % 2}, "60 rows, labels of shape"),
        ({"groups": np.arange(5)}, "60 rows, 5 groups"),
        ({"weights": np.zeros(60)}, "above 0"),
        ({"weights": np.full(60, np.nan)}, "above 0"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    pairs, labels = planted_pairs(60, "image")
    arguments = {"labels": labels, "groups": None, "weights": None, **change}
    truth = arguments.pop("labels")
    with pytest.raises(ValueError, match=message):
        LogisticRegressionClassifier().fit(pairs, truth, **arguments)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (SupportVectorClassifier, {"kernel": "poly"}),
        (TwoTowerMLP, {"combine": "sum"}),
        (LogisticRegressionClassifier, {"view": "audio"}),
        (LogisticRegressionClassifier, {"components": 0}),
        (PseudoLabelled, {"classifier": LINEAR, "share": 0.0}),
    ],
)
def test_wrong_arguments_are_refused_when_declared(kind, arguments):
    with pytest.raises(ValueError, match="must be"):
        kind(**arguments)


def test_the_penalty_is_stronger_where_nothing_can_be_learned():
    pairs, labels = planted_pairs(200, "image")
    noise = np.random.default_rng(0).permutation(labels)
    learned = LogisticRegressionClassifier().fit(pairs, labels).chosen_
    assert LogisticRegressionClassifier().fit(pairs, noise).chosen_ < learned


class Probe(PairClassifier):
    """Looks at the number of threads it may use."""

    def _fit(self, pairs, labels, groups, weights):
        self.seen = [threads()]

    def _logit(self, pairs):
        self.seen.append(threads())
        return np.zeros(len(pairs))


def threads():
    import torch
    from threadpoolctl import threadpool_info

    return max(torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info()))


def test_one_thread_while_fitting_and_predicting_and_as_before_afterwards(data):
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(2):
        torch.set_num_threads(2)
        probe = Probe().fit(*data)
        probe.predict_logit(data[0])
        assert (probe.seen, threads()) == ([1, 1], 2)
    torch.set_num_threads(before)
