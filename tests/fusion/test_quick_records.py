"""The short way gives what the careful one gives, on good records and on all others."""

import gzip
import json
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from podium.common.errors import RawDataError
from podium.common.json_records import RawRecords
from podium.fusion.embedding_records import EmbeddingContract, collect_embeddings
from podium.fusion.quick_records import BLOCK_ROWS
from podium.fusion.record_parser import RecordParser

LENGTH = 3
CONTRACT = EmbeddingContract(LENGTH, labelled=True)
GOOD = b'{"id": "a1", "label": 1, "image_embedding": [0.5, -2, 1e-3], "text_embedding": [1, 0, 3]}'


def outcome(records, contract=CONTRACT):
    """All that can be seen of the reading of a file."""
    try:
        found = collect_embeddings(records, "rows.json", contract)
    except RawDataError as error:
        return error.file, error.column, error.row, str(error)
    vectors = [found.table.pairs.image, found.table.pairs.text]
    return (
        found.rows,
        found.faults,
        found.extra_columns,
        found.table.rows.to_dict("list"),
        [(each.dtype, each.shape, each.tobytes()) for each in vectors],
        found.quarantine().to_dict("list"),
    )


def assert_alike(folder, content, contract=CONTRACT):
    path = folder / "rows.json"
    path.write_bytes(content)
    raw = RawRecords(path, path.name)
    # An iterator says nothing of its file, so that every record goes the careful way.
    assert outcome(raw, contract) == outcome(iter(raw), contract)


def taken(content, contract=CONTRACT):
    row = RecordParser(contract).parse(content)
    return row and (*row[:2], np.frombuffer(row[2]).tolist(), np.frombuffer(row[3]).tolist())


ROW = ("a1", 1, [0.5, -2.0, 0.001], [1.0, 0.0, 3.0])


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (GOOD, ROW),
        (GOOD.replace(b" ", b""), ROW),
        (GOOD.replace(b" ", b"\n\t  "), ROW),
        (json.dumps(dict(reversed(json.loads(GOOD).items()))).encode(), ROW),
        (GOOD.replace(b'"a1"', b"7"), ("7", *ROW[1:])),
        (GOOD.replace(b'"a1"', '"Łó\\u0064ź"'.encode()), ("Łódź", *ROW[1:])),
        (GOOD.replace(b": 1,", b": 1.0,"), ROW),
        (GOOD.replace(b"-2", b"-1e37"), (*ROW[:2], [0.5, -1e37, 0.001], ROW[3])),
    ],
)
def test_good_records_go_the_short_way_in_any_layout(content, row):
    assert taken(content) == row


def test_a_record_without_a_label_is_taken_where_none_is_asked_for():
    plain = GOOD.replace(b'"label": 1, ', b"")
    contract = EmbeddingContract(LENGTH, labelled=False)
    assert taken(plain, contract) == ("a1", -1, *ROW[2:])
    assert taken(plain) is None
    assert taken(GOOD, contract) is None


