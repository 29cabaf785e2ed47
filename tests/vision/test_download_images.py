"""Every row gets its image or a marked placeholder, whatever the server does."""

import hashlib
import json
import re
import time

import pandas as pd
import pytest
from image_server import (
    ImageServer,
    answer,
    closed_port,
    gzipped,
    picture,
    quick_rules,
    redirect,
    status,
    truncated,
)
from PIL import Image

from podium.common.errors import PodiumError
from podium.vision.downloading.download import download_images
from podium.vision.downloading.tables import check_files, file_faults

LARGE = 200_000
LONG = 30.0


@pytest.fixture(scope="module")
def shared_server():
    with ImageServer() as made:
        yield made


@pytest.fixture
def server(shared_server):
    shared_server.scripts.clear()
    shared_server.requests.clear()
    shared_server.connections = shared_server.sent = 0
    return shared_server


def rows_of(*links):
    return pd.DataFrame({"sample_id": range(100, 100 + len(links)), "image_link": list(links)})


def download(folder, *links, **rules):
    return download_images(rows_of(*links), folder, quick_rules(**rules), progress=None)


def stalls(steps):
    return isinstance(steps, tuple) and LONG in steps


def test_images_lie_under_the_ids_of_their_rows(server, tmp_path):
    server.scripts |= {"b.png": [answer(picture(2, kind="PNG"))], "c": [answer(picture(3, 40))]}
    table = download(tmp_path, *map(server.url, ["a.jpg", "b.png", "c"]))
    assert list(table["sample_id"]) == [100, 101, 102]
    assert list(table["file"]) == ["100.jpg", "101.png", "102.jpg"]
    assert set(table["status"]) == {"downloaded"}
    assert list(table["width"]) == list(table["height"]) == [32, 32, 40]
    assert (tmp_path / "101.png").read_bytes() == picture(2, kind="PNG")
    assert (tmp_path / "failed_downloads.txt").read_text() == "sample_id\timage_link\treason\n"
    manifest = [json.loads(line) for line in (tmp_path / "manifest.jsonl").open()]
    assert [each["url"] for each in manifest] == [
        server.url(name) for name in ("a.jpg", "b.png", "c")
    ]
    assert manifest[1]["sha256"] == hashlib.sha256(picture(2, kind="PNG")).hexdigest()
    assert manifest[1]["bytes"] == table["bytes"][1] == len(picture(2, kind="PNG"))
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        [*table["file"], "manifest.jsonl", "failed_downloads.txt"]
    )
    check_files(table, tmp_path)


