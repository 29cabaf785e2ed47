import json
import sys

import pytest
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline, node

from podium.common.errors import PodiumError, RawDataError
from podium.datasets import JSONDataset
from podium.error_hooks import ErrorHooks, user_message
from podium.hooks import ResumeHooks, demand_stored_inputs
from podium.outdated import OutdatedFiles
from podium.study_dataset import StudyDataset


def identity(values):
    return values


@pytest.fixture(autouse=True)
def clean():
    OutdatedFiles.paths.clear()
    yield
    OutdatedFiles.paths.clear()


@pytest.fixture
def catalog(tmp_path):
    made = DataCatalog(
        {
            "hearme.in": MemoryDataset(1),
            "hearme.a": JSONDataset(filepath=str(tmp_path / "a.json")),
            "hearme.b": JSONDataset(filepath=str(tmp_path / "b.json")),
        }
    )
    made.podium_data_tags = {"hearme.data_tree": str(tmp_path)}
    return made


@pytest.fixture
def pipeline():
    return Pipeline(
        [
            node(identity, "hearme.in", "hearme.a", name="hearme.x.make_a"),
            node(identity, "hearme.a", "hearme.between", name="hearme.x.make_between"),
            node(identity, "hearme.between", "hearme.b", name="hearme.x.make_b"),
        ]
    )


def journal(tmp_path):
    file = tmp_path / ".unfinished" / "hearme.json"
    return json.loads(file.read_text()) if file.is_file() else None


def begin(pipeline, catalog, **run_params):
    hooks = ResumeHooks()
    hooks.before_pipeline_run(run_params, pipeline, catalog)
    return hooks


def test_the_journal_lists_what_is_owed_and_goes_when_all_is_paid(tmp_path, pipeline, catalog):
    hooks = begin(pipeline, catalog)
    assert journal(tmp_path) == ["hearme.a", "hearme.b"]
    hooks.after_dataset_saved("hearme.between")
    hooks.after_dataset_saved("hearme.a")
    assert journal(tmp_path) == ["hearme.b"]
    hooks.after_dataset_saved("hearme.b")
    assert journal(tmp_path) is None
    assert list((tmp_path / ".unfinished").iterdir()) == []


def test_an_old_output_that_is_owed_counts_as_missing_when_resumed(tmp_path, pipeline, catalog):
    for name in ("hearme.a", "hearme.b"):
        catalog.save(name, 0)
    begin(pipeline, catalog).after_dataset_saved("hearme.a")
    assert catalog.exists("hearme.b")
    hooks = begin(pipeline, catalog, only_missing_outputs=True)
    assert catalog.exists("hearme.a") and not catalog.exists("hearme.b")
    assert journal(tmp_path) == ["hearme.b"]
    catalog.save("hearme.b", 1)
    hooks.after_dataset_saved("hearme.b")
    assert catalog.exists("hearme.b") and journal(tmp_path) is None


def test_a_later_whole_run_forgets_what_was_outdated(pipeline, catalog):
    for name in ("hearme.a", "hearme.b"):
        catalog.save(name, 0)
    begin(pipeline, catalog)
    begin(pipeline, catalog, only_missing_outputs=True)
    assert not catalog.exists("hearme.a")
    begin(pipeline, catalog)
    assert catalog.exists("hearme.a")


def test_a_run_of_a_part_keeps_the_debts_of_the_rest(tmp_path, pipeline, catalog):
    begin(pipeline, catalog)
    part = pipeline.only_nodes("hearme.x.make_a")
    begin(part, catalog).after_dataset_saved("hearme.a")
    assert journal(tmp_path) == ["hearme.b"]


def test_nothing_is_written_where_nothing_is_missing(tmp_path, pipeline, catalog):
    begin(pipeline, catalog, only_missing_outputs=True)
    assert journal(tmp_path) is None


def chained(error):
    try:
        try:
            raise error
        except Exception as inner:
            raise DatasetError("wrapped") from inner
    except DatasetError as outer:
        return outer


def test_the_message_is_found_behind_what_wraps_it():
    error = RawDataError("no number", file="a.csv", column="c", row=3)
    assert user_message(chained(error)) == "a.csv, column 'c', row 3: no number"
    assert user_message(chained(ValueError("a bug"))) is None
    assert user_message(None) is None


def test_a_bug_met_while_handling_an_error_is_shown_as_a_bug():
    try:
        try:
            raise PodiumError("mend this")
        except PodiumError:
            raise KeyError("a bug") from None
    except KeyError as bug:
        assert user_message(bug) is None


def test_the_last_word_is_one_line_and_bugs_keep_their_traceback(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr(sys, "excepthook", lambda *arguments: shown.append(arguments[1]))
    ErrorHooks().after_context_created()
    ErrorHooks().after_context_created()  # a second session of the process
    sys.excepthook(DatasetError, chained(PodiumError("put it there")), None)
    assert capsys.readouterr().err == "error: put it there\n" and not shown
    bug = chained(ValueError("a bug"))
    sys.excepthook(DatasetError, bug, None)
    assert shown == [bug]


@pytest.mark.parametrize("there", [False, True])
def test_a_run_that_begins_in_the_middle_needs_what_was_made_before(catalog, tmp_path, there):
    middle = Pipeline([node(identity, "hearme.a", "hearme.b", name="hearme.x.make_b")])
    file = tmp_path / "a.json"
    if there:
        file.write_text("1")
        demand_stored_inputs(middle, catalog)
        return
    with pytest.raises(PodiumError) as caught:
        demand_stored_inputs(middle, catalog)
    assert str(caught.value) == (
        f"hearme.a has not been made yet: there is no {file}. "
        "Run `kedro run --pipeline=hearme` with the same --params first."
    )


def test_what_is_in_memory_or_may_be_missing_is_not_demanded(catalog, tmp_path):
    study = StudyDataset(filepath=str(tmp_path / "no.db"), tree=str(tmp_path), challenge="hearme")
    catalog["hearme.study"] = study
    demand_stored_inputs(
        Pipeline(
            [
                node(identity, "hearme.in", "hearme.a", name="hearme.x.make_a"),
                node(identity, "hearme.study", "hearme.b", name="hearme.x.make_b"),
            ]
        ),
        catalog,
    )
