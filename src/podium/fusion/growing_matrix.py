"""A matrix that is filled row by row without knowing how many there will be."""

from __future__ import annotations

import numpy as np

_FIRST_ROWS = 1024
_MOST_RESERVED = 1024**3


class GrowingMatrix:
    """float32 rows of one length; grows by an eighth, so that little lies idle.

    Growing reallocates in place: on Linux large blocks are moved by their page table, not copied,
    so that the peak stays near the size of the matrix. Memory that is reserved and never filled
    costs nothing there, and filling it takes half as long as growing.
    """

    def __init__(self, width: int, most_rows: int = 0) -> None:
        """Begin without rows.

        Args:
            width: Numbers in a row.
            most_rows: How many rows there may be, for which memory is reserved (up to 1 GiB); 0
                where nothing is known. More may be appended.
        """
        self._width = width
        self._rows = 0
        reserved = min(most_rows, _MOST_RESERVED // (4 * max(1, width)))
        self._flat = np.empty(max(_FIRST_ROWS, reserved) * width, dtype=np.float32)

    def append(self, row: np.ndarray) -> None:
        """Copy one row of `width` numbers, each rounded to float32."""
        start = self._rows * self._width
        if start == len(self._flat):
            self._grow(1)
        self._flat[start : start + self._width] = row
        self._rows += 1

    def extend(self, rows: np.ndarray) -> None:
        """Copy rows of `width` numbers, each rounded to float32; shape (n, width)."""
        start, end = self._rows * self._width, (self._rows + len(rows)) * self._width
        if end > len(self._flat):
            self._grow(len(rows))
        self._flat[start:end].reshape(rows.shape)[:] = rows
        self._rows += len(rows)

    def _grow(self, rows: int) -> None:
        more = max(_FIRST_ROWS, self._rows // 8, rows)
        # refcheck: no view of the memory is ever handed out before `finish`.
        self._flat.resize((self._rows + more) * self._width, refcheck=False)

    def finish(self) -> np.ndarray:
        """The rows, shape (n, width); nothing may be appended afterwards."""
        self._flat.resize(self._rows * self._width, refcheck=False)
        return self._flat.reshape(self._rows, self._width)