@pytest.mark.parametrize(
    ("script", "asked", "reason"),
    [
        ([status(403)], 1, "HTTP 403"),
        ([status(404)], 1, "HTTP 404"),
        ([status(204)], 1, "HTTP 204"),
        ([status(500)], 3, r"HTTP 500 \(tries: 3\)"),
        ([status(429)], 3, "HTTP 429"),
        ([("close",)], 3, "without sending"),
        ([(b"HTTP/1.1 2", "close")], 3, "Protocol"),
        ([(b"SSH-2.0-OpenSSH\r\n\r\n", "close")], 3, "Protocol"),
        ([(LONG, answer(picture()))], 3, "no answer in time"),
        ([(answer(picture())[:200], LONG, "close")], 3, "no answer in time"),
        ([truncated(picture())], 3, "Protocol"),
        ([answer(picture()[:-300])], 3, "truncated"),
        ([answer(b"<html>sorry</html>")], 1, "not an image"),
        ([answer(b"")], 1, "empty file"),
        ([answer(b"\xff\xd8\xff" + bytes(500))], 3, "no usable image"),
        ([answer(bytes(LARGE))], 1, "larger than 100,000 bytes"),
        ([(b"HTTP/1.1 200 OK\r\n\r\n", "endless")], 1, "larger than 100,000 bytes"),
        ([gzipped(bytes(LARGE * 100))], 1, "larger than 100,000 bytes"),
        ([answer(b"xx", headers="Content-Encoding: gzip\r\n")], 3, "cannot be undone"),
        ([answer(b"xx", headers="Content-Encoding: br\r\n")], 1, "'br', which was not asked for"),
        ([answer(picture(side=600, kind="PNG")[:60] + bytes(50))], 1, "bomb: 600 x 600"),
        ([redirect("x")], 6, "more than 5 redirects"),
        ([redirect("file:///etc/passwd")], 1, "redirect refused.*'file'"),
        ([redirect("http://u:p@127.0.0.1/")], 1, "redirect refused.*password"),
        ([status(302)], 1, "HTTP 302 without a location"),
    ],
)
def test_what_cannot_be_had_becomes_a_placeholder(server, tmp_path, script, asked, reason):
    server.scripts["x"] = script
    url = server.url("x")
    rules = {"tries": 3, "most_bytes": 100_000, "most_pixels": 90_000}
    rules |= {"read_seconds": 0.1} if stalls(script[0]) else {}
    table = download(tmp_path, url, **rules)
    row = table.loc[0]
    assert (row["status"], row["file"]) == ("placeholder", "100.png")
    assert re.search(reason, row["reason"]), row["reason"]
    assert server.asked("x") == asked
    with Image.open(tmp_path / "100.png") as image:
        assert image.size == (224, 224) == (row["width"], row["height"])
        assert image.getcolors() == [(224 * 224, (128, 128, 128))]
        assert "podium" in image.text["Placeholder"]
    failed = (tmp_path / "failed_downloads.txt").read_text().splitlines()
    assert failed[1:] == [f"100\t{url}\t{row['reason']}"]
    check_files(table, tmp_path)


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(503), status(429), ("close",), truncated(picture()), (LONG, b"")]
    + [answer(picture()[:-300])],
)
def test_what_mends_is_had_in_the_end(server, tmp_path, trouble):
    server.scripts["x"] = [trouble, trouble, answer(picture(7))]
    rules = {"read_seconds": 0.1, "tries": 9} if stalls(trouble) else {}
    table = download(tmp_path, server.url("x"), **rules)
    assert table.loc[0, "status"] == "downloaded"
    assert (tmp_path / "100.jpg").read_bytes() == picture(7)
    # On a busy machine the good answer may be late as well.
    assert server.asked("x") == 3 or (stalls(trouble) and server.asked("x") > 3)


def test_reading_stops_at_the_limit(server, tmp_path):
    server.scripts["x"] = [(b"HTTP/1.1 200 OK\r\n\r\n", "endless")]
    download(tmp_path, server.url("x"), most_bytes=100_000)
    time.sleep(0.1)
    assert server.sent < 20_000_000  # what fits the buffers in between


def test_a_body_that_drips_ends_with_the_time_of_the_whole(server, tmp_path):
    drip = [each for _ in range(100) for each in (b"x", 0.05)]
    server.scripts["x"] = [(b"HTTP/1.1 200 OK\r\n\r\n", *drip)]
    table = download(tmp_path, server.url("x"), tries=1, total_seconds=0.3)
    assert table.loc[0, "reason"].startswith("not finished after 0.3 s")


def test_a_compressed_image_is_unpacked(server, tmp_path):
    server.scripts["x"] = [gzipped(picture(4))]
    download(tmp_path, server.url("x"))
    assert (tmp_path / "100.jpg").read_bytes() == picture(4)


def test_a_redirect_is_followed(server, tmp_path):
    server.scripts |= {"x": [redirect("/y", 301)], "y": [redirect("z", 307)]}
    server.scripts["z"] = [answer(picture(5))]
    assert download(tmp_path, server.url("x")).loc[0, "status"] == "downloaded"
    assert (tmp_path / "100.jpg").read_bytes() == picture(5)


def test_a_turned_image_has_its_upright_size(server, tmp_path):
    import io

    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(stream, "JPEG", exif=exif)
    server.scripts["x"] = [answer(stream.getvalue())]
    row = download(tmp_path, server.url("x")).loc[0]
    assert (row["width"], row["height"]) == (20, 30)


