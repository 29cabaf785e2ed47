"""Kedro datasets that are written whole or not at all, see `podium.atomic_save`."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

import kedro_datasets.ibis
import kedro_datasets.json
import kedro_datasets.pandas
import kedro_datasets.pickle
import kedro_datasets.plotly
import kedro_datasets.text
from kedro.io import AbstractDataset
from kedro_datasets._typing import HTMLPreview, TablePreview
from kedro_datasets._utils import ConnectionMixin

from podium.atomic_save import AtomicSave
from podium.common.errors import PodiumError
from podium.common.memory import release_freed_memory

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis import BaseBackend

    from podium.common.raw_files import RawTable

_SIZES = "sizes.csv"


class CSVDataset(AtomicSave, kedro_datasets.pandas.CSVDataset):
    """A pandas table as CSV."""


class ParquetDataset(AtomicSave, kedro_datasets.pandas.ParquetDataset):
    """A pandas table as Parquet."""


class JSONDataset(AtomicSave, kedro_datasets.json.JSONDataset):
    """A JSON document."""


class PickleDataset(AtomicSave, kedro_datasets.pickle.PickleDataset):
    """Fitted models."""


class PlotlyDataset(AtomicSave, kedro_datasets.plotly.JSONDataset):
    """A plotly figure, shown by kedro-viz."""


class TextDataset(AtomicSave, kedro_datasets.text.TextDataset):
    """A text file."""


class HTMLDataset(TextDataset):
    """A self-contained HTML page, shown by kedro-viz."""

    def preview(self) -> HTMLPreview:
        """The page itself."""
        return HTMLPreview(self.load.__wrapped__(self))  # type: ignore[attr-defined]


class TableDataset(AtomicSave, kedro_datasets.ibis.FileDataset):
    """A table too large for memory: an Ibis expression, streamed to Parquet by its engine.

    The engine that holds the expression writes it; the one of the connection loads it. A pandas
    table is taken too, so that a small result can stand beside large ones.
    """

    def _connect(self) -> BaseBackend:
        if self._connection_config["backend"] == "pyspark":
            return _open_spark(self._connection_config)
        return super()._connect()

    def _write(self, data: ir.Table | pd.DataFrame) -> None:
        import ibis
        import ibis.expr.types as ir

        if isinstance(data, ir.Table):
            data.to_parquet(str(self._filepath), **self._save_args)
        else:
            super()._write(ibis.memtable(data))

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows, for kedro-viz."""
        rows = self.load.__wrapped__(self).limit(nrows).execute()  # type: ignore[attr-defined]
        return TablePreview(rows.astype(str).to_dict(orient="split"))


class FoldedTableDataset(AtomicSave, AbstractDataset[dict[str, Any], dict[str, Any]]):
    """Several pandas tables in one folder, made and read one at a time.

    Saving takes a function for each part and calls them in turn, so that only one part is in
    memory; loading gives a function for each part.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the folder and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], pd.DataFrame]]:
        """A function per part, by its name."""
        return {part.stem: partial(_read_lean, part) for part in self._parts()}

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows of the first part, for kedro-viz."""
        from pyarrow.parquet import ParquetFile

        rows = next(ParquetFile(self._parts()[0]).iter_batches(nrows)).to_pandas()
        return TablePreview(rows.astype(str).to_dict(orient="split"))

    def _parts(self) -> list[Path]:
        return sorted(Path(self._filepath).glob("*.parquet"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: dict[str, Callable[[], pd.DataFrame]]) -> None:
        folder = Path(self._filepath)
        folder.mkdir()
        for name, make in data.items():
            make().to_parquet(folder / f"{name}.parquet", index=False)
            release_freed_memory()

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_dir()


class FoldedPickleDataset(AtomicSave, AbstractDataset[dict[str, Any], dict[str, Any]]):
    """Several objects in one folder, made and read one at a time; see `FoldedTableDataset`.

    The sizes of what is in them lie beside them, so that nobody has to read them to know.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare the folder and kedro-viz's metadata."""
        self._filepath = PurePosixPath(filepath)
        self._version = None
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], Any]]:
        """A function per part, by its name."""
        parts = sorted(Path(self._filepath).glob("*.pickle"))
        return {part.stem: partial(_read_pickle, part) for part in parts}

    def preview(self, nrows: int = 10) -> TablePreview:
        """Parts and the tables and arrays in them with rows and columns, for kedro-viz."""
        import pandas as pd

        file = Path(self._filepath) / _SIZES
        rows = pd.read_csv(file, nrows=nrows, dtype="str", keep_default_na=False)
        return TablePreview(rows.to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}

    def _write(self, data: dict[str, Callable[[], Any]]) -> None:
        import pandas as pd

        folder = Path(self._filepath)
        folder.mkdir()
        sizes: list[tuple[str, ...]] = []
        for name, make in data.items():
            found = _write_pickle(make(), folder / f"{name}.pickle")
            sizes += [(name, *size) for size in found]
            release_freed_memory()
        table = pd.DataFrame(sizes, columns=["part", "table", "rows", "columns"])
        table.to_csv(folder / _SIZES, index=False)

    def _exists_on_disk(self) -> bool:
        return Path(self._filepath).is_dir()


