"""Errors whose message is meant for the person at the keyboard."""


class PodiumError(Exception):
    """A fault that the user can mend; shown without a traceback."""


class RawDataError(PodiumError):
    """A raw file that cannot be used; the message names file, column and row."""

    def __init__(
        self, problem: str, *, file: str, column: str | None = None, row: int | None = None
    ) -> None:
        """Build the message.

        Args:
            problem: What is wrong and, where it helps, what was expected.
            file: Name of the raw file.
            column: Name of the column, where one is to blame.
            row: Number of the data row, 1 being the first below the header.
        """
        self.file, self.column, self.row = file, column, row
        place = file
        if column is not None:
            place += f", column {column!r}"
        if row is not None:
            place += f", row {row}"
        super().__init__(f"{place}: {problem}")
