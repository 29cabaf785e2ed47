"""``kedro images download amazon``: the files that a run of the challenge would make."""

import gzip
import re

import pandas as pd
import pytest
from image_server import ImageServer, picture

RAW, IMAGES = "01_raw/amazon", "02_intermediate/amazon/images"
INSIDE = ("--rule", "private_addresses=true", "--rule", "tries=1")
FACTS = ["sample_id", "image_link", "file", "reason", "bytes", "width", "height"]


@pytest.fixture
def server():
    with ImageServer() as made:
        yield made


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


def download(project_copy, root, *words, **variables):
    words = ("images", "download", "amazon", "--data-root", root, *words)
    return project_copy.invoke(*words, **variables)


def counts(output):
    found = re.findall(r"^(downloaded|kept|placeholder)\s+([\d,]+)$", output, re.MULTILINE)
    return {status: int(number.replace(",", "")) for status, number in found}


def write_rows(root, server, train, test, suffix=""):
    """Raw files whose links lead to the server; each row is its id and the name in its link."""
    (root / RAW).mkdir(parents=True, exist_ok=True)
    for name, rows in (("train.csv", train), ("test.csv", test)):
        table = pd.DataFrame(rows, columns=["sample_id", "name"])
        table["catalog_content"] = "Item Name: Salt " + table["name"]
        table["image_link"] = [server.url(each) for each in table.pop("name")]
        if name == "train.csv":
            table["price"] = 1.5
        text = table.to_csv(index=False).encode()
        content = gzip.compress(text) if suffix else text
        (root / RAW / f"{name}{suffix}").write_bytes(content)


def rows(count, first=0):
    return [(f"{first + at}", f"{first + at}.jpg") for at in range(count)]


def images_of(folder):
    """What each image file holds, and what the table says of each row."""
    files = {path.name: path.read_bytes() for path in folder.glob("*.[jp][pn]g")}
    return files, pd.read_parquet(folder / "images.parquet")


def preset(project_copy, name, values):
    """A preset of the project, with parameters of the images."""
    folder = project_copy.folder / "conf" / name / "amazon"
    folder.mkdir(parents=True)
    (folder / "parameters.yml").write_text(f"amazon: {{images: {{{values}}}}}\n")
    return name


def test_on_the_sample_it_makes_the_files_of_a_run_and_the_run_finds_them(project_copy, root):
    """The sample has a row twice, rows without an id, dead links, and a folder of images."""
    tree = root / "sample"
    project_copy.add_raw(tree, "amazon")
    done, log = download(project_copy, root)
    assert done.exit_code == 0, done.output
    assert "SAMPLE data" in log and f"The images are in {tree / IMAGES}" in done.output
    files, table = images_of(tree / IMAGES)
    found = counts(done.output)
    assert found["downloaded"] > 0.8 * len(table) and found["kept"] == 0
    assert found == {"kept": 0, **table["status"].value_counts()}
    assert len(files) == len(table)
    assert "belong to no row" not in done.output + log

    other = root.with_name("other")
    project_copy.add_raw(other / "sample", "amazon")
    project_copy.session("amazon.data_processing", root=other)
    wanted, told = images_of(other / "sample" / IMAGES)
    assert files == wanted
    assert table[FACTS].equals(told[FACTS])
    log = project_copy.session("amazon.data_processing", root=root, only_missing_outputs=True)
    assert "images in" not in log, "they are not asked for again"
    assert images_of(tree / IMAGES)[1].equals(table)


def test_compressed_files_with_ids_that_are_missing_twice_and_in_both_files(
    project_copy, root, server
):
    train = [*rows(24), ("", "x.jpg"), ("", "y.jpg"), ("3", "3.jpg")]
    write_rows(root, server, train, [("3", "a.jpg"), ("99", "b.jpg")], ".gz")
    done, _ = download(project_copy, root, *INSIDE)
    assert done.exit_code == 0, done.output
    assert counts(done.output) == {"downloaded": 26, "kept": 0, "placeholder": 0}
    files, table = images_of(root / IMAGES)
    assert table["sample_id"].tolist() == [*map(str, range(24)), "3", "99"]
    assert files["3.jpg"] == picture(sum(b"/3.jpg"))
    (other,) = (files[name] for name in files if name.startswith("test_3."))
    assert other == picture(sum(b"/a.jpg"))
    assert not server.asked("x.jpg"), "a row that is set aside has no image"
    again, _ = download(project_copy, root, *INSIDE)
    assert counts(again.output) == {"downloaded": 0, "kept": 26, "placeholder": 0}