def test_rows_without_a_usable_link(server, tmp_path):
    links = [None, "", "nonsense", "file:///etc/passwd", float("nan"), server.url("a")]
    table = download(tmp_path, *links)
    assert list(table["status"]) == ["placeholder"] * 5 + ["downloaded"]
    assert list(table["reason"][:2]) == ["no link"] * 2
    assert "'file'" in table["reason"][3]
    check_files(table, tmp_path)


def test_no_rows_at_all(tmp_path):
    table = download(tmp_path / "new")
    assert len(table) == 0 and list(table.columns)[:4] == [
        "sample_id",
        "image_link",
        "file",
        "status",
    ]
    check_files(table, tmp_path / "new")


@pytest.mark.parametrize("names", ["sample_id", "url"])
def test_the_same_link_is_asked_for_once(server, tmp_path, names):
    server.latency, url = 0.02, server.url("same")
    links = [url, server.url("other"), f" {url}#x ", url.replace("http", "HTTP"), url]
    table = download(tmp_path, *links, names=names)
    server.latency = 0.0
    assert server.asked("same") == 1 and len(server.requests) == 2
    assert set(table["status"]) == {"downloaded"}
    assert table["file"].nunique() == (5 if names == "sample_id" else 2)
    for row in table.itertuples():
        assert (tmp_path / row.file).stat().st_size == row.bytes
    check_files(table, tmp_path)


def test_a_failed_link_of_many_rows_fails_for_each(server, tmp_path):
    server.scripts["x"] = [status(404)]
    table = download(tmp_path, *[server.url("x")] * 3)
    assert server.asked("x") == 1
    assert len((tmp_path / "failed_downloads.txt").read_text().splitlines()) == 4
    assert table["file"].nunique() == 3


def test_ids_cannot_leave_the_folder(server, tmp_path):
    folder = tmp_path / "images"
    ids = ["../../x", str(tmp_path / "x"), "a\x00b", "x" * 5000, "..", "con/../../y", "ok-1"]
    links = [server.url(str(number)) for number in range(len(ids))]
    rows = pd.DataFrame({"sample_id": ids, "image_link": links})
    table = download_images(rows, folder, quick_rules(), progress=None)
    assert set(table["status"]) == {"downloaded"}
    assert list(tmp_path.iterdir()) == [folder]
    assert len(list(folder.iterdir())) == len(ids) + 2
    check_files(table, folder)


def test_a_link_in_the_folder_is_replaced_not_followed(server, tmp_path):
    outside = tmp_path / "precious"
    outside.write_text("mine")
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "100.jpg").symlink_to(outside)
    download(folder, server.url("a"))
    assert outside.read_text() == "mine"
    assert not (folder / "100.jpg").is_symlink()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"sample_id": [1]}, "no column image_link"),
        ({"sample_id": [1, 1], "image_link": ["a", "b"]}, "1 is given more than once"),
        ({"sample_id": ["1", 1], "image_link": ["a", "b"]}, "1 is given more than once"),
        ({"sample_id": [1, None], "image_link": ["a", "b"]}, "1 rows have no sample_id"),
    ],
)
def test_wrong_rows_are_refused(tmp_path, rows, message):
    with pytest.raises(PodiumError, match=message):
        download_images(pd.DataFrame(rows), tmp_path, progress=None)


def test_a_folder_that_cannot_be_written_to_ends_the_run(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PodiumError, match="cannot be used as a folder"):
        download(tmp_path / "file", server.url("a"))
    (tmp_path / "101.jpg").mkdir()  # in the way of the second image
    with pytest.raises(PodiumError, match=r"cannot write .*\(Is a directory\)"):
        download(tmp_path, *map(server.url, "abc"))
    assert not list(tmp_path.glob(".*"))


def test_a_link_of_very_many_rows_beside_many_links(server, tmp_path):
    links = [server.url("shared")] * 6_000 + [server.url(str(n)) for n in range(510)]
    table = download(tmp_path, *links, processes=1)
    assert set(table["status"]) == {"downloaded"}
    assert server.asked("shared") == 1
    check_files(table, tmp_path)


