"""Metrics of the tracked run, as a dataset."""

from __future__ import annotations

import time
from itertools import chain
from typing import Any

from kedro_mlflow.io.metrics import MlflowMetricsHistoryDataset


class MetricsBatchDataset(MlflowMetricsHistoryDataset):
    """kedro-mlflow's dataset of metrics, logged in one batch.

    The original asks the store for every single value: with hundreds of them that is a transaction
    each in a file, and a round trip each to a server.
    """

    def _save(self, data: dict[str, Any]) -> None:
        if self._logging_activated:
            self.log(data, self.run_id)

    def log(self, data: dict[str, Any], run_id: str) -> None:
        """Log the values.

        Args:
            data: A value with its step, or a list of them, by the name of the metric.
            run_id: Of the run in MLflow.
        """
        from mlflow import MlflowClient
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        items = (self._build_args_list_from_metric_item(name, item) for name, item in data.items())
        values = [Metric(key, value, now, step) for key, value, step in chain.from_iterable(items)]
        MlflowClient().log_batch(run_id, metrics=values)
