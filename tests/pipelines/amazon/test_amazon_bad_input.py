"""Files that must be refused, rows that must be set aside, and anything else thrown at them."""

from __future__ import annotations

import gzip
import tempfile
from dataclasses import astuple
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutated_files import mutated, mutations
from raw_amazon import (
    FILES,
    TEST_FILE,
    TRAIN_FILE,
    Stage,
    as_csv,
    good_files,
    run_stage,
    text,
    write_files,
)

from podium.common.errors import PodiumError, RawDataError
from podium.pipelines.amazon.data_processing import DataProcessing
from podium.pricing.catalog_rows import PriceLimits
from podium.pricing.prices import read_prices

PROJECT = Path(__file__).parents[3]


def refused(folder: Path, files: dict[str, Any], **parameters: object) -> RawDataError:
    write_files(folder, files)
    with pytest.raises(RawDataError) as caught:
        run_stage(folder, **parameters)
    return caught.value


def changed(file: str, row: int, **values: object) -> dict[str, Any]:
    """The good files with other values in one record (row from 1)."""
    files = good_files()
    files[file][row - 1] |= values
    return files


def reconciles(result: Stage) -> None:
    result.validate()
    parted = sum(result.rows(TRAIN_FILE, action) for action in ("kept", "dropped", "quarantined"))
    assert result.rows(TRAIN_FILE, "read") == parted
    assert result.rows(TRAIN_FILE, "quarantined") == len(result.quarantine)
    assert result.rows(TRAIN_FILE, "kept") == len(result.train)
    assert result.duplicates["sample_id"].tolist() == result.train["sample_id"].tolist()


def test_good_files_are_kept_whole(tmp_path):
    write_files(tmp_path, good_files())
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.train["catalog_content"].tolist() == [text(at) for at in range(30)]
    assert result.train["price"].tolist() == [at + 1.5 for at in range(30)]
    assert result.test["sample_id"].tolist() == [str(at) for at in range(30, 38)]
    assert result.quarantine.empty


def test_files_compressed_with_gzip_are_read(tmp_path):
    for name, records in good_files().items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(as_csv(records)))
    assert len(run_stage(tmp_path).train) == 30


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_named(tmp_path, file):
    files = good_files()
    del files[file]
    assert refused(tmp_path, files).file == file


BAD_BYTES = {
    "empty": (b"", "empty"),
    "header only": (b"sample_id,catalog_content,image_link,price\n", "no data rows"),
    "zeros": (b"\x00" * 100, None),
    "zip": (b"PK\x03\x04 zip", None),
    "semicolons": (b"sample_id;catalog_content;image_link;price\n1;a;b;2\n", "separated"),
    "json": (b'[{"sample_id": 1}]', "sample_id"),
    "truncated gzip": (gzip.compress(b"sample_id,price\n1,2\n")[:-9], None),
    "utf-16": ("sample_id,catalog_content,image_link,price\n1,a,b,2\n".encode("utf-16"), None),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("content", "says"), BAD_BYTES.values(), ids=BAD_BYTES)
def test_bad_bytes_are_refused_with_the_file(tmp_path, file, content, says):
    error = refused(tmp_path, {**good_files(), file: content})
    assert error.file == file
    assert says is None or says in str(error)


@pytest.mark.parametrize(
    ("file", "column"), [(file, column) for file in FILES for column in good_files()[file][0]]
)
def test_a_missing_column_is_named(tmp_path, file, column):
    files = good_files()
    files[file] = [{key: each[key] for key in each if key != column} for each in files[file]]
    error = refused(tmp_path, files)
    assert (error.file, error.column) == (file, column)


BAD_PRICES = {
    "zero": ("0", "price: zero"),
    "negative": ("-4.99", "price: negative"),
    "missing": ("", "price: missing"),
    "text": ("call us", "price: unreadable"),
    "euros": ("€12.50", "price: other currency"),
    "rupees": ("Rs. 499", "price: other currency"),
    "1e12": ("1e12", "price: too large"),
    "tiny": ("0.0001", "price: too small"),
    "infinite": ("inf", "price: infinite"),
}


