"""The MLflow run that tracks what runs now, as a dataset: where a page can link to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from kedro.io import AbstractDataset


@dataclass(frozen=True)
class TrackedRun:
    """A run in MLflow.

    Attributes:
        name: As MLflow's lists show it.
        run_id: MLflow's.
        experiment_id: MLflow's.
        start_ms: When it began, in milliseconds since 1970.
        server: Address of the server; None where a file on this machine holds the runs.
    """

    name: str
    run_id: str
    experiment_id: str
    start_ms: int
    server: str | None

    now: ClassVar[TrackedRun | None] = None

    def link(self, local_ui: str) -> str:
        """Address of its page.

        Args:
            local_ui: Address of the UI where no server holds the run.
        """
        place = f"#/experiments/{self.experiment_id}/runs/{self.run_id}"
        return f"{(self.server or local_ui).rstrip('/')}/{place}"


class TrackedRunDataset(AbstractDataset[None, dict[str, Any]]):
    """Loads what a page may say of the tracked run.

    That is its `name`, `run_id`, `link`, `local` (whether the UI has to be started for the link)
    and `started`, the time in UTC as ISO 8601 writes it. Nothing is known of a run that is not
    tracked: the dictionary is empty.
    """

    def __init__(self, *, local_ui: str, metadata: dict[str, Any] | None = None) -> None:
        """Declare it.

        Args:
            local_ui: Address of MLflow's UI as `kedro mlflow ui` starts it.
            metadata: For kedro-viz and other plugins.
        """
        self._local_ui = local_ui
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """What is known of the run."""
        run = TrackedRun.now
        if run is None:
            return {}
        return {
            "name": run.name,
            "run_id": run.run_id,
            "link": run.link(self._local_ui),
            "local": run.server is None,
            "started": datetime.fromtimestamp(run.start_ms // 1000, UTC).isoformat(),
        }

    def save(self, data: None) -> None:
        """Refuse: only a run that is tracked says so."""
        raise PermissionError("the tracked run is known by its tracking, and never saved")

    def _describe(self) -> dict[str, Any]:
        return {"local_ui": self._local_ui}