NUMBERS = [
    "[1, 2]", "[1, 2, 3, 4]", "[]", "null", '"1,2,3"', '{"0": 1}', "[[1, 2], 3]", "[[1], 2, 3]",
    "[[1, 2], [], 3]", "[[1, 2, 3]]", "[true, 2, 3]", "[1, false, 3]", "[1, null, 3]",
    '[1, "2", 3]', "[1, NaN, 3]", "[1, -Infinity, 3]", "[1, 1e39, 3]", "[1, 3.4028236e38, 3]",
    "[1, 1e200, 3]", "[1, 1e400, 3]", "[1, 1e-400, 3]", "[-0, -0.0, 3]", "[1, 2,]", "[1, 02, 3]",
    "[1, .5, 3]", "[1, 1., 3]", "[1, +1, 3]", "[18446744073709551615, 2, 3]",
    "[18446744073709551616, 2, 3]", "[-9223372036854775809, 2, 3]", f"[{'9' * 400}, 2, 3]",
    "[9007199254740993, 1.00000005960464477539062500001, 3]",
]  # fmt: skip
RECORDS = [
    GOOD,
    *(GOOD.replace(b"[1, 0, 3]", each.encode()) for each in NUMBERS),
    *(GOOD.replace(b"[0.5, -2, 1e-3]", each.encode()) for each in NUMBERS),
    *(
        GOOD.replace(b'"a1"', each)
        for each in (
            b'" "', b'""', b"1.5", b"true", b"null", b"[1]", b"{}", b'"}"', b'"[{"', b'"\\ud800"',
            b'"\xff"', b'"\xed\xa0\x80"', b'"\\u0000"', b'"\x01"', b'"u \\u00e9 \xc3\xa9"', b"-0",
            b"1e2", b"99999999999999999999", b'"\\x"',
        )
    ),
    *(
        GOOD.replace(b": 1,", b": " + each + b",")
        for each in (b"0", b"-0.0", b"1.0", b"0.5", b"2", b"-1", b"true", b'"1"', b"null", b"[0]")
    ),
    GOOD.replace(b"}", b', "id": "b2"}'),
    GOOD.replace(b"}", b', "label": 0}'),
    GOOD.replace(b"}", b', "more": {"x": [1, {}]}}'),
    GOOD.replace(b'"label": 1', b'"id": "b2"'),
    GOOD.replace(b'"id"', b'"\\u0069d"'),
    GOOD.replace(b'"id"', b'"id\\u0000"'),
    GOOD.replace(b"}", b""),
    GOOD + b"}",
    GOOD + b" x",
    b"\xef\xbb\xbf" + GOOD,
    b"[" + GOOD + b"]",
    b"{}",
    b"[[1], [2]]",
    b"null",
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_every_kind_of_record_is_judged_alike(tmp_path, record):
    for rows in ([GOOD, record, GOOD, GOOD], [record, record, GOOD]):
        for content in (b"[" + b", ".join(rows) + b"]", b"\n".join(rows), b" ".join(rows)):
            assert_alike(tmp_path, content)
            assert_alike(tmp_path, b"\xef\xbb\xbf" + content)
    assert_alike(tmp_path, gzip.compress(content))
    assert_alike(tmp_path, content[: len(content) // 2])


def test_the_parser_is_free_again_after_a_fault():
    parser = RecordParser(CONTRACT)
    for record in RECORDS:
        parser.parse(record)
        assert parser.parse(GOOD) is not None


def test_one_number_beyond_float32_costs_one_row_of_a_block(tmp_path):
    large = GOOD.replace(b"-2", b"-3.5e38")
    rows = [GOOD] * (BLOCK_ROWS - 2) + [large] + [GOOD] * BLOCK_ROWS
    assert_alike(tmp_path, b"[" + b",".join(rows) + b"]")
    raw = RawRecords(tmp_path / "rows.json", "rows.json")
    found = collect_embeddings(raw, raw.file, CONTRACT)
    assert [fault.row for fault in found.faults] == [BLOCK_ROWS - 1]


def test_numbers_beyond_float32_raise_no_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_alike(tmp_path, b"\n".join([GOOD, GOOD.replace(b"-2", b"1e308"), GOOD, GOOD]))


def test_a_file_that_vanished_is_named(tmp_path):
    raw = RawRecords(tmp_path / "rows.json", "rows.json")
    with pytest.raises(RawDataError, match=r"rows\.json: cannot be read"):
        collect_embeddings(raw, raw.file, CONTRACT)


@pytest.mark.parametrize("rows", [1, 1023, 1024, 1025, 3000])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_any_number_of_rows(tmp_path, rows, pack):
    """Compressed, the file is smaller than its rows, so that the reserved memory has to grow."""
    made = [GOOD.replace(b"a1", b"%d" % at).replace(b"-2", b"%d" % at) for at in range(rows)]
    assert_alike(tmp_path, pack(b"[" + b",".join(made) + b"]"))


DECIMALS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
)
SCALARS = st.one_of(
    DECIMALS,
    DECIMALS,
    st.floats(width=32).map(repr),
    st.floats().map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["true", "null", '"1"', "[1]", "[]", "NaN", "Infinity", "1e400", "-0", "01"]),
)
VECTORS = st.lists(SCALARS, min_size=LENGTH - 1, max_size=LENGTH + 1).map(
    lambda numbers: f"[{', '.join(numbers)}]"
)
FIELDS = st.tuples(
    st.sampled_from(['"id"', '"label"', '"image_embedding"', '"text_embedding"', '"more"']),
    st.one_of(VECTORS, SCALARS, st.text(max_size=4).map(json.dumps), st.just('{"x": [1]}')),
)


def write_record(fields):
    return ("{" + ", ".join(f"{name}: {value}" for name, value in fields) + "}").encode(
        "utf-8", "surrogatepass"
    )


MIXED = st.one_of(
    st.just(GOOD),
    st.sampled_from(RECORDS),
    st.lists(FIELDS, max_size=6).map(write_record),
    st.tuples(st.lists(SCALARS, min_size=3, max_size=3), st.text(max_size=3)).map(
        lambda drawn: write_record(
            [
                ('"text_embedding"', f"[{','.join(drawn[0])}]"),
                ('"label"', "0"),
                ('"image_embedding"', f"[ {' , '.join(drawn[0])} ]"),
                ('"id"', json.dumps(drawn[1], ensure_ascii=False)),
            ]
        )
    ),
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(MIXED, min_size=1, max_size=6),
    good=st.integers(0, 6),
    layout=st.sampled_from(["list", "lines", "stream"]),
    cut=st.one_of(st.none(), st.integers(0, 400)),
    changed=st.one_of(st.none(), st.tuples(st.integers(0, 400), st.binary(max_size=2))),
)
@example(rows=[GOOD], good=0, layout="list", cut=None, changed=(60, b"["))
def test_both_ways_give_the_same(tmp_path, rows, good, layout, cut, changed):
    rows = [*rows, *[GOOD] * good]
    content = {"list": b",", "lines": b"\n", "stream": b" "}[layout].join(rows)
    content = b"[" + content + b"]" if layout == "list" else content
    if changed is not None:
        at, put = changed
        content = content[:at] + put + content[at + 1 :]
    assert_alike(tmp_path, content[:cut])


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(DECIMALS, min_size=2 * LENGTH, max_size=2 * LENGTH))
def test_numbers_are_rounded_alike(tmp_path, numbers):
    halves = [f"[{', '.join(half)}]" for half in (numbers[:LENGTH], numbers[LENGTH:])]
    record = write_record(
        [('"id"', "1"), ('"label"', "0"), ('"image_embedding"', halves[0]),
         ('"text_embedding"', halves[1])]
    )  # fmt: skip
    assert_alike(tmp_path, b"[" + b",".join([record, GOOD]) + b"]")
    values = np.array([float(number) for number in numbers[:LENGTH]])
    row = RecordParser(CONTRACT).parse(record)
    if row is not None:
        np.testing.assert_array_equal(np.frombuffer(row[2]), values)