@pytest.mark.parametrize(("price", "reason"), BAD_PRICES.values(), ids=BAD_PRICES)
def test_a_row_with_a_bad_price_is_set_aside_and_counted(tmp_path, price, reason):
    write_files(tmp_path, changed(TRAIN_FILE, 5, price=price))
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.quarantine[["file", "row", "reason"]].to_numpy().tolist() == [
        [TRAIN_FILE, 5, reason]
    ]
    assert "4" not in result.train["sample_id"].tolist()


@pytest.mark.parametrize(
    ("price", "value"), [("$12.50", 12.5), ("1,299.00", 1299), (" 7 ", 7), ("7,5", 7.5)]
)
def test_a_price_written_oddly_is_repaired_and_counted(tmp_path, price, value):
    write_files(tmp_path, changed(TRAIN_FILE, 5, price=price))
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.train["price"].iloc[4] == value
    assert result.rows(TRAIN_FILE, "repaired") == 1


def test_without_parameters_the_limits_are_those_of_the_configuration():
    written = yaml.safe_load((PROJECT / "conf/base/amazon/parameters.yml").read_text())
    limits = DataProcessing().limits
    assert DataProcessing.parse(written["amazon"]["data_processing"]) == DataProcessing()
    assert PriceLimits() == limits
    usual = {name: each.default for name, each in signature(read_prices).parameters.items()}
    assert (usual["least"], usual["most"], usual["signs"]) == astuple(limits)


def test_limits_of_the_price_and_the_currency_are_parameters(tmp_path):
    files = changed(TRAIN_FILE, 5, price="₹499,000")
    write_files(tmp_path, files)
    assert len(run_stage(tmp_path).train) == 29
    kept = run_stage(tmp_path, currency_signs=["₹"])
    assert kept.train["price"].iloc[4] == 499_000
    assert len(run_stage(tmp_path, currency_signs=["₹"], most_price=1000.0).train) == 29


@pytest.mark.parametrize(("price", "reason"), BAD_PRICES.values(), ids=BAD_PRICES)
def test_prices_wrong_throughout_are_refused(tmp_path, price, reason):
    files = good_files()
    for record in files[TRAIN_FILE][1:]:
        record["price"] = price
    error = refused(tmp_path, files)
    assert (error.file, error.column, error.row) == (TRAIN_FILE, "price", 2)


def test_a_row_without_an_id_is_set_aside(tmp_path):
    write_files(tmp_path, changed(TRAIN_FILE, 7, sample_id=" "))
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.quarantine["reason"].tolist() == ["sample_id is missing"]


def test_equal_rows_are_one_and_different_rows_of_an_id_are_set_aside(tmp_path):
    files = good_files()
    files[TRAIN_FILE] += [dict(files[TRAIN_FILE][0]), {**files[TRAIN_FILE][1], "price": "99"}]
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    reconciles(result)
    assert result.rows(TRAIN_FILE, "dropped") == 1
    assert sorted(result.quarantine["row"]) == [2, 32]
    assert set(result.quarantine["reason"]) == {"sample_id stands for different rows"}
    assert len(result.train) == 29


def test_rows_with_too_many_fields_are_set_aside(tmp_path):
    lines = as_csv(good_files()[TRAIN_FILE]) + b"77,text,link,3,4,5\n\n78,text\n"
    write_files(tmp_path, {**good_files(), TRAIN_FILE: lines})
    result = run_stage(tmp_path)
    reconciles(result)
    assert len(result.train) == 30 and len(result.quarantine) == 2


TORN = {
    "never closed": (b'",https://images.example/I/6.jpg', b",https://images.example/I/6.jpg"),
    "never opened": (b'\n6,"Item', b"\n6,Item"),
    "closed too early": (b"w6x0 w6x1", b'w6x0" w6x1'),
}


@pytest.mark.parametrize(("old", "new"), TORN.values(), ids=TORN)
def test_a_row_torn_by_its_quotes_costs_no_other_and_all_its_lines_are_set_aside(
    tmp_path, old, new
):
    """Its text has four lines: each of them is set aside by itself, none is taken for a row."""
    good = as_csv(good_files()[TRAIN_FILE])
    assert good.count(old) == 1
    write_files(tmp_path, {**good_files(), TRAIN_FILE: good.replace(old, new)})
    result = run_stage(tmp_path)
    reconciles(result)
    others = [at for at in range(30) if at != 6]
    assert result.train["sample_id"].tolist() == [str(at) for at in others]
    assert result.train["catalog_content"].tolist() == [text(at) for at in others]
    assert result.quarantine["row"].tolist() == [7, 8, 9, 10]
    torn = as_csv(good_files()[TRAIN_FILE][6:7]).partition(b"\n")[2]
    lines = (b"\n" + torn).replace(old, new).decode().strip().split("\n")
    assert result.quarantine["content"].tolist() == lines


