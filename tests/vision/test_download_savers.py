"""Decoding in processes of their own: the same files, and what happens when one dies."""

import asyncio
import os
import signal

import pandas as pd
import pytest
from image_server import ImageServer, answer, picture, quick_rules

from podium.common.errors import PodiumError
from podium.vision.downloading import savers
from podium.vision.downloading.download import download_images
from podium.vision.downloading.failures import Blame, FailedTry
from podium.vision.downloading.files import FolderError
from podium.vision.downloading.savers import ProcessSaver, ThreadSaver


def use(folder, work, processes=1):
    async def run():
        saver = ProcessSaver(folder, 10**6, processes) if processes else ThreadSaver(folder, 10**6)
        try:
            return await work(saver)
        finally:
            await saver.close()

    return asyncio.run(run())


def test_processes_and_threads_leave_the_same(tmp_path):
    with ImageServer() as server:
        server.scripts |= {"3": [answer(b"no image")], "4": [answer(picture(1)[:-200])]}
        links = [server.url(str(number)) for number in range(30)]
        rows = pd.DataFrame({"sample_id": range(30), "image_link": links})
        tables = []
        for processes in (0, 2):
            folder = tmp_path / str(processes)
            rules = quick_rules(processes=processes, tries=2)
            tables.append(download_images(rows, folder, rules, progress=None))
    pd.testing.assert_frame_equal(*(table.drop(columns="seconds") for table in tables))
    for name in [*tables[0]["file"], "manifest.jsonl"]:
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


@pytest.mark.parametrize("processes", [0, 1])
def test_faults_come_back_with_their_blame(tmp_path, processes):
    async def work(saver):
        found = []
        for content in (b"none", picture()[:-300], picture(side=1100)):
            with pytest.raises(FailedTry) as fault:
                await saver.save("u", ["a"], content)
            found.append(fault.value.blame)
        (tmp_path / "b.jpg").mkdir()
        with pytest.raises(FolderError, match="Is a directory"):
            await saver.save("u", ["b"], picture())
        record = await saver.save("u", ["c", "d"], picture())
        return found, record.files

    found, files = use(tmp_path, work, processes)
    assert found == [Blame.LINK, Blame.TRY, Blame.LINK]
    assert files == ("c.jpg", "d.jpg")


def test_a_process_that_dies_is_replaced(tmp_path):
    async def work(saver):
        await saver.save("u", ["first"], picture())
        victim = saver._helpers[0].result()._process.pid
        os.kill(victim, signal.SIGSTOP)
        waiting = [asyncio.create_task(saver.save("u", [str(n)], picture())) for n in range(3)]
        await asyncio.sleep(0.05)
        os.kill(victim, signal.SIGKILL)
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        await saver.save("u", ["last"], picture())
        return ended, victim, saver._helpers[0].result()._process.pid

    ended, victim, successor = use(tmp_path, work)
    assert all(isinstance(each, FailedTry) and each.blame is Blame.TRY for each in ended)
    assert victim != successor
    assert (tmp_path / "last.jpg").exists()


def test_a_process_that_cannot_start_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(savers, "_COMMAND", "raise SystemExit(7)")
    with pytest.raises(PodiumError, match=r"does not start \(code 7\)"):
        use(tmp_path, lambda saver: saver.save("u", ["a"], picture()))


def test_the_processes_end_with_the_run(tmp_path):
    async def work(saver):
        await asyncio.gather(*saver._helpers)
        await asyncio.gather(*(saver.save("u", [str(n)], picture()) for n in range(8)))
        return [helper.result()._process for helper in saver._helpers]

    processes = use(tmp_path, work, 2)
    assert len(processes) == 2
    assert all(process.returncode == 0 for process in processes)
