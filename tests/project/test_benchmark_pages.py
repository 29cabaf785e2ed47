"""The pages of benchmarks say by which command they were made."""

import sys
from importlib import import_module

import pytest
from running import PROJECT


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(str(PROJECT / "benchmarks"))
    yield import_module("results")
    sys.modules.pop("results")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], ""),
        (["--rows", "75000", "--presets", "base", "best"], " --rows 75000 --presets base best"),
        (["--raw", "/mnt/disk/amazon", "--truth=/elsewhere/t.csv"], " --raw PATH --truth=PATH"),
        (["--data", "amazon=/mnt/disk/amazon"], " --data amazon=PATH"),
        (["--raw", "../other"], " --raw PATH"),
        (["--workdir", f"{PROJECT}/data/benchmark"], " --workdir data/benchmark"),
        (["--params", "museum=seed=1", "a b"], " --params museum=seed=1 'a b'"),
    ],
)
def test_the_command_is_shown_without_the_places_of_a_machine(results, options, shown, monkeypatch):
    words = [f"{PROJECT}/benchmarks/amazon.py", *options]
    expected = f"`PYTHONPATH=src python benchmarks/amazon.py{shown}`"
    assert results.command_line(words) == expected
    monkeypatch.setattr(sys, "argv", words)
    assert results.command_line() == expected