def test_images_that_are_there_already_are_taken_instead_of_the_links(project_copy, root, server):
    write_rows(root, server, rows(22), rows(3, first=22))
    (root / RAW / "images").mkdir()
    for at in range(20):
        (root / RAW / "images" / f"{at}.jpg").write_bytes(picture(at))
    done, log = download(project_copy, root)
    assert done.exit_code == 0, done.output
    assert not server.requests
    assert counts(done.output) == {"downloaded": 20, "kept": 0, "placeholder": 5}
    assert images_of(root / IMAGES)[0]["7.jpg"] == picture(7)
    assert f"images are taken from {root / RAW / 'images'}" in log


def test_the_parameters_hold_and_the_command_line_stands_before_them(project_copy, root, server):
    write_rows(root, server, rows(22), rows(2, first=22))
    rules = "rules: {most_bytes: 100, private_addresses: true, tries: 1}"
    own = preset(project_copy, "few_bytes", rules)
    done, _ = download(project_copy, root, KEDRO_ENV=own)
    assert done.exit_code == 0, done.output
    assert counts(done.output) == {"downloaded": 0, "kept": 0, "placeholder": 24}
    assert len(server.requests) == 24, "addresses inside are allowed"
    failed = (root / IMAGES / "failed_downloads.txt").read_text()
    assert "larger than 100 bytes" in failed
    words = ("--rule", "most_bytes=100000", "--rule", "retry_failed=always")
    done, _ = download(project_copy, root, *words, KEDRO_ENV=own)
    assert counts(done.output) == {"downloaded": 24, "kept": 0, "placeholder": 0}


def test_where_the_parameters_want_no_download_it_says_so(project_copy, root, server):
    write_rows(root, server, rows(22), rows(2, first=22))
    own = preset(project_copy, "without_images", "download: false")
    done, _ = download(project_copy, root, KEDRO_ENV=own)
    assert done.exit_code == 2
    assert "amazon.images.download is false" in done.output
    assert not (root / IMAGES).exists()


def test_files_that_belong_to_no_row_are_counted(project_copy, root, server):
    write_rows(root, server, rows(22), rows(2, first=22))
    (root / IMAGES).mkdir(parents=True)
    (root / IMAGES / "stray.jpg").write_bytes(b"mine")
    done, log = download(project_copy, root, *INSIDE)
    assert done.exit_code == 0, done.output
    assert "1 files belong to no row (stray.jpg)" in done.output
    assert f"{root / IMAGES}: 1 files belong to no row (stray.jpg)" in log
    assert (root / IMAGES / "stray.jpg").read_bytes() == b"mine"


def test_another_folder_where_a_run_that_is_told_finds_them(project_copy, root, server):
    write_rows(root, server, rows(22), rows(2, first=22))
    folder = root.with_name("elsewhere")
    done, _ = download(project_copy, root, *INSIDE, "--folder", folder)
    assert done.exit_code == 0, done.output
    assert f"The images are in {folder}" in done.output
    assert len(images_of(folder)[0]) == 24
    assert not (root / IMAGES).exists()
    asked = len(server.requests)
    parameters = {"amazon.images_folder": str(folder)}
    project_copy.session("amazon.data_processing", root=root, parameters=parameters)
    assert (images_of(folder)[1]["status"] == "kept").all()
    assert len(server.requests) == asked


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ([("1", "a.jpg"), ("1", "b.jpg")], "test.csv, column 'sample_id', row 2: '1' stands twice"),
        (None, "lacks test.csv"),
    ],
)
def test_raw_files_that_cannot_be_used(project_copy, root, server, test, message):
    write_rows(root, server, rows(22), test or [])
    if test is None:
        (root / RAW / "test.csv").unlink()
    done, _ = download(project_copy, root)
    assert done.exit_code == 2
    assert message in done.output and "Error: " in done.output
    assert not server.requests


def test_a_folder_that_cannot_be_one(project_copy, root, server):
    write_rows(root, server, rows(22), rows(2, first=22))
    done, _ = download(project_copy, root, "--folder", root / RAW / "test.csv" / "images")
    assert done.exit_code == 2
    assert "cannot be used as a folder (Not a directory)" in done.output
    assert not server.requests


def test_a_challenge_without_links(project_copy):
    done, _ = project_copy.invoke("images", "download", "echoes")
    assert done.exit_code == 2
    assert "echoes downloads no images; those that do: amazon" in done.output


def test_a_wrong_rule_is_refused_before_anything_runs(project_copy, root):
    done, log = download(project_copy, root, "--rule", "per_hst=3")
    assert done.exit_code == 2 and "per_hst" in done.output
    assert not root.exists() and not log
