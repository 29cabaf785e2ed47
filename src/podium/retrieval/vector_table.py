"""One vector for each image with its name, and its streamed way to a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from csv import reader
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from podium.retrieval.local_features import Floats

NAMES = ("ID", "image_name")
FEATURE = "feature_"
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class VectorTable:
    """The rows of a submission.

    Attributes:
        ids: (images,) int64.
        names: File name of each image.
        vectors: (images, dimensions) float32.
    """

    ids: NDArray[np.int64]
    names: Sequence[str]
    vectors: Floats

    def __len__(self) -> int:
        """Number of images."""
        return len(self.ids)

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        return [*NAMES, *(f"{FEATURE}{number}" for number in range(self.vectors.shape[1]))]

    def write_csv(self, path: Path) -> None:
        """Write the table, a block of rows at a time.

        Each number has the fewest digits from which the same float32 is read again, so that
        cosines computed from the file are those of the vectors.
        """
        import pyarrow as pa
        from pyarrow import csv

        names = pa.array(self.names, pa.string())
        types = [pa.int64(), pa.string(), *[pa.float32()] * self.vectors.shape[1]]
        schema = pa.schema(list(zip(self.header, types, strict=True)))
        with path.open("wb") as file:
            file.write((",".join(self.header) + "\n").encode())
            options = csv.WriteOptions(include_header=False, quoting_style="needed")
            with csv.CSVWriter(file, schema, write_options=options) as writer:
                for start in range(0, len(self), _ROWS_AT_ONCE):
                    part = slice(start, start + _ROWS_AT_ONCE)
                    columns = [pa.array(self.ids[part]), names[part]]
                    columns += [pa.array(column) for column in self.vectors[part].T.copy()]
                    writer.write_batch(pa.record_batch(columns, schema=schema))


def read_vectors(path: Path) -> VectorTable:
    """Read a table that was checked before.

    Raises:
        ValueError: the file is no such table.
    """
    import pyarrow as pa
    from pyarrow import csv

    with path.open(newline="", encoding="utf-8-sig") as file:
        columns = [name for name in next(reader(file), []) if name.startswith(FEATURE)]
    # Declared, so that nothing hangs on what a reader guesses: a feature may begin with whole
    # numbers.
    kinds = dict.fromkeys(NAMES, pa.string()) | dict.fromkeys(columns, pa.float64())
    table = csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=kinds))
    vectors = np.empty((len(table), len(columns)), "float32")
    for number, name in enumerate(columns):
        vectors[:, number] = table[name].to_numpy().astype("float32")
    names = table["image_name"].to_pylist()
    return VectorTable(np.arange(len(table)), names, vectors)
