"""The report answers its questions, by id, and lets no markup of the data through."""

import re
from dataclasses import replace
from html import unescape

import pandas as pd
import pytest
from echoes_tables import EVALUATION, MODELING, USED_UP, make_tables, page, run_modeling

PSEUDO = {**MODELING, "pseudo_labels": {**MODELING["pseudo_labels"], "models": ["logistic_both"]}}


@pytest.fixture(scope="module")
def tables():
    return make_tables(part1=60, part2=30)


@pytest.fixture(scope="module")
def fitted(tables):
    return run_modeling(tables, parameters=PSEUDO)


@pytest.fixture(scope="module")
def shown(tables, fitted):
    return page(tables, fitted)


def table_of(html, words):
    """The first table after a caption or heading, as text."""
    at = html.rindex(f">{words}<")
    table = html[html.index("<table", at) : html.index("</table>", at)]
    rows = [
        [unescape(cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)]
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S)
    ]
    return pd.DataFrame(rows[1:], columns=rows[0])


def test_the_hardest_rows_are_named(shown, fitted):
    table = table_of(shown, "The rows with the largest loss")
    assert table["Row"].tolist() == fitted.row_errors["id"].head(5).tolist()
    assert table["Label"].tolist() == fitted.row_errors["label"].head(5).astype(str).tolist()


def test_scores_of_all_kinds_are_there(shown, fitted):
    board = fitted.leaderboard.set_index("model")
    assert f"{board.loc['blend', 'score']:.4f}" in shown
    assert "Fitted on part 1, scored on part 2" in shown and "Adversarial AUC" in shown
    assert "SAMPLE" not in shown and "out/submission.csv" in shown
    assert "1 row is in quarantine" in shown


def test_pseudo_labels_are_noted_with_their_gain(shown, fitted):
    note = fitted.blend_weights.set_index("model").loc["logistic_both_pseudo_labels", "note"]
    table = table_of(shown, "The blend")
    assert note and note in table["Note"].tolist()


def test_markup_in_the_data_is_escaped_and_nothing_is_loaded(tables, fitted):
    odd = "<script>alert(1)</script>"
    errors = fitted.row_errors.copy()
    errors.loc[0, "id"] = odd
    quality = pd.DataFrame(
        [["train_part1.json", "rows", "read", 60, 1.0, odd]],
        columns=["file", "check", "action", "rows", "share", "example"],
    )
    html = page(tables, fitted, row_errors=errors, data_quality=quality)
    assert "<script" not in html and html.count("&lt;script&gt;") == 2
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in html


def test_the_report_of_sample_data_says_so(tables, fitted):
    run = {"data": "sample", "preset": "default", "submission": "out/submission.csv"}
    assert "SAMPLE DATA" in page(tables, fitted, run=run)


def test_without_a_part_2_the_report_says_so():
    tables = make_tables(part1=60)
    html = page(tables, run_modeling(tables))
    assert "There is no part 2 in this run" in html and "scored on part 2" not in html


@pytest.mark.parametrize("probability", [None, 0.4])
def test_models_that_were_left_out_for_want_of_time_are_listed(tables, probability):
    """And a run without any model has a report, even where all rows look alike."""
    made = run_modeling(tables, compute=USED_UP)
    if probability:
        made = replace(made, row_errors=made.row_errors.assign(probability=probability))
    html = page(tables, made)
    left = table_of(html, "Left out")
    assert set(left["Model"]) == {"logistic_image", "logistic_both", "logistic_interactions"}
    assert left["Note"].str.contains("time budget is used up").all()
    assert "No model beats the best baseline, majority_class" in html


def test_the_confidence_is_that_of_the_parameters(tables, fitted):
    html = page(tables, fitted, parameters={**EVALUATION, "confidence": 0.9})
    assert "at 90 % confidence" in html
    for caption in ("What each modality adds", "Fitted on part 1, scored on part 2"):
        assert "90 % interval" in table_of(html, caption)
    # Train and test are compared with the usual confidence.
    alike = table_of(html, "0.5: a classifier cannot tell them apart; 1: it can")
    assert alike["95 % interval"].str.fullmatch(r"0\.\d{4} to 0\.\d{4}").all()