@pytest.mark.parametrize("column", ["catalog_content", "image_link"])
@pytest.mark.parametrize("file", FILES)
def test_an_empty_text_or_link_is_kept_and_reported(tmp_path, file, column):
    write_files(tmp_path, changed(file, 3, **{column: ""}))
    result = run_stage(tmp_path)
    reconciles(result)
    report = result.quality[result.quality["check"] == f"{column} is empty"]
    assert report[["file", "rows"]].to_numpy().tolist() == [[file, 1]]
    assert (len(result.train), len(result.test)) == (30, 8)


@pytest.mark.parametrize("file", FILES)
def test_texts_empty_throughout_are_refused(tmp_path, file):
    files = good_files()
    for record in files[file][1:]:
        record["catalog_content"] = ""
    error = refused(tmp_path, files)
    assert (error.file, error.column, error.row) == (file, "catalog_content", 2)


def test_too_few_rows_are_refused(tmp_path):
    error = refused(tmp_path, good_files(train=19))
    assert error.file == TRAIN_FILE and "only 19 usable rows" in str(error)


@pytest.mark.parametrize(
    ("name", "says"), [("", "'' is missing"), ("30", "'30' stands twice"), ("  ", "is missing")]
)
def test_one_bad_test_id_is_refused(tmp_path, name, says):
    error = refused(tmp_path, changed(TEST_FILE, 3, sample_id=name))
    assert (error.file, error.column, error.row) == (TEST_FILE, "sample_id", 3)
    assert says in str(error)


@pytest.mark.parametrize("line", [b"77,text\n", b"77,text,link,3,4,5\n"])
def test_a_misshapen_test_row_is_refused(tmp_path, line):
    lines = as_csv(good_files()[TEST_FILE]) + line
    error = refused(tmp_path, {**good_files(), TEST_FILE: lines})
    assert (error.file, error.row) == (TEST_FILE, 9)


def test_duplicates_share_a_group_by_text_and_by_image(tmp_path, caplog):
    files = changed(TRAIN_FILE, 2, catalog_content=text(0).upper())
    files[TRAIN_FILE][5]["image_link"] = files[TRAIN_FILE][9]["image_link"]
    files[TEST_FILE][0]["catalog_content"] = text(3)
    write_files(tmp_path, files)
    result = run_stage(tmp_path)
    groups = result.duplicates["group"]
    assert groups[0] == groups[1] and groups[5] == groups[9]
    assert result.duplicates.loc[result.duplicates["rows"] > 1].index.tolist() == [0, 1, 5, 9]
    assert groups.nunique() == 28
    assert result.test_copies.to_numpy().tolist() == [["30", "3"]]
    assert f"{TEST_FILE}: 1 rows are duplicates of training rows" in caplog.messages
    alone = run_stage(tmp_path, same_image_is_duplicate=False).duplicates["group"]
    assert alone[5] != alone[9]


JUNK = [
    *(b'"', b",", b"\n", b'""', b"\x00", b"\xff", b" ", b"-", b".0", b"1e999", b"NaN", b"$"),
    *(b"9" * 400, b"\xc3", b"\r\n", b"\xef\xbb\xbf", b'"\n"', b"Value: 3\n", b",,,"),
]


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(mutations(FILES, JUNK), min_size=1, max_size=3))
def test_any_files_are_refused_clearly_or_add_up(changes) -> None:
    files: dict[str, Any] = {name: as_csv(records) for name, records in good_files().items()}
    for name, how, where, length, junk in changes:
        files[name] = mutated(files[name], how, where, length, junk)
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), files)
        try:
            result = run_stage(Path(folder))
        except PodiumError as error:
            assert any(name in str(error) for name in FILES)
        else:
            reconciles(result)
