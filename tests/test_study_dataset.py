import pytest
from kedro.io import DatasetError

from podium.data_tree import raw_files
from podium.provenance import fingerprint
from podium.study_dataset import StudyDataset


@pytest.fixture
def dataset(tmp_path):
    raw = tmp_path / "01_raw" / "echoes"
    raw.mkdir(parents=True)
    (raw / "test.json").write_text("[]")
    file = tmp_path / "06_models" / "echoes" / "tuning.db"
    return StudyDataset(filepath=str(file), tree=str(tmp_path), challenge="echoes")


def test_it_says_where_the_study_is_and_of_which_data(dataset, tmp_path):
    study = dataset.load()
    assert study.path == tmp_path / "06_models" / "echoes" / "tuning.db"
    assert study.data == fingerprint(raw_files(tmp_path, "echoes"))
    (tmp_path / "01_raw" / "echoes" / "test.json").write_text("[1]")
    assert dataset.load().data != study.data


def test_it_exists_once_a_trial_is_stored(dataset):
    assert not dataset.exists()
    dataset.load().path.parent.mkdir(parents=True)
    dataset.load().path.touch()
    assert dataset.exists()


def test_a_node_cannot_write_it(dataset):
    with pytest.raises((PermissionError, DatasetError), match="written while the trials run"):
        dataset.save("a study")
    assert "tuning.db" in str(dataset)
