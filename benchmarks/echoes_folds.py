"""The local score by number of folds, beside hidden rows: what is it a score of?

    PYTHONPATH=src python benchmarks/echoes_folds.py [--rows 10000] [--folds 3 5 10]

A linear model, a kernel machine and their blend learn from generated rows. With k folds the local
score is that of models fitted on (k-1)/k of the rows. So the models and the rule of a fold, which
the local score is made of, also answer hidden rows; beside them stand models fitted on all rows.
Hidden rows that are near copies of training rows are set apart: for the local score, copies are
kept in one fold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from measuring import cores
from results import table

from podium.common.bootstrap import bootstrap
from podium.common.folds import repeated_group_folds
from podium.common.threads import one_thread
from podium.fusion.blending import Blend
from podium.fusion.classifiers import PairClassifier
from podium.fusion.cross_fitting import NestedLogits, nested_predictions
from podium.fusion.decisions import DecisionRule, fit_rule, nested_decisions
from podium.fusion.kernel_machines import SupportVectorClassifier
from podium.fusion.logistic import LogisticRegressionClassifier
from podium.fusion.metrics import confusion_contributions, macro_f1, macro_f1_of_counts
from podium.fusion.near_duplicates import find_copies, group_near_duplicates
from podium.fusion.pairs import EmbeddingPairs
from podium.pipelines.echoes.sample import SampleSize, generate_sample

HERE = Path(__file__).resolve().parent
SEED = 20250901
NEAR_COPIES = 0.999
MEMBERS: dict[str, Callable[[], PairClassifier]] = {
    "logistic_interactions": partial(
        LogisticRegressionClassifier, view="interactions", inverse_penalty=10.0
    ),
    "svm_cross": partial(SupportVectorClassifier, kernel="cross"),
}
# Of the models of the folds, as many answer the hidden rows.
ANSWERING = 3


def main() -> None:
    """Measure every number of folds and write the page."""
    options = _options()
    made = generate_sample(SampleSize(options.rows, 0, options.hidden, faults=False), SEED)
    known = np.arange(options.rows)
    train, labels = made.pairs.take(known), made.labels[known]
    hidden = Hidden(made.pairs.take(known[-1] + 1 + np.arange(options.hidden)), made.labels, train)
    groups = group_near_duplicates(train, NEAR_COPIES)
    rows = []
    for count in options.folds:
        folds = repeated_group_folds(labels, groups, count, 1, SEED)
        rows.append(measure(train, labels, groups, folds, hidden))
        print(rows[-1], flush=True)
    rows.append(measure_all(train, labels, groups, folds, hidden))
    head = ["folds", "rows learned from", "local", "low", "high"]
    head += ["hidden, no copies", "low", "high", "hidden, all"]
    page = (
        "# Echoes: the local score by number of folds\n\n"
        f"{options.rows:,} generated training rows, {options.hidden:,} hidden rows, of which "
        f"{hidden.copies.sum():,} are near copies of training rows. Macro F1 of the blend of "
        f"{' and '.join(MEMBERS)}, with 95 % bootstrap intervals. The models and rules of "
        f"{ANSWERING} folds, which the local score is made of, also answer the hidden rows (mean). "
        f"Last row: models fitted on all rows. Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n\n"
        + table(head, rows)
        + "\n"
    )
    options.results.write_text(page)
    print(page)


class Hidden:
    """Rows that no model saw, and which of them are near copies of training rows."""

    def __init__(self, pairs: EmbeddingPairs, labels: np.ndarray, train: EmbeddingPairs) -> None:
        """The labels are the last of those given."""
        self.pairs, self.labels = pairs, labels[-len(pairs) :]
        self.copies = np.zeros(len(pairs), dtype=bool)
        self.copies[[copy.row for copy in find_copies(pairs, train, NEAR_COPIES)]] = True

    def scores(self, said: list[np.ndarray]) -> list[float]:
        """Macro F1 without the copies, its interval, and macro F1 of all; mean of the answers."""
        fresh = ~self.copies
        cells = [confusion_contributions(self.labels[fresh], each[fresh]) for each in said]
        interval = bootstrap(np.mean(cells, axis=0), macro_f1_of_counts)
        every = np.mean([macro_f1(self.labels, each) for each in said])
        return [interval.value, interval.low, interval.high, float(every)]


def measure(
    train: EmbeddingPairs, labels: np.ndarray, groups: np.ndarray, folds: np.ndarray, hidden: Hidden
) -> list[object]:
    """The local score of some folds, and what their models are worth on the hidden rows."""
    members = cross_fitted(train, labels, groups, folds, nested=True)
    said = nested_decisions(members, labels, Blend()).predicted[0]
    cells = confusion_contributions(labels, said)
    by_group = np.array([np.bincount(groups, weights=column) for column in cells.T]).T
    local = bootstrap(by_group, macro_f1_of_counts)
    answers = []
    for fold in range(min(ANSWERING, int(folds.max()) + 1)):
        kept = folds[0] != fold
        inner = np.column_stack([member.inner[0, fold, kept] for member in members])
        rule = fit_rule(inner, labels[kept], folds[0, kept], Blend())
        answers.append(answer(train, labels, groups, kept, rule, hidden))
    count = int(folds.max()) + 1
    learned = round(len(labels) * (count - 1) / count)
    return [count, learned, local.value, local.low, local.high, *hidden.scores(answers)]


def measure_all(
    train: EmbeddingPairs, labels: np.ndarray, groups: np.ndarray, folds: np.ndarray, hidden: Hidden
) -> list[object]:
    """Models fitted on all rows, with the rule of these folds."""
    members = cross_fitted(train, labels, groups, folds, nested=False)
    outer = np.column_stack([member.outer[0] for member in members])
    rule = fit_rule(outer, labels, folds[0], Blend())
    said = answer(train, labels, groups, np.ones(len(labels), bool), rule, hidden)
    return ["–", len(labels), None, None, None, *hidden.scores([said])]


def cross_fitted(
    train: EmbeddingPairs,
    labels: np.ndarray,
    groups: np.ndarray,
    folds: np.ndarray,
    *,
    nested: bool,
) -> list[NestedLogits]:
    """Out-of-fold logits of both members."""
    return [
        nested_predictions(
            make, train, labels, folds, groups=groups, workers=cores(), nested=nested
        )
        for make in MEMBERS.values()
    ]


def answer(
    train: EmbeddingPairs,
    labels: np.ndarray,
    groups: np.ndarray,
    kept: np.ndarray,
    rule: DecisionRule,
    hidden: Hidden,
) -> np.ndarray:
    """Labels of the hidden rows by members fitted on some rows and by a rule."""
    logits = Parallel(n_jobs=cores())(
        delayed(hidden_logits)(make, train.take(kept), labels[kept], groups[kept], hidden.pairs)
        for make in MEMBERS.values()
    )
    return (rule.probability(np.column_stack(logits)) >= rule.threshold).astype(np.int64)


def hidden_logits(
    make: Callable[[], PairClassifier],
    train: EmbeddingPairs,
    labels: np.ndarray,
    groups: np.ndarray,
    hidden: EmbeddingPairs,
) -> np.ndarray:
    """Fitted as the folds' models are, on one thread."""
    with one_thread():
        return make().fit(train, labels, groups=groups).predict_logit(hidden)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--hidden", type=int, default=20_000)
    parser.add_argument("--folds", type=int, nargs="*", default=[3, 5, 10])
    parser.add_argument("--results", type=Path, default=HERE / "results" / "echoes_folds.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
