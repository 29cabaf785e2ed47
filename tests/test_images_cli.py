"""``kedro images download``: from a CSV file or a challenge to a folder of images."""

import re
from types import SimpleNamespace

import pandas as pd
import pytest
from click.testing import CliRunner
from image_server import ImageServer, status

from podium.cli import cli


@pytest.fixture
def server():
    with ImageServer() as made:
        yield made


def call(project, *words, here=True):
    rules = ["--rule", "private_addresses=true", "--rule", "tries=1"] if here else []
    return CliRunner().invoke(
        cli,
        ["images", "download", *map(str, words), *rules],
        obj=SimpleNamespace(project_path=project),
    )


def write_rows(path, server, names, first=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    links = [server.url(name) for name in names]
    ids = [f"{first + number:03}" for number in range(len(names))]
    pd.DataFrame(
        {"sample_id": ids, "catalog_content": "a,\nb", "image_link": links, "price": 1.0}
    ).to_csv(path, index=False)
    return path


def counts(output):
    # Log lines may stand between, where another test has set up logging.
    return dict(re.findall(r"^(downloaded|kept|placeholder)\s+(\d+)", output, re.MULTILINE))


def test_a_csv_file(server, tmp_path):
    server.scripts["bad"] = [status(404)]
    rows = write_rows(tmp_path / "rows.csv", server, ["a", "bad", "c"])
    done = call(tmp_path, rows)
    assert done.exit_code == 0, done.output
    assert counts(done.output) == {"downloaded": "2", "kept": "0", "placeholder": "1"}
    assert "failed_downloads.txt" in done.output
    found = {each.name for each in (tmp_path / "images").iterdir()}
    assert found == {"000.jpg", "001.png", "002.jpg", "manifest.jsonl", "failed_downloads.txt"}
    again = call(tmp_path, rows)
    assert counts(again.output) == {"downloaded": "0", "kept": "2", "placeholder": "1"}


def test_another_folder(server, tmp_path):
    rows = write_rows(tmp_path / "rows.csv", server, ["a"])
    assert call(tmp_path, rows, "--folder", tmp_path / "x" / "y").exit_code == 0
    assert (tmp_path / "x" / "y" / "000.jpg").is_file()


def test_files_that_belong_to_no_row_are_named_and_left(server, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(7):
        (folder / f"other{number}.jpg").touch()
    done = call(tmp_path, write_rows(tmp_path / "rows.csv", server, ["a"]))
    assert done.exit_code == 0, done.output
    named = "other0.jpg, other1.jpg, other2.jpg, other3.jpg, other4.jpg and 2 more"
    assert f"7 files belong to no row ({named})" in done.output
    assert len(list(folder.glob("other*.jpg"))) == 7


def test_what_is_neither_a_file_nor_a_challenge(tmp_path):
    done = call(tmp_path, "nothing")
    assert done.exit_code == 2
    assert "'nothing' is neither a file nor a challenge" in done.output


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("per_hst=3", "per_hst"),
        ("per_host=none", "per_host"),
        ("tries=0", "tries"),
        ("tries", "NAME=VALUE"),
    ],
)
def test_a_wrong_rule(server, tmp_path, rule, message):
    rows = write_rows(tmp_path / "rows.csv", server, ["a"])
    done = call(tmp_path, rows, "--rule", rule, here=False)
    assert done.exit_code == 2
    assert message in done.output
    assert not server.requests


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"sample_id,price\n1,2\n", "image_link"),
        (b"", "No columns"),
        (b"\xff\xfesample_id", "decode"),
        (b"sample_id,image_link\n1,a\n1,b\n", "1 is given more than once"),
    ],
)
def test_a_wrong_file(tmp_path, content, message):
    (tmp_path / "rows.csv").write_bytes(content)
    done = call(tmp_path, tmp_path / "rows.csv")
    assert done.exit_code == 2
    assert message in done.output


def test_addresses_inside_are_refused_unless_allowed(server, tmp_path):
    rows = write_rows(tmp_path / "rows.csv", server, ["a"])
    assert call(tmp_path, rows, here=False).exit_code == 0
    assert not server.requests
    assert "no public address" in (tmp_path / "images" / "failed_downloads.txt").read_text()
