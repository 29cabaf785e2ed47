import pytest

from podium.common.errors import PodiumError
from podium.data_tree import (
    data_kind,
    data_tree,
    demand_raw_files,
    raw_files,
    sample_truth,
    write_missing_sample,
)
from podium.pipelines.hearme import sample
from podium.pipelines.hearme.raw_contract import RAW_FILES


def raw_folder(project, root="data"):
    folder = project / root / "01_raw" / "hearme"
    folder.mkdir(parents=True)
    return folder


def test_sample_where_there_is_nothing(tmp_path):
    assert data_kind(tmp_path, "hearme") == "sample"
    assert data_tree(tmp_path, "hearme") == (tmp_path / "data" / "sample").resolve()


@pytest.mark.parametrize("name", [".gitkeep", ".DS_Store"])
def test_hidden_files_are_no_data(tmp_path, name):
    (raw_folder(tmp_path) / name).touch()
    assert data_kind(tmp_path, "hearme") == "sample"
    assert raw_files(tmp_path / "data", "hearme") == []


def test_one_file_is_enough_for_competition(tmp_path):
    (raw_folder(tmp_path) / "test.csv").touch()
    assert data_kind(tmp_path, "hearme") == "competition"
    assert data_tree(tmp_path, "hearme") == (tmp_path / "data").resolve()


def test_each_challenge_by_itself(tmp_path):
    (raw_folder(tmp_path) / "test.csv").touch()
    assert data_kind(tmp_path, "museum") == "sample"


@pytest.mark.parametrize("kind", ["sample", "competition"])
@pytest.mark.parametrize("filled", [False, True])
def test_data_forces_either(tmp_path, kind, filled):
    if filled:
        (raw_folder(tmp_path) / "test.csv").touch()
    assert data_kind(tmp_path, "hearme", data=kind) == kind


def test_other_kinds_are_refused(tmp_path):
    with pytest.raises(PodiumError, match="not 'Sample'"):
        data_kind(tmp_path, "hearme", data="Sample")


def test_data_root_relative_absolute_and_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project = tmp_path / "project"
    assert data_tree(project, "hearme", "other", "competition") == project.resolve() / "other"
    absolute = tmp_path / "absolute"
    assert data_tree(project, "hearme", str(absolute), "competition") == absolute.resolve()
    at_home = data_tree(project, "hearme", "~/data", "competition")
    assert at_home == (tmp_path / "home" / "data").resolve()


@pytest.fixture
def small_sample(monkeypatch):
    """The real generator at a size that costs nothing."""
    real = sample.write_sample
    size = sample.SampleSize(users=20, tracks=200, listens=400, test_users=3)
    monkeypatch.setattr(
        sample, "write_sample", lambda folder, seed, **more: real(folder, seed, size, **more)
    )


@pytest.mark.parametrize("prepare", ["nothing", "an empty folder"])
def test_missing_sample_is_written_once(tmp_path, small_sample, prepare):
    if prepare == "an empty folder":
        raw_folder(tmp_path, "tree")
    assert write_missing_sample(tmp_path / "tree", "hearme", 1)
    files = raw_files(tmp_path / "tree", "hearme")
    expected = sorted(spec.name for spec in RAW_FILES.values())
    assert sorted(file.name for file in files) == expected
    truth = sample_truth(tmp_path / "tree", "hearme").read_text().splitlines()
    assert truth[0].startswith("user_id,item_id,") and len(truth) > 1
    before = {file: file.stat().st_mtime_ns for file in files}
    assert not write_missing_sample(tmp_path / "tree", "hearme", 2)
    assert {file: file.stat().st_mtime_ns for file in files} == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda file: file.unlink(), "lacks test.csv. Put all of"),
        (lambda file: (file.unlink(), (file / "x").mkdir(parents=True)), "test.csv: .* a folder"),
        (lambda file: file.with_name("test.csv.gz").touch(), "test.csv: the file is there twice"),
    ],
    ids=["missing", "a folder", "twice"],
)
def test_a_run_is_told_what_is_wrong_with_a_file_before_it_begins(
    tmp_path, small_sample, spoil, said
):
    write_missing_sample(tmp_path, "hearme", 1)
    folder = tmp_path / "01_raw" / "hearme"
    files = {name: folder / spec.name for name, spec in RAW_FILES.items()}
    demand_raw_files("hearme", files)
    spoil(folder / "test.csv")
    with pytest.raises(PodiumError, match=said):
        demand_raw_files("hearme", files)
