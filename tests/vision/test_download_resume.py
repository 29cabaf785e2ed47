"""A run that was stopped goes on; what is there is not fetched again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest
from image_server import ImageServer, answer, picture, quick_rules, status
from running import wait_for_end

from podium.common.errors import PodiumError
from podium.vision.downloading.download import download_images
from podium.vision.downloading.store import only_run
from podium.vision.downloading.tables import check_files

SOURCE = Path(__file__).parents[2] / "src"
SCRIPT = """
import sys
from pathlib import Path
import pandas as pd
from podium.vision.downloading.download import download_images
from podium.vision.downloading.rules import DownloadRules

rules = DownloadRules(private_addresses=True, per_host=4, processes=int(sys.argv[3]))
download_images(pd.read_csv(sys.argv[1]), Path(sys.argv[2]), rules, progress=None)
"""


@pytest.fixture
def server():
    with ImageServer() as made:
        yield made


def rows_of(links, first=0):
    return pd.DataFrame({"sample_id": range(first, first + len(links)), "image_link": links})


def download(folder, links, first=0, **rules):
    return download_images(rows_of(links, first), folder, quick_rules(**rules), progress=None)


def images(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".jpg"}


@pytest.mark.parametrize("processes", [0, 1])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_run_that_is_stopped_goes_on(server, tmp_path, how, processes):
    server.latency, folder, stopped = 0.02, tmp_path / "images", threading.Event()
    server.held_until = lambda: len(server.requests) <= 100 or stopped.is_set()
    links = [server.url(str(number)) for number in range(200)]
    rows_of(links).to_csv(tmp_path / "rows.csv", index=False)
    words = [sys.executable, "-c", SCRIPT, tmp_path / "rows.csv", folder, str(processes)]
    process = subprocess.Popen(
        list(map(str, words)),
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while len(list(folder.glob("*.jpg"))) < 40:
        assert process.poll() is None
        time.sleep(0.005)
    helpers = psutil.Process(process.pid).children(recursive=True)
    # Ctrl-C reaches all processes of the terminal, a kill only one.
    os.killpg(process.pid, how) if how == signal.SIGINT else process.kill()
    _, said = process.communicate(timeout=120)
    stopped.set()
    assert b"in main" not in said
    for helper in helpers:  # the process that decodes may be at its last image
        wait_for_end(helper.pid)

    found = images(folder)
    assert 40 <= len(found) < 200
    for name, content in found.items():
        assert content == picture(sum(f"/{name[:-4]}".encode()))
    known = {json.loads(line)["url"] for line in (folder / "manifest.jsonl").open()}
    assert len(found) - len(known) <= 8  # only what was just being written is forgotten
    server.requests.clear()
    table = download(folder, links)
    counts = table["status"].value_counts()
    assert counts["kept"] == len(known) and counts["downloaded"] == 200 - len(known)
    asked = [server.url(path[1:]) for _, path, _ in server.requests]
    assert set(asked) == set(links) - known
    assert not [each for each in folder.iterdir() if each.name.endswith(".part")]
    check_files(table, folder)


def test_the_end_is_the_same_with_and_without_a_stop(server, tmp_path):
    links = [server.url(str(number)) for number in range(30)]
    server.scripts |= {"3": [status(404)], "5": [answer(b"no image")]}
    whole = download(tmp_path / "whole", links)
    download(tmp_path / "parts", links[10:20], first=10)
    parts = download(tmp_path / "parts", links)
    same = ["sample_id", "image_link", "file", "reason", "bytes", "width", "height"]
    pd.testing.assert_frame_equal(whole[same], parts[same])
    for name in ("manifest.jsonl", "failed_downloads.txt", "0.jpg", "3.png"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_nothing_is_fetched_twice(server, tmp_path):
    links = [server.url(str(number)) for number in range(10)]
    first = download(tmp_path, links)
    second = download(tmp_path, links)
    assert len(server.requests) == 10
    assert set(second["status"]) == {"kept"} and not second["seconds"].any()
    pd.testing.assert_frame_equal(
        first.drop(columns=["status", "seconds"]), second.drop(columns=["status", "seconds"])
    )


@pytest.mark.parametrize(
    ("retry", "again"),
    [("never", []), ("temporary", ["500", "drop"]), ("always", ["404", "500", "drop", "page"])],
)
def test_which_failures_are_tried_again(server, tmp_path, retry, again):
    bad = {"404": status(404), "500": status(500), "drop": ("close",), "page": answer(b"<html>")}
    server.scripts |= {name: [script] for name, script in bad.items()}
    links = [server.url(name) for name in bad]
    assert set(download(tmp_path, links, tries=1)["status"]) == {"placeholder"}
    server.scripts.clear()
    server.requests.clear()
    table = download(tmp_path, links, retry_failed=retry)
    assert sorted(path[1:] for _, path, _ in server.requests) == again
    mended = table["image_link"].isin([server.url(name) for name in again])
    assert list(table["status"] == "downloaded") == list(mended)
    check_files(table, tmp_path)  # the placeholders of those are gone
    failed = (tmp_path / "failed_downloads.txt").read_text().splitlines()
    assert len(failed) == 1 + len(bad) - len(again)


@pytest.mark.parametrize("harm", ["missing", "short", "empty"])
def test_a_file_that_was_harmed_is_fetched_again(server, tmp_path, harm):
    links = [server.url(str(number)) for number in range(3)]
    download(tmp_path, links)
    victim = tmp_path / "1.jpg"
    whole = victim.read_bytes()
    victim.unlink() if harm == "missing" else victim.write_bytes(whole[:9] * (harm == "short"))
    table = download(tmp_path, links)
    assert list(table["status"]) == ["kept", "downloaded", "kept"]
    assert victim.read_bytes() == whole


@pytest.mark.parametrize(
    "line", [b'{"url": "http', b"null\n", b"[1, 2]\n", b'{"url": 1, "files": []}\n', b"\xff\xfe\n"]
)
def test_a_manifest_with_a_broken_line_loses_no_more_than_it(server, tmp_path, line):
    links = [server.url(str(number)) for number in range(3)]
    download(tmp_path, links[:2])
    with (tmp_path / "manifest.jsonl").open("ab") as stream:
        stream.write(line)
    assert list(download(tmp_path, links)["status"]) == ["kept", "kept", "downloaded"]
    assert len((tmp_path / "manifest.jsonl").read_text().splitlines()) == 3


def test_without_its_manifest_a_file_is_not_trusted(server, tmp_path):
    download(tmp_path, [server.url("a")])
    (tmp_path / "manifest.jsonl").unlink()
    assert download(tmp_path, [server.url("b")]).loc[0, "status"] == "downloaded"
    assert (tmp_path / "0.jpg").read_bytes() == picture(sum(b"/b"))


def test_a_row_with_another_link_gets_its_image(server, tmp_path):
    # Files of one size, so that only the manifest tells them apart.
    image = {name: picture(ord(name), kind="BMP") for name in "abc"}
    server.scripts |= {name: [answer(content)] for name, content in image.items()}
    a, b, c = (server.url(name) for name in "abc")

    def expect(links, statuses, names):
        table = download(tmp_path, links)
        assert list(table["status"]) == statuses
        assert [(tmp_path / file).read_bytes() for file in table["file"]] == [
            image[name] for name in names
        ]

    expect([a, b], ["downloaded", "downloaded"], "ab")
    expect([b, c], ["kept", "downloaded"], "bc")
    expect([a, c], ["downloaded", "kept"], "ac")


def test_a_second_table_into_the_same_folder_keeps_the_first(server, tmp_path):
    train = [server.url("a"), server.url("b")]
    first = download(tmp_path, train)
    second = download(tmp_path, [server.url("b"), server.url("c")], first=50)
    assert list(second["status"]) == ["kept", "downloaded"]
    assert server.asked("b") == 1
    check_files(pd.concat([first, second]), tmp_path)
    assert set(download(tmp_path, train)["status"]) == {"kept"}


def test_two_runs_in_one_folder_do_not_meet(server, tmp_path):
    with only_run(tmp_path), pytest.raises(PodiumError, match="another download"):
        download(tmp_path, [server.url("a")])
    download(tmp_path, [server.url("a")])
