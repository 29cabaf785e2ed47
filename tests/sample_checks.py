"""What holds for the sample of every challenge."""

import os

import pytest


def check_truth_is_whole(write_sample, size, folder, monkeypatch):
    """A truth that is there stays as it was, and alone, where the new one cannot be put there."""

    def fail(*_):
        raise OSError("disk full")

    truth = folder / "truth.csv"
    truth.write_text("old")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_sample(folder / "raw", 1, size, truth_path=truth)
    assert truth.read_text() == "old" and list(folder.iterdir()) == [truth]
