import numpy as np
import pytest
import yaml

from podium.common import tuning_results as results
from podium.common.leaderboard import Metric, score_model
from podium.common.search_space import Dimension
from podium.common.tuning_study import FinishedTrial

SPACE = {
    "strong": Dimension(type="float", low=0, high=1),
    "idle": Dimension(type="int", low=0, high=9),
}


def trial(number, units, metric=None, **values):
    score = None if units is None else score_model("blend", np.asarray(units, float), metric)
    error = "" if score else "it broke"
    return FinishedTrial(number, values, score, seconds=1.5, error=error)


def noise(trials, units, seed, better=0.0):
    """Trials that differ by chance alone, the last one better than the others."""
    rows = np.random.default_rng(seed).normal(size=(trials, units))
    rows[-1] += better
    return [trial(number, row) for number, row in enumerate(rows)]


def test_the_table_has_a_row_per_trial_and_paired_differences():
    units = np.array([0.2, 0.4, 0.6, 0.8])
    table = results.trials_table(
        [
            trial(0, units, strong=0.5, idle=None),
            trial(1, units + 0.1, strong=0.7, idle=3),
            trial(2, None, strong=0.9, idle=4),
        ],
        ["strong", "idle"],
    )
    assert table["trial"].tolist() == [0, 1, 2]
    assert table["score"].tolist()[:2] == pytest.approx([0.5, 0.6])
    # Every unit gains the same, so that the difference is known for sure and the score is not.
    gap = table.loc[1, ["difference", "difference_low", "difference_high"]].tolist()
    assert gap == pytest.approx([0.1, 0.1, 0.1])
    assert table.loc[1, "ci_high"] - table.loc[1, "ci_low"] > 0.2
    assert table.loc[2, ["score", "ci_low", "difference"]].isna().all()
    assert table["error"].tolist() == ["", "", "it broke"]
    assert table["strong"].tolist() == [0.5, 0.7, 0.9]


def test_trials_on_other_units_do_not_compare():
    with pytest.raises(ValueError, match="on 3 and 2 units"):
        results.difference_interval(trial(1, [1, 2, 3]).score, trial(0, [1, 2]).score)


def test_of_one_trial_nothing_was_chosen():
    assert results.corrected_score([trial(0, [0.1, 0.5, 0.9])]) == pytest.approx(0.5)


def test_the_luck_of_the_choice_is_taken_out():
    """30 trials without any difference: the best score is luck, and the corrected one is not."""
    best, corrected = [], []
    for seed in range(20):
        trials = noise(30, 200, seed)
        best.append(max(each.score.value for each in trials))
        corrected.append(results.corrected_score(trials))
    # The best of 30 means of 200 standard normal numbers: 2.04 / sqrt(200).
    assert np.mean(best) == pytest.approx(2.04 / np.sqrt(200), abs=0.01)
    assert abs(np.mean(corrected)) < 0.02


def test_a_trial_that_is_better_for_sure_keeps_its_score():
    trials = noise(10, 200, 1, better=3.0)
    assert results.corrected_score(trials) == pytest.approx(trials[-1].score.value, abs=1e-9)


def test_where_lower_is_better_luck_lies_below():
    lower = Metric(higher_is_better=False)
    rows = np.random.default_rng(2).normal(size=(30, 100))
    trials = [trial(number, row, lower) for number, row in enumerate(rows)]
    assert results.corrected_score(trials) > min(each.score.value for each in trials) + 0.05


def test_the_summary_and_the_verdict_on_a_gain_for_sure():
    units = np.linspace(0, 1, 50)
    trials = [trial(0, units), trial(1, units + 0.2), trial(2, None)]
    numbers = results.summarise(trials)
    assert numbers["tuning.trials"] == 3 and numbers["tuning.failed_trials"] == 1
    assert numbers["tuning.gain"] == pytest.approx(0.2)
    said = " ".join(results.verdict(trials))
    assert "3 trials, 1 of them failed" in said and "+0.2000 [+0.2000, +0.2000]" in said
    assert "too good" in said and "chance" not in said


def test_the_verdict_on_a_difference_that_may_be_chance():
    said = " ".join(results.verdict(noise(3, 40, 5)))
    assert "may be chance" in said


def test_the_verdict_where_the_defaults_are_best():
    said = results.verdict([trial(0, [1, 2]), trial(1, [0, 1])])
    assert said[-1] == "No trial was better than the defaults."


def test_values_by_path_become_blocks():
    text = yaml.safe_dump(results.nested({"a.b.c": 1, "a.b.d": [2], "e": None}))
    assert yaml.safe_load(text) == {"a": {"b": {"c": 1, "d": [2]}}, "e": None}


def graded(count, seed=0):
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        strong, idle = float(random.random()), int(random.integers(10))
        made.append(trial(number, [strong, strong + 0.1], strong=strong, idle=idle))
    return made


def test_the_parameter_that_decides_the_score_is_the_important_one():
    shares = results.importances(graded(25), SPACE, seed=1)
    assert shares.index[0] == "strong" and shares["strong"] > 0.8
    assert shares.sum() == pytest.approx(1)
    assert shares.equals(results.importances(graded(25), SPACE, seed=1))


def test_too_few_trials_or_equal_scores_say_nothing_of_importance():
    assert results.importances(graded(3), SPACE, seed=1).tolist() == [0, 0]
    equal = [trial(number, [1.0, 2.0], strong=number / 9, idle=number) for number in range(9)]
    assert results.importances(equal, SPACE, seed=1).tolist() == [0, 0]


def test_the_plot_shows_trials_best_so_far_and_defaults():
    trials = [trial(0, [1, 2]), trial(1, [0, 1]), trial(2, None), trial(3, [2, 3])]
    table = results.trials_table(trials, [])
    figure = results.plot_history(table, True, "Trials")
    lines = {line.name: (list(line.x), list(line.y)) for line in figure.data}
    assert lines["trial"] == ([0, 1, 3], [1.5, 0.5, 2.5])
    assert lines["best so far"][1] == [1.5, 1.5, 2.5] and lines["defaults"][1] == [1.5] * 3
    assert figure.layout.xaxis.title.text and "higher is better" in figure.layout.yaxis.title.text
    falling = results.plot_history(table, False, "Trials")
    assert list(falling.data[1].y) == [1.5, 0.5, 0.5]


def test_the_plot_of_importances_has_its_unit():
    shares = results.importances(graded(10), SPACE, seed=1)
    figure = results.plot_importances(shares, "Importance")
    assert "%" in figure.layout.xaxis.title.text and figure.data[0].y[0] == "strong"
