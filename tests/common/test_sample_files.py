"""A generated file is whole or not there, and what was there before stays."""

import pytest

from podium.common.sample_files import whole_file


def test_the_file_appears_at_the_end_under_its_own_suffix(tmp_path):
    path = tmp_path / "deep" / "truth.csv.gz"
    with whole_file(path) as part:
        part.write_text("new")
        assert part.parent == path.parent and part.suffix == ".gz" and not path.exists()
    assert path.read_text() == "new" and list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "truth.csv"
    path.write_text("old")
    with pytest.raises(OSError, match="disk full"), whole_file(path) as part:
        part.write_text("ha")
        raise OSError("disk full")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
