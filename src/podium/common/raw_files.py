"""Raw CSV files as Ibis tables of text, one row per record, nothing lost.

Reading is split from judging. A raw table has every record of the file, the faulty ones too:
its number, its text, what is wrong with its shape, and the text of each expected column. What
the text means is decided by the caller with `podium.common.raw_values`.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from podium.common.errors import RawDataError
from podium.common.raw_contract import RawFile, demand_raw_file, missing_file
from podium.common.raw_lines import (
    RECORDS_SCHEMA,
    SEPARATOR,
    Reading,
    Scan,
    read_records,
    scan_file,
)

if TYPE_CHECKING:
    import ibis


BLANK = "blank line"
"""The fault of a line without any text: dropped, not quarantined."""
_LONGEST_LINE = 2 * 1024 * 1024
_RESERVED = ("row", "content", "fault")
_FIELD = '("(?:[^"]|"")*"|[^",][^,]*|),'


@dataclass(frozen=True)
class RawTable:
    """A raw file, open.

    Attributes:
        file: Name of the file, for messages and reports.
        table: One row per record: `row` int64 (1 is the first data row), `content` (the whole
            record), `fault` (null where the number of fields is right), and each column of the
            contract as text, null where empty. Lazy: scanning it reads the file.
        rows: Number of records, counted apart from `table`.
        header: The names in the file, as they stand there.
        positions: Where in the file each column of the contract stands, from 0.
        extra_columns: Names in the file that the contract does not ask for; they are ignored.
        ends_whole: False where the last line has no line break, so that it may be cut short.
    """

    file: str
    table: ibis.Table
    rows: int
    header: tuple[str, ...]
    positions: dict[str, int] = field(default_factory=dict)
    extra_columns: tuple[str, ...] = ()
    ends_whole: bool = True

    def value(self, content: str, column: str) -> str:
        """Take the text of one column out of the content of a record, for messages."""
        fields = next(csv.reader([content]), [])
        position = self.positions[column]
        return fields[position] if position < len(fields) else ""


def open_raw_csv(path: Path, spec: RawFile, connection: Any) -> RawTable:
    """Open a raw CSV file as a lazy table of text.

    Order and case of the columns are free. The file is read once here, to check its encoding
    and count its records (about a second per GB), and again by every scan of the table.

    Args:
        path: The file; `path` with `.gz` added is tried too.
        spec: The columns that must be there.
        connection: An Ibis DuckDB connection; it must live as long as the table.

    Returns:
        The open file. Memory: a plain file is streamed; the records of a file with quotes or
        faulty bytes go to a temporary table of the connection, under its memory limit.

    Raises:
        RawDataError: missing or empty file, see also `demand_raw_file`; only a header, binary
            data, wrong encoding, a column that is missing or there twice.
    """
    found = demand_raw_file(path, spec)
    if found is None:
        raise missing_file(path, spec)
    scan = scan_file(found)
    header = _split_header(scan.header, spec.name)
    positions = _positions(header, spec)
    if scan.lines <= 0:
        raise RawDataError("the file has a header but no data rows", file=spec.name)
    if scan.plain:
        source, rows = _plain_source(found, scan), scan.lines
    else:
        source, rows = _careful_source(found, spec, connection)
    query = _fields_query(source, scan.quoted, len(header), positions)
    wanted = set(positions.values())
    return RawTable(
        file=spec.name,
        table=connection.sql(query, schema=_schema(spec)),
        rows=rows,
        header=header,
        positions=positions,
        extra_columns=tuple(name for at, name in enumerate(header) if at not in wanted),
        ends_whole=scan.ends_whole,
    )


def _schema(spec: RawFile) -> ibis.Schema:
    import ibis

    types = {"row": "int64", "content": "string", "fault": "string"}
    return ibis.schema(types | dict.fromkeys(spec.columns, "string"))


def _split_header(line: str, file: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise RawDataError(f"the header cannot be read ({error})", file=file) from error
    return tuple(name.strip() for name in names)


def _positions(header: tuple[str, ...], spec: RawFile) -> dict[str, int]:
    """Where each column stands; upper case and spaces around a name do not matter."""
    names = [name.casefold() for name in header]
    present = ", ".join(repr(name) for name in header)
    counts = Counter(names)
    for column in spec.columns:
        if column in _RESERVED:
            raise ValueError(f"{column!r} cannot be the name of a raw column")
        if counts[column] == 0:
            hint = ""
            if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
                hint = "; the file seems to be separated by something else than commas"
            raise RawDataError(
                f"the column is missing; the file has {present}{hint}",
                file=spec.name,
                column=column,
            )
        if counts[column] > 1:
            raise RawDataError(
                f"the column is there {counts[column]} times; the file has {present}",
                file=spec.name,
                column=column,
            )
    return {column: names.index(column) for column in spec.columns}


def _plain_source(path: Path, scan: Scan) -> str:
    """SQL that reads every line of a plain file as one text, with its number."""
    options = (
        "columns={'line': 'VARCHAR'}, auto_detect=false, header=false, skip=1, "
        f"delim='{SEPARATOR}', quote='', escape='', strict_mode=false, "
        f"compression='{'gzip' if scan.compressed else 'none'}', max_line_size={_LONGEST_LINE}"
    )
    return (
        "SELECT row_number() OVER () AS row, coalesce(line, '') AS content, "
        f"NULL::VARCHAR AS fault FROM read_csv({_quote(str(path))}, {options})"
    )


def _careful_source(path: Path, spec: RawFile, connection: Any) -> tuple[str, int]:
    """SQL over a temporary table of the records that the careful reader found."""
    import ibis

    reading = Reading()
    records = pa.RecordBatchReader.from_batches(RECORDS_SCHEMA, read_records(path, reading))
    name = ibis.util.gen_name("raw_records")
    connection.con.register(f"{name}_reader", records)
    try:
        connection.raw_sql(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_reader"')
    finally:
        connection.con.unregister(f"{name}_reader")
    _check_encoding(reading, spec)
    if reading.records == 0:
        raise RawDataError("the file has a header but no data rows", file=spec.name)
    return f'SELECT row, content, fault FROM "{name}"', reading.records


def _check_encoding(reading: Reading, spec: RawFile) -> None:
    """Refuse another encoding; a few damaged rows are left to the quarantine.

    In another encoding nearly every row beyond ASCII fails, in a damaged file few do.
    """
    many = reading.not_utf8 > 1 and reading.not_utf8 * 1000 > reading.records
    if many and reading.not_utf8 * 2 > reading.not_ascii and reading.first_not_utf8:
        row, offset = reading.first_not_utf8
        raise RawDataError(
            f"byte {offset} is not UTF-8 text, nor are {reading.not_utf8} of "
            f"{reading.not_ascii} rows beyond ASCII: the file is binary or in another encoding "
            "(Windows-1251?); save it as UTF-8",
            file=spec.name,
            row=row,
        )


def _fields_query(source: str, quoted: bool, width: int, positions: dict[str, int]) -> str:
    """SQL that splits the records into fields and says which have too few or too many."""
    split = "string_split(content, ',')"
    if quoted:
        found = f"regexp_extract_all(content || ',', {_quote(_FIELD)}, 1)"
        split = f"CASE WHEN contains(content, '\"') THEN {found} ELSE {split} END"
    columns = ", ".join(
        f"nullif({_unquoted(f'list_extract(fields, {at + 1})', quoted)}, '') AS \"{name}\""
        for name, at in positions.items()
    )
    words = "fields" if width != 1 else "field"
    # Whether a line is blank is asked only where its fields are too few: a trim of every row of a
    # large file costs as much as reading it.
    right = f"len(fields) = {width}"
    if width == 1:
        right += " AND trim(content, ' ' || chr(9) || chr(13)) <> ''"
    fault = (
        f"CASE WHEN fault IS NOT NULL THEN fault WHEN {right} THEN NULL "
        f"WHEN trim(content, ' ' || chr(9) || chr(13)) = '' THEN '{BLANK}' "
        "ELSE 'has ' || len(fields) || CASE WHEN len(fields) = 1 THEN ' field' ELSE ' fields' END"
        f" || ' instead of {width} {words}' END"
    )
    return (
        f"SELECT row, content, {fault} AS fault, {columns} FROM "
        f"(SELECT row, content, fault, {split} AS fields FROM ({source}))"
    )


def _unquoted(value: str, quoted: bool) -> str:
    if not quoted:
        return value
    inner = f"replace(substr({value}, 2, len({value}) - 2), '\"\"', '\"')"
    return f"CASE WHEN starts_with({value}, '\"') THEN {inner} ELSE {value} END"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