def test_only_some_large_bodies_are_held_at_once(server, monkeypatch):
    import asyncio

    from podium.vision.downloading import fetch
    from podium.vision.downloading.connections import KeptConnections
    from podium.vision.downloading.links import parse_link

    monkeypatch.setattr(fetch, "_LARGE_BYTES", 100)
    monkeypatch.setattr(fetch, "_LARGE_AT_ONCE", 1)

    async def read(fetcher, name):
        async with fetcher.fetch(parse_link(server.url(name)), lambda: None) as content:
            return len(content)

    async def both():
        transport = KeptConnections(private_addresses=True)
        fetcher = fetch.Fetcher(quick_rules(), transport)
        async with fetcher.fetch(parse_link(server.url("a")), lambda: None):
            second = asyncio.create_task(read(fetcher, "b"))
            await asyncio.sleep(0.2)
            held_up = not second.done()
        size = await second
        await transport.aclose()
        return held_up, size

    assert asyncio.run(both()) == (True, len(picture(sum(b"/b"))))


def test_a_host_out_of_reach_is_given_up_and_the_others_go_on(server, tmp_path, caplog):
    with closed_port() as port:
        dead = [f"http://127.0.0.1:{port}/{number}" for number in range(40)]
        alive = [server.url(str(number)) for number in range(40)]
        links = [each for pair in zip(dead, alive, strict=True) for each in pair]
        table = download(tmp_path, *links)
    assert list(table["status"]) == ["placeholder", "downloaded"] * 40
    assert table["reason"][::2].str.startswith("host cannot be reached").all()
    said = [each for each in caplog.messages if "become placeholders" in each]
    assert len(said) == 1 and f"http://127.0.0.1:{port}: host cannot be reached" in said[0]


def test_without_a_network_the_run_ends_in_seconds(tmp_path, caplog, monkeypatch):
    import socket

    def fail(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr("podium.vision.downloading.addresses.socket.getaddrinfo", fail)
    links = [f"http://host{number % 500}.example/{number}" for number in range(2000)]
    table = download(tmp_path, *links, concurrency=8, dead_hosts=20)
    assert set(table["status"]) == {"placeholder"}
    assert (table["reason"] == "no network: no host can be reached").sum() > 1000
    assert any("no network" in each for each in caplog.messages)
    assert sum("become placeholders" in each for each in caplog.messages) < 40


def test_dead_hosts_do_not_mean_no_network_where_one_answers(server, tmp_path):
    with closed_port() as port:
        dead = [f"http://127.0.{number}.1:{port}/x" for number in range(9)]
        table = download(tmp_path, *dead, server.url("a"), concurrency=1, dead_hosts=10)
    assert list(table["status"]) == ["placeholder"] * 9 + ["downloaded"]


def test_rows_and_files_are_held_against_each_other(server, tmp_path):
    table = download(tmp_path, *map(server.url, "abcd"))
    assert file_faults(table, tmp_path) == []
    (tmp_path / "100.jpg").unlink()
    (tmp_path / "101.jpg").write_bytes(b"half")
    (tmp_path / "999.png").touch()
    double = pd.concat([table, table.loc[[3]]])
    assert file_faults(double, tmp_path) == [
        "1 rows have no file (100.jpg)",
        "1 files have another size than noted (101.jpg)",
        "1 samples are given more than once (103)",
        "1 files belong to no row (999.png)",
    ]
    assert len(file_faults(table, tmp_path, strays=False)) == 2
    with pytest.raises(PodiumError, match="do not match: 1 rows have no file"):
        check_files(table, tmp_path)


def test_it_runs_inside_a_running_event_loop(server, tmp_path):
    import asyncio

    async def notebook():
        return download(tmp_path, server.url("a"))

    assert asyncio.run(notebook()).loc[0, "status"] == "downloaded"


def test_the_bar_counts_every_link(server, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    download_images(rows_of(*map(server.url, "abc")), tmp_path, quick_rules(), progress="Pictures")
    assert "3/3" in capfd.readouterr().err
