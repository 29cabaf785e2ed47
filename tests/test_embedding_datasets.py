"""Datasets of embeddings, and raw files that may be missing."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Pipeline, node

from podium.common.errors import PodiumError
from podium.datasets import RawCSVDataset
from podium.embedding_datasets import EmbeddingTableDataset, RawJSONDataset
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.pairs import EmbeddingPairs
from podium.hooks import DataHooks
from podium.outdated import OutdatedFiles
from podium.pipelines.echoes.raw_contract import RAW_FILES

CONTRACT = "podium.pipelines.echoes.raw_contract"
RECORD = {"id": "a", "label": 1, "image_embedding": [3.0, 4.0] * 8, "text_embedding": [1.0] * 16}


def table(rows=12):
    vectors = np.arange(rows * 2, dtype=np.float32).reshape(rows, 2)
    frame = pd.DataFrame({"id": [str(at) for at in range(rows)], "label": np.int8(1)})
    return EmbeddingTable(frame, EmbeddingPairs(vectors, vectors + 1))


def raw_json(folder, name="raw_train_part1"):
    path = folder / RAW_FILES[name].name
    constant = name.removeprefix("raw_").upper()
    return RawJSONDataset(filepath=str(path), schema=f"{CONTRACT}.{constant}")


def raw_solution(folder):
    return RawCSVDataset(
        filepath=str(folder / "sample_solution.csv"),
        schema=f"{CONTRACT}.SAMPLE_SOLUTION",
        connection={"backend": "duckdb", "database": ":memory:"},
    )


def test_a_table_is_saved_whole_and_comes_back(tmp_path):
    dataset = EmbeddingTableDataset(filepath=str(tmp_path / "deep" / "train.parquet"))
    assert not dataset.exists()
    dataset.save(table())
    loaded = dataset.load()
    pd.testing.assert_frame_equal(loaded.rows, table().rows)
    np.testing.assert_array_equal(loaded.pairs.text, table().pairs.text)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["train.parquet"]
    before = (tmp_path / "deep" / "train.parquet").read_bytes()
    dataset.save(loaded)
    assert (tmp_path / "deep" / "train.parquet").read_bytes() == before


def test_a_save_that_fails_leaves_the_former_file(tmp_path):
    dataset = EmbeddingTableDataset(filepath=str(tmp_path / "train.parquet"))
    dataset.save(table())
    with pytest.raises(DatasetError):
        dataset.save("no table")
    assert len(dataset.load()) == 12
    OutdatedFiles.paths.add(str(tmp_path / "train.parquet"))
    assert not dataset.exists()
    OutdatedFiles.paths.clear()


def test_the_preview_shows_norms_not_numbers(tmp_path):
    dataset = EmbeddingTableDataset(filepath=str(tmp_path / "train.parquet"))
    dataset.save(table())
    shown = dataset.preview(3)
    assert shown["columns"] == ["id", "label", "image_norm", "text_norm"]
    assert shown["data"] == [
        ["0", "1", "1.0", "2.2361"], ["1", "1", "3.6056", "5.0"], ["2", "1", "6.4031", "7.8102"],
    ]  # fmt: skip


def test_raw_records_are_opened_and_shown_shortly(tmp_path):
    (tmp_path / "train_part1.json").write_text(json.dumps([RECORD] * 30))
    dataset = raw_json(tmp_path)
    assert dataset.exists()
    assert [record.values for record in dataset.load()] == [RECORD] * 30
    shown = dataset.preview(2)
    assert len(shown["data"]) == 2
    assert shown["data"][0][2] == "[3.0, 4.0, 3.0, 4.0, ... 16 in all]"
    with pytest.raises(DatasetError, match="not written by a run"):
        dataset.save(RECORD)


@pytest.mark.parametrize(
    "made", [lambda folder: raw_json(folder, "raw_train_part2"), raw_solution], ids=["json", "csv"]
)
def test_an_optional_file_that_is_missing_is_none(tmp_path, made):
    assert made(tmp_path).load() is None
    assert made(tmp_path).preview()["data"] == []


def test_a_required_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"train_part1\.json: the file is missing"):
        raw_json(tmp_path).load()


def prepare(root, tree=None):
    """Run the hook that puts the raw files in place, as before a run on the files of `root`.

    `tree` is what the catalog would find: the folder `sample` where there are no files.
    """
    folder = (tree or root) / "01_raw" / "echoes"
    names = ["echoes.raw_train_part1", "echoes.raw_train_part2", "echoes.raw_test"]
    catalog = {name: raw_json(folder, name.removeprefix("echoes.")) for name in names}
    catalog["echoes.raw_sample_solution"] = raw_solution(folder)
    pipeline = Pipeline(
        [node(lambda *_: 1, sorted(catalog), "echoes.out", name="echoes.x.read_all")]
    )
    hooks = DataHooks()
    context = SimpleNamespace(
        _runtime_params={"data_root": str(root)},
        project_path=root,
        config_loader={"globals": {"seed": 3}},
    )
    hooks.after_context_created(context)
    return hooks._prepare("echoes", pipeline, DataCatalog(catalog))


def put(root, *names):
    folder = root / "01_raw" / "echoes"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("x")


def test_a_run_does_without_the_optional_files(tmp_path):
    put(tmp_path, "train_part1.json", "test.json.gz")
    assert prepare(tmp_path) == ("competition", tmp_path)


@pytest.mark.parametrize("there", ["sample_solution.csv", "train_part2.json"])
def test_with_optional_files_only_the_required_ones_are_named(tmp_path, there):
    put(tmp_path, there)
    with pytest.raises(PodiumError, match=r"lacks test\.json, train_part1\.json\. Put all"):
        prepare(tmp_path)


def test_without_any_file_the_sample_is_made(tmp_path):
    kind, tree = prepare(tmp_path, tmp_path / "sample")
    assert (kind, tree) == ("sample", tmp_path / "sample")
    made = {path.name for path in (tree / "01_raw" / "echoes").iterdir()}
    assert made == {file.name for file in RAW_FILES.values()}
