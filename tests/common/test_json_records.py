"""Records are found in any layout of the file, and what is no such file is refused clearly."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from podium.common.errors import RawDataError
from podium.common.json_records import open_raw_json, read_records, shorten_lists
from podium.common.raw_contract import RawFile
from podium.common.stream_window import LONGEST_RECORD

RECORDS = [
    {"id": "a", "values": [0.5, -1.25e-3]},
    {"id": 'brace } and " quote', "values": [1, 2]},
    {"id": 3, "values": [], "more": {"within": {"x": "}"}}},
    {"id": "Łódź", "values": None},
]
LAYOUTS = {
    "list": json.dumps(RECORDS),
    "compact": json.dumps(RECORDS, separators=(",", ":")),
    "pretty": json.dumps(RECORDS, indent=4),
    "one per line": "\n".join(map(json.dumps, RECORDS)),
    "one per line, CRLF, blank lines": "\r\n\r\n".join(map(json.dumps, RECORDS)) + "\r\n",
    "one after the other, pretty": "\n".join(json.dumps(each, indent=1) for each in RECORDS),
    "spaces around": "\n\t [ " + " ,\n".join(map(json.dumps, RECORDS)) + " ]\n\n",
}


def write(folder: Path, content: bytes, name: str = "rows.json") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def read(path: Path) -> list[dict[str, object]]:
    return [record.values for record in read_records(path, "rows.json")]


def refused(folder: Path, content: bytes) -> RawDataError:
    with pytest.raises(RawDataError) as caught:
        read(write(folder, content))
    assert caught.value.file == "rows.json"
    return caught.value


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_layout_gives_the_same_records(tmp_path, text, mark, pack):
    path = write(tmp_path, pack(mark + text.encode()))
    assert read(path) == RECORDS
    assert [record.row for record in read_records(path, "x")] == [1, 2, 3, 4]


@pytest.mark.parametrize("text", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
def test_where_a_block_ends_does_not_matter(tmp_path, monkeypatch, text, block):
    monkeypatch.setattr("podium.common.stream_window.BLOCK", block)
    assert read(write(tmp_path, text.encode())) == RECORDS


@pytest.mark.parametrize("layout", ["list", "one per line"])
def test_content_is_the_text_of_the_record(tmp_path, layout):
    found = [
        record.content for record in read_records(write(tmp_path, LAYOUTS[layout].encode()), "")
    ]
    assert [json.loads(content) for content in found] == RECORDS


@pytest.mark.parametrize("layout", ["[%s]", "%s\n%s\n"])
def test_numbers_beyond_json_are_parsed_and_marked(tmp_path, layout):
    odd = '{"x": [NaN, Infinity, 1e999, %s]}' % ("9" * 400)
    text = layout % ((odd,) if layout.count("%s") == 1 else ('{"x": []}', odd))
    record = list(read_records(write(tmp_path, text.encode()), "x"))[-1]
    assert record.lenient
    assert record.values["x"][1:3] == [float("inf"), float("inf")]
    assert record.values["x"][3] == int("9" * 400)


def test_a_faulty_line_costs_one_record(tmp_path):
    lines = [b'{"id": 1}', b'{"id": 2', b"[3]", b'{"id": "\xff"}', b'{"id": 5}']
    records = list(read_records(write(tmp_path, b"\n".join(lines)), "x"))
    assert [record.fault is None for record in records] == [True, False, False, False, True]
    assert [record.row for record in records] == [1, 2, 3, 4, 5]
    assert [record.content for record in records] == lines


LIST = json.dumps(RECORDS).encode()


@pytest.mark.parametrize(
    ("content", "row", "says"),
    [
        (b"", None, "empty"),
        (b" \n\n ", None, "empty"),
        (b"\xef\xbb\xbf", None, "empty"),
        (b"[]", None, "list is empty"),
        (b" [ \n ] ", None, "list is empty"),
        (b"[", 1, "cut short"),
        (LIST[:-1], 5, "cut short"),
        (LIST[:-2], 4, "cut short"),
        (LIST[:30], 1, "cut short"),
        (LIST[: LIST.index(b", {") + 1], 2, "cut short"),
        (b'{"id": 1}\n{"id": 2}\n{"id": ', 3, "cut short"),
        (LIST + b"x", None, "follows the end"),
        (LIST + LIST, None, "follows the end"),
        (b"[1, 2]", 1, "expected an object"),
        (b'[{"id": 1}, null]', 2, "expected an object"),
        (b'[{"id": 1},]', 2, "expected an object"),
        (b'[{"id": 1} {"id": 2}]', 1, "expected ','"),
        (b'[{"id": 1}, {"id": 1,, }]', 2, "no JSON object"),
        (b'[{"id": "\xe9t\xe9"}]', 1, "no JSON object"),
        (b'{"id": 1} trailing', None, None),
        (b"id,label\n1,0\n", None, "begins with 'id,label"),
        (b"PK\x03\x04 zip", None, "no JSON file"),
        (b"\x00" * 100, None, "no JSON file"),
        (bytes(range(256)) * 20, None, "no JSON file"),
        (LIST.decode().encode("utf-16"), None, "UTF-16"),
        (LIST.decode().encode("utf-16-le"), None, "UTF-16"),
        (LIST.decode().encode("utf-16-be"), None, "UTF-16"),
        (gzip.compress(LIST)[:-12], None, "gzip"),
        (gzip.compress(LIST * 100)[:-12], None, None),
        (b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", 1, "no JSON object"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused(tmp_path, content, row, says):
    error = refused(tmp_path, content)
    assert row is None or error.row == row
    assert says is None or says in str(error)
    assert len(str(error)) < 400


def test_a_missing_file_is_named_unless_it_is_optional(tmp_path):
    with pytest.raises(RawDataError, match=r"rows\.json: the file is missing"):
        open_raw_json(tmp_path / "rows.json", RawFile("rows.json", ()))
    assert open_raw_json(tmp_path / "rows.json", RawFile("rows.json", (), required=False)) is None


def test_a_compressed_file_is_found_by_its_plain_name(tmp_path):
    write(tmp_path, gzip.compress(LIST), "rows.json.gz")
    raw = open_raw_json(tmp_path / "rows.json", RawFile("rows.json", ()))
    assert [record.values for record in raw] == RECORDS
    assert raw.file == "rows.json"


GARBAGE = {
    "an open list of lists": (b"[", b"["),
    "an open object": (b'[{"a":', b"1, "),
    "a text without end": (b'[{"a": "', b"x"),
    "braces": (b"[", b"{"),
    "one line": (b'{"a": [', b"1234567,"),
    "zeros": (b"", b"\x00"),
}


@pytest.mark.parametrize(("start", "rest"), GARBAGE.values(), ids=GARBAGE)
def test_a_gigabyte_of_garbage_ends_in_an_error_without_filling_the_memory(tmp_path, start, rest):
    """Compressed, so that the test writes a megabyte; the reader sees what it unpacks."""
    path = tmp_path / "rows.json"
    block = gzip.compress(rest * ((1 << 20) // len(rest)), 1)
    path.write_bytes(gzip.compress(start) + block * 1024)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from podium.common.errors import RawDataError\n"
        "from podium.common.json_records import read_records\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    print(sum(1 for _ in read_records(Path(sys.argv[1]), 'rows.json')))\n"
        "except RawDataError as error:\n"
        "    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True, text=True, check=True, timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )  # fmt: skip
    message, kilobytes = done.stdout.splitlines()
    assert message.startswith("rows.json")
    assert int(kilobytes) * 1024 < 16 * LONGEST_RECORD


def test_long_lists_are_cut_for_people():
    values = {"id": 1, "x": [1, 2, 3, 4], "y": list(range(9))}
    assert shorten_lists(values) == {
        "id": 1,
        "x": [1, 2, 3, 4],
        "y": "[0, 1, 2, 3, ... 9 in all]",
    }
