"""What is read does not depend on the process that reads ahead; it does read, and it ends."""

import gzip
import json
import logging
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from podium.common.errors import RawDataError
from podium.common.json_records import RawRecords
from podium.fusion import helper_process, read_ahead
from podium.fusion.embedding_contract import EmbeddingContract
from podium.fusion.embedding_records import collect_embeddings
from podium.fusion.read_ahead import ReadAhead
from podium.fusion.stripe_reader import Order, StripeParser, read_stripe

LENGTH = 4
CONTRACT = EmbeddingContract(LENGTH, labelled=True)
LAYOUTS = {"list": b",\n", "lines": b"\n", "stream": b" "}
VECTORS = b'"image_embedding": [1, 2, 3, 4], "text_embedding": [5, 6, 7, 8]}'
ODD = [
    b'{"id": "b", "label": 1, ' + VECTORS.replace(b", 8", b""),
    b'{"id": "c", "label": 1, ' + VECTORS.replace(b"4", b"4e39"),
    b'{"id": "d", "label": 1, ' + VECTORS.replace(b"5", b"NaN"),
    b'{"id": "{e}, {", "label": 1, ' + VECTORS,
    # A good record within one that is not.
    b'{"id": "e", "label": 1, "more": {"id": "g", "label": 1, ' + VECTORS + b"}",
    b'{"id": "f", "more": {"a": {}}, "label": 0}',
    b"{}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def small_stripes(monkeypatch):
    """So that a helper reads small files."""
    monkeypatch.setattr(read_ahead, "STRIPE", 1000)
    monkeypatch.setattr(read_ahead, "HEAD_START", 500)
    monkeypatch.setattr(read_ahead, "SLOTS", 2)
    monkeypatch.setattr("podium.common.stream_window.BLOCK", 700)


@pytest.fixture
def taken(monkeypatch):
    """The number of rows of each stretch that was taken from a helper."""
    found = []
    rows_at = ReadAhead.rows_at

    def spy(self, position, layout):
        stretch = rows_at(self, position, layout)
        if stretch is not None:
            found.append(stretch.number)
        return stretch

    monkeypatch.setattr(ReadAhead, "rows_at", spy)
    return found


def record(at, rng):
    numbers = np.round(rng.normal(size=(2, LENGTH)), 4).tolist()
    values = {"id": f"id{at}", "label": at % 2}
    return json.dumps(
        values | {"image_embedding": numbers[0], "text_embedding": numbers[1]}
    ).encode()


def good_rows(count=100):
    rng = np.random.default_rng(0)
    return [record(at, rng) for at in range(count)]


def write(folder, rows, layout="list"):
    content = LAYOUTS[layout].join(rows)
    path = folder / "rows.json"
    path.write_bytes(b"[" + content + b"]" if layout == "list" else content)
    return RawRecords(path, path.name)


def outcome(raw, processes):
    try:
        found = collect_embeddings(raw, raw.file, CONTRACT, processes)
    except RawDataError as error:
        return str(error)
    vectors = found.table.pairs.image.tobytes(), found.table.pairs.text.tobytes()
    return found.rows, found.faults, found.table.rows.to_dict("list"), vectors


@pytest.mark.parametrize("layout", LAYOUTS)
def test_two_processes_read_what_one_reads(tmp_path, layout, taken):
    raw = write(tmp_path, good_rows(), layout)
    alone = outcome(raw, 1)
    assert alone[0] == 100 and not taken
    assert outcome(raw, 2) == alone
    # Half of the file, less the head start.
    assert 35 < sum(taken) < 65


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("stripe", [64, 150, 333, 1000])
def test_odd_rows_anywhere_are_judged_alike(tmp_path, layout, stripe, taken, monkeypatch):
    monkeypatch.setattr(read_ahead, "STRIPE", stripe)
    rows = good_rows(120)
    draw = random.Random(stripe)
    for at in range(3, 120, 4):
        rows[at] = draw.choice(ODD)
    raw = write(tmp_path, rows, layout)
    assert outcome(raw, 2) == outcome(raw, 1)
    assert taken


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_fault_behind_the_helpers_rows_is_told_with_its_row(tmp_path, layout, taken):
    rows = good_rows()
    raw = write(tmp_path, rows, layout)
    whole = raw.path.read_bytes()
    for content in (
        whole[: whole.index(rows[80]) + 50],
        whole.replace(b'"id": "id80"', b'"id": id80'),
    ):
        raw.path.write_bytes(content)
        assert outcome(raw, 2) == outcome(raw, 1)
        assert taken
        taken.clear()


def test_rows_of_a_stripe_that_do_not_follow_the_layout_are_not_taken(tmp_path, taken):
    rows = good_rows()
    raw = write(tmp_path, rows)
    raw.path.write_bytes(raw.path.read_bytes().replace(b",\n" + rows[60], b"\n" + rows[60]))
    told = outcome(raw, 2)
    assert told == outcome(raw, 1)
    assert "row 60: expected ',' or ']'" in told
    assert taken


def test_compressed_and_small_files_are_read_by_one_process(tmp_path, taken, monkeypatch):
    raw = write(tmp_path, good_rows())
    whole = raw.path.read_bytes()
    alone = outcome(raw, 1)
    monkeypatch.setattr(read_ahead, "HelperProcess", pytest.fail)
    raw.path.write_bytes(gzip.compress(whole))
    assert outcome(raw, 2) == alone
    raw.path.write_bytes(whole)
    monkeypatch.setattr(read_ahead, "HEAD_START", len(whole) // 2 + 1)
    assert outcome(raw, 2) == alone
    assert not taken


def helpers():
    return [each for each in psutil.Process().children() if "stripe_reader" in str(each.cmdline())]


def test_the_helper_ends_with_the_reading(tmp_path, taken, monkeypatch):
    running = []
    ask = helper_process.HelperProcess.ask
    monkeypatch.setattr(
        helper_process.HelperProcess,
        "ask",
        lambda self, begin: (running.append(len(helpers())), ask(self, begin)),
    )
    for rows in (good_rows(), [*good_rows(60), b"[]"]):
        outcome(write(tmp_path, rows), 2)
        assert taken
        assert set(running) == {1}
        assert not helpers()
        taken.clear()


def test_one_process_goes_on_where_the_helper_dies(tmp_path, taken, monkeypatch, caplog):
    raw = write(tmp_path, good_rows(200))
    answer = helper_process.HelperProcess.answer

    def dies_after_three(self):
        if len(taken) == 3:
            for each in helpers():
                each.kill()
                each.wait()
            # What it had answered before may still be read.
            self._answers.read()
        return answer(self)

    monkeypatch.setattr(helper_process.HelperProcess, "answer", dies_after_three)
    with caplog.at_level(logging.WARNING):
        found = outcome(raw, 2)
    assert found == outcome(raw, 1)
    assert len(taken) == 3
    assert "one process alone reads rows.json" in caplog.text


def test_one_process_reads_where_the_helper_cannot_start(tmp_path, taken, monkeypatch, caplog):
    raw = write(tmp_path, good_rows())
    alone = outcome(raw, 1)
    for command in ("raise SystemExit", "print('[1'"):
        monkeypatch.setattr(helper_process, "_COMMAND", command)
        assert outcome(raw, 2) == alone
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    with caplog.at_level(logging.WARNING):
        assert outcome(raw, 2) == alone
    assert "one process alone" in caplog.text
    assert not taken


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_stripe_may_begin_anywhere(tmp_path, layout):
    """Its rows are those that the file has from the first brace on, if a record begins there."""
    rows = good_rows(12)
    rows[4], rows[8] = ODD[0], ODD[3]
    raw = write(tmp_path, rows, layout)
    content = raw.path.read_bytes()
    begins = [content.index(row) for row in rows]
    order = Order(str(raw.path), layout, LENGTH, True, stripe=800, slots=1, slot_rows=5)
    parser, slot = StripeParser(CONTRACT), memoryview(bytearray(order.slot_bytes))
    with raw.path.open("rb") as stream:
        for begin in range(len(content)):
            found = read_stripe(stream, begin, order, parser, slot)
            if found.begin not in begins or not found.ids:
                continue
            first = begins.index(found.begin)
            count = len(found.ids)
            parsed = [json.loads(row) for row in rows[first : first + count]]
            assert found.ids == [row["id"] for row in parsed]
            assert found.labels == [row["label"] for row in parsed]
            ends = [begins[first + at] + len(rows[first + at]) for at in range(count)]
            assert found.end == ends[-1]
            assert count <= 5 and all(end < begin + 800 for end in ends[:-1])
            numbers = np.frombuffer(slot, count=2 * LENGTH * count).reshape(count, 2, LENGTH)
            told = [[row["image_embedding"], row["text_embedding"]] for row in parsed]
            np.testing.assert_array_equal(numbers, told)
    middle = read_stripe(raw.path.open("rb"), begins[2] - 1, order, parser, slot)
    assert middle.ids == ["id2", "id3"]


def test_what_a_stripe_reader_imports_is_light():
    """A process that loads numpy or pandas starts when the file is read."""
    script = "import sys, podium.fusion.stripe_reader; print('numpy' in sys.modules)"
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert done.stdout.strip() == "False"