class RawCSVDataset(ConnectionMixin, AbstractDataset[None, "RawTable | None"]):
    """A competition's CSV file, checked and opened as text columns on an Ibis engine.

    Loading raises RawDataError with file, column and row where the file cannot be used, and gives
    None where a file that is not required is missing.
    """

    _CONNECTION_GROUP: ClassVar[str] = "ibis"
    _connect = kedro_datasets.ibis.FileDataset._connect

    def __init__(
        self,
        *,
        filepath: str,
        schema: str,
        connection: dict[str, Any],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Declare the file.

        Args:
            filepath: Where the file lies.
            schema: Import path of its ``RawFile`` description.
            connection: Ibis backend and its settings, as for ``ibis.FileDataset``.
            metadata: For kedro-viz and other plugins.
        """
        self._filepath = PurePosixPath(filepath)
        self._schema = schema
        self._connection_config = connection
        self.metadata = metadata

    def load(self) -> RawTable | None:
        """Check the file and open it."""
        from kedro.utils import load_obj

        from podium.common.raw_files import open_raw_csv

        spec = load_obj(self._schema)
        if not (spec.required or self._exists()):
            return None
        return open_raw_csv(Path(self._filepath), spec, self._connection)

    def save(self, data: None) -> None:
        """Refuse: raw files are never written by a run."""
        raise PermissionError(f"{self._filepath} is raw data and is not written by a run")

    def preview(self, nrows: int = 10) -> TablePreview:
        """The first rows as they stand in the file, for kedro-viz; none where it is missing."""
        import pandas as pd

        from podium.common.raw_contract import find_raw_file

        file = find_raw_file(Path(self._filepath))
        if file is None:
            return TablePreview(pd.DataFrame().to_dict(orient="split"))
        rows = pd.read_csv(file, nrows=nrows, dtype="str", keep_default_na=False)
        return TablePreview(rows.to_dict(orient="split"))

    def _exists(self) -> bool:
        from podium.common.raw_contract import find_raw_file

        return find_raw_file(Path(self._filepath)) is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "schema": self._schema}


def _open_spark(connection: dict[str, Any]) -> BaseBackend:
    try:
        from podium.common.spark import connect
    except ImportError as error:
        raise PodiumError(
            f"the engine Spark is not installed, see docs/scaling.md: {error}"
        ) from error
    return connect(**{name: value for name, value in connection.items() if name != "backend"})


def _write_pickle(part: Any, path: Path) -> list[tuple[str, str, str]]:
    """Write an object, and tell the sizes of what is in it."""
    with path.open("wb") as file:
        pickle.dump(part, file, protocol=pickle.HIGHEST_PROTOCOL)
    return list(_sizes(part))


def _sizes(part: Any, name: str = "") -> Iterator[tuple[str, str, str]]:
    """Name, rows and columns of the tables and arrays in an object, if it is a dataclass."""
    if shape := getattr(part, "shape", ()):
        rows, *columns = shape
        yield name, str(rows), " x ".join(map(str, columns)) or "1"
    elif is_dataclass(part):
        for field in fields(part):
            below = f"{name}.{field.name}" if name else field.name
            yield from _sizes(getattr(part, field.name), below)


def _read_pickle(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)


def _read_lean(path: Path) -> pd.DataFrame:
    """Read a wide table without holding it twice."""
    from pyarrow.parquet import read_table

    return read_table(path).to_pandas(split_blocks=True, self_destruct=True)
