"""Spark as the engine of the large tables, through Ibis.

Imported only where Spark is the engine: it needs the extra ``spark``, and Java 17.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis.expr.datatypes as dt
import ibis.expr.schema as sch
from ibis.backends.pyspark import Backend
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from podium.common.errors import PodiumError

if TYPE_CHECKING:
    import ibis.expr.operations as ops
    import ibis.expr.types as ir
    import pyarrow as pa
    import sqlglot.expressions as sge

_MICROSECONDS = 6


class _Compiler(PySparkCompiler):
    """Floats stay floats: Spark reads ``7.0`` as a decimal and rounds a quotient by it."""

    def visit_NonNullLiteral(
        self, op: ops.Literal, *, value: Any, dtype: dt.DataType
    ) -> sge.Expression | None:
        literal = super().visit_NonNullLiteral(op, value=value, dtype=dtype)
        return self.cast(literal, dtype) if dtype.is_floating() else literal


class SparkEngine(Backend):
    """Ibis's Spark backend, so that an expression means what it means on DuckDB.

    Ibis 12 hands tables over by way of pandas, where a whole number with gaps becomes a float and
    a missing text the word NaN; here they go by Arrow. It also forgets tables in memory when a
    result that is made of them is cached, and does not say how finely Spark counts time.
    """

    compiler = _Compiler()

    def get_schema(
        self, table_name: str, *, catalog: str | None = None, database: str | None = None
    ) -> sch.Schema:
        """Columns and types of a table; times with their precision."""
        found = super().get_schema(table_name, catalog=catalog, database=database)
        return sch.Schema({name: _with_precision(kind) for name, kind in found.items()})

    def to_pyarrow(
        self,
        expr: ir.Expr,
        /,
        *,
        params: Mapping[ir.Scalar, Any] | None = None,
        limit: int | str | None = None,
        **kwargs: Any,
    ) -> pa.Table | pa.ChunkedArray | pa.Scalar:
        """Run an expression and fetch its result."""
        self._run_pre_execute_hooks(expr)
        query = self.compile(expr.as_table(), params=params, limit=limit, **kwargs)
        return expr.__pyarrow_result__(self._session.sql(query).toArrow())

    def _register_in_memory_table(self, op: ops.InMemoryTable) -> None:
        rows = op.data.to_pyarrow(op.schema)
        self._session.createDataFrame(rows).createOrReplaceTempView(op.name)

    def _create_cached_table(self, name: str, expr: ir.Table) -> ir.Table:
        self._run_pre_execute_hooks(expr)
        # A checkpoint is computed at once, and queries that start from it do not carry along the
        # plan of how it was made; planning would soon take longer than computing.
        self._session.sql(self.compile(expr)).localCheckpoint().createTempView(name)
        return self.table(name)

    def _drop_cached_table(self, name: str) -> None:
        self._session.catalog.dropTempView(name)


def connect(
    *,
    threads: int,
    memory_limit: str,
    temp_directory: str,
    settings: Mapping[str, Any] | None = None,
) -> SparkEngine:
    """Open the Spark session of this process, or join it.

    Args:
        threads: Of a session on this machine.
        memory_limit: Of its Java process, such as ``4GB``.
        temp_directory: Where it spills what does not fit.
        settings: Of the session by Spark's own names, before those made of the others; a null
            leaves one as it is.

    Raises:
        PodiumError: Spark does not start.
    """
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    wanted = {
        "spark.app.name": "podium",
        "spark.master": f"local[{threads}]",
        "spark.driver.memory": memory_limit.lower().removesuffix("b").removesuffix("i"),
        "spark.driver.maxResultSize": "0",
        "spark.local.dir": temp_directory,
        "spark.sql.warehouse.dir": f"{temp_directory}/warehouse",
        "spark.sql.shuffle.partitions": str(2 * threads),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    wanted |= {name: str(value) for name, value in (settings or {}).items() if value is not None}
    try:
        session = SparkSession.builder.config(map=wanted).getOrCreate()
    except PySparkRuntimeError as error:
        raise PodiumError(
            f"Spark does not start; it needs Java 17, on PATH or in JAVA_HOME ({error})"
        ) from error
    SparkEngine.register_options()
    return SparkEngine().connect(session)


def _with_precision(kind: dt.DataType) -> dt.DataType:
    return kind.copy(scale=_MICROSECONDS) if isinstance(kind, dt.Timestamp) else kind
