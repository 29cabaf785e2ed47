"""What the first bytes of a raw file tell: its header, or that it is another kind of file."""

from __future__ import annotations

from podium.common.errors import RawDataError

_BINARY = {
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
}
UTF16 = (b"\xff\xfe", b"\xfe\xff")
BOM = b"\xef\xbb\xbf"


def read_header(block: bytes, name: str) -> str:
    """The first line of a CSV file as text.

    Args:
        block: The first bytes of the file; the line ends within them.
        name: Of the file, for messages.

    Raises:
        RawDataError: an empty file, another kind of file, another encoding, other line ends.
    """
    if not block.strip(b"\x00 \t\r\n" + BOM):
        problem = "holds nothing but zeros" if b"\x00" in block else "is empty"
        raise RawDataError(f"the file {problem}; expected a header and data rows", file=name)
    for magic, kind in _BINARY.items():
        if block.startswith(magic):
            raise RawDataError(f"this is {kind}, not a CSV text file", file=name)
    if block.startswith(UTF16) or b"\x00" in block[:4]:
        raise RawDataError(
            "the text is UTF-16 or binary from byte 0 on; save the file as UTF-8", file=name
        )
    refuse_git_pointer(block, name)
    line = block.removeprefix(BOM).split(b"\n", 1)[0].rstrip(b"\r")
    if b"\r" in line:
        problem = "lines end with a lone carriage return; save the file with line feeds"
        raise RawDataError(problem, file=name)
    try:
        header = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RawDataError(
            f"byte {error.start} of the header (0x{line[error.start]:02x}) is not UTF-8 text; "
            "the file is binary, or in another encoding: save it as UTF-8",
            file=name,
        ) from error
    if any(character < " " and character != "\t" for character in header):
        raise RawDataError("the header holds control characters: a binary file", file=name)
    if not header.strip():
        raise RawDataError("the first line is blank; expected the header", file=name)
    return header


def refuse_git_pointer(block: bytes, file: str) -> None:
    """Refuse what Git LFS leaves where a file was not fetched.

    Raises:
        RawDataError: the first bytes are such a pointer.
    """
    if block.startswith(b"version https://git-lfs"):
        problem = "this is a pointer of Git LFS, not the file; fetch it with `git lfs pull`"
        raise RawDataError(problem, file=file)
