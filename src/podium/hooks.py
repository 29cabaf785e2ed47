"""What happens around every run: data in place, resumable outputs, tracking."""

from __future__ import annotations

import atexit
import gc
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from podium.challenges import OVERVIEW, challenge_of, challenges_in
from podium.common.errors import PodiumError
from podium.common.time_budget import seconds_since_start, start_clock
from podium.data_tree import (
    data_kind,
    data_tree,
    demand_raw_files,
    raw_files,
    write_missing_sample,
)
from podium.outdated import OutdatedFiles
from podium.parameter_check import check_parameters
from podium.provenance import fingerprint

if TYPE_CHECKING:
    from podium.config import PodiumConfigLoader
    from podium.tracking import ResilientMlflowHook

logger = logging.getLogger(__name__)

# What a run ends by naming, with the word for it.
_RESULTS = {
    "submission": "Submission",
    "report": "Report",
    "tuned_parameters": "Tuned parameters",
    OVERVIEW: "Overview",
}


class DataHooks:
    """Puts the raw files in place before a run and says which data it uses."""

    _context: KedroContext
    _lines: list[str]

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Keep the context for its parameters."""
        self._context = context
        self._lines = []

    @hook_impl(tryfirst=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Check the parameters; generate sample data where there are none.

        Raises:
            PodiumError: for a wrong parameter, and where some of the competition's files are
                missing, or what an earlier stage has to make.
        """
        start_clock()
        loader = cast("PodiumConfigLoader", self._context.config_loader)
        for file in loader.unread_files():
            logger.warning("%s is not read: the name of a file of parameters, or of a catalog, "
                           "begins with that word", file)  # fmt: skip
        check_parameters(loader["parameters"], pipeline)
        # At its end Python would search all that is left for garbage, for seconds.
        atexit.register(gc.freeze)
        tags: dict[str, str] = {}
        self._lines = []
        for challenge in challenges_in(pipeline):
            kind, tree = self._prepare(challenge, pipeline, catalog)
            tags[f"{challenge}.data"] = kind
            tags[f"{challenge}.data_tree"] = str(tree)
            files = [path for path in raw_files(tree, challenge) if path.exists()]
            tags[f"{challenge}.fingerprint"] = fingerprint(files)
            self._lines.append(_data_line(challenge, kind, tree))
            logger.info(self._lines[-1])
        catalog.podium_data_tags = tags  # type: ignore[attr-defined]
        demand_stored_inputs(pipeline, catalog)

    @hook_impl(trylast=True)
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """End the log as it began: which data, and where the submission lies."""
        for name in sorted(pipeline.all_outputs()):
            if label := _RESULTS.get(name.rsplit(".", 1)[-1]):
                logger.info("%s: %s", label, _file(catalog, name))
        for line in self._lines:
            logger.info("%s Done in %.0f s.", line, seconds_since_start())

    def _prepare(
        self, challenge: str, pipeline: Pipeline, catalog: DataCatalog
    ) -> tuple[str, Path]:
        parameters = self._context._runtime_params or {}
        where = (
            self._context.project_path,
            challenge,
            parameters.get("data_root"),
            parameters.get("data"),
        )
        kind, tree = data_kind(*where), data_tree(*where)
        raw = {
            name.split(".", 1)[1]: Path(str(_file(catalog, name)))
            for name in sorted(pipeline.inputs())
            if name.startswith(f"{challenge}.raw_")
        }
        if kind == "sample" and raw:
            seed = self._context.config_loader["globals"]["seed"]
            if write_missing_sample(tree, challenge, seed):
                logger.info("Sample data of %s written to %s", challenge, tree / "01_raw")
        demand_raw_files(challenge, raw)
        return kind, tree


class ResumeHooks:
    """Remembers which outputs a run still owes, so that a killed run can be resumed.

    An older file of an output that the interrupted run meant to replace counts as missing for
    ``--only-missing-outputs``.
    """

    _journals: dict[str, Path]
    _pending: dict[str, set[str]]

    @hook_impl(trylast=True)
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Write down every output that this run owes."""
        self._journals, self._pending = {}, {}
        OutdatedFiles.paths.clear()
        trees = getattr(catalog, "podium_data_tags", {})
        for challenge in challenges_in(pipeline):
            journal = Path(trees[f"{challenge}.data_tree"]) / ".unfinished" / f"{challenge}.json"
            pending = set(json.loads(journal.read_text())) if journal.is_file() else set()
            files = {
                name: file
                for name in pipeline.all_outputs()
                if challenge_of(name) == challenge and (file := _file(catalog, name))
            }
            if run_params.get("only_missing_outputs"):
                OutdatedFiles.paths.update(files[name] for name in pending if name in files)
            else:
                pending |= set(files)
            self._journals[challenge], self._pending[challenge] = journal, pending
            self._write(challenge)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Strike a finished output off the list."""
        challenge = challenge_of(dataset_name)
        pending = getattr(self, "_pending", {}).get(challenge or "", set())
        if dataset_name in pending:
            pending.discard(dataset_name)
            self._write(str(challenge))

    def _write(self, challenge: str) -> None:
        journal = self._journals[challenge]
        if not self._pending[challenge]:
            journal.unlink(missing_ok=True)
            return
        journal.parent.mkdir(parents=True, exist_ok=True)
        part = journal.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(sorted(self._pending[challenge])))
        os.replace(part, journal)


class TrackingHooks:
    """Hands a run to kedro-mlflow; imports MLflow only when a pipeline runs."""

    _context: KedroContext
    _tracker: ResilientMlflowHook | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Give ``kedro mlflow ui`` its settings, read when it asks for them."""
        self._context = context
        context.__setattr__("mlflow", _MlflowSettings(context))

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Open the store and start a tracked run."""
        from podium.tracking import ResilientMlflowHook

        self._tracker = ResilientMlflowHook(self._context)
        self._tracker.before_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def before_node_run(
        self, node: Node, catalog: DataCatalog, inputs: dict[str, Any], is_async: bool
    ) -> None:
        """Track the node's parameters."""
        if self._tracker:
            self._tracker.before_node_run(node, catalog, inputs, is_async)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any) -> None:
        """Log what was saved."""
        if self._tracker:
            self._tracker.log_saved(dataset_name, data)

    @hook_impl
    def after_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: DataCatalog
    ) -> None:
        """Close the tracked run."""
        if self._tracker:
            self._tracker.after_pipeline_run(run_params, pipeline, catalog)

    @hook_impl
    def on_pipeline_error(
        self,
        error: Exception,
        run_params: dict[str, Any],
        pipeline: Pipeline,
        catalog: DataCatalog,
    ) -> None:
        """Mark the tracked run as failed."""
        if self._tracker:
            self._tracker.on_pipeline_error(error, run_params, pipeline, catalog)


class _MlflowSettings:
    """kedro-mlflow's settings, read from mlflow.yml at the first use."""

    def __init__(self, context: KedroContext) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        from kedro_mlflow.config.kedro_mlflow_config import KedroMlflowConfig

        values = dict(self._context.config_loader["mlflow"])
        return getattr(KedroMlflowConfig.model_validate(values), name)


def demand_stored_inputs(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Refuse to begin in the middle where earlier stages have left nothing.

    Raises:
        PodiumError: naming what is missing and the run that makes it.
    """
    for name in sorted(pipeline.inputs()):
        owner, file = challenge_of(name), None
        if owner and not name.startswith(("params:", f"{owner}.raw_")):
            file = _file(catalog, name)
        if (
            file
            and not Path(file).exists()
            and not getattr(catalog.get(name), "may_be_missing", False)
        ):
            raise PodiumError(
                f"{name} has not been made yet: there is no {file}. "
                f"Run `kedro run --pipeline={owner}` with the same --params first."
            )


def _file(catalog: DataCatalog, name: str) -> str | None:
    """Path of a dataset that is a file; None for one in memory or in MLflow."""
    path = getattr(catalog.get(name), "_filepath", None)
    return None if path is None else str(path)


def _data_line(challenge: str, kind: str, tree: Path) -> str:
    if kind == "sample":
        return (
            f"{challenge} runs on SAMPLE data (generated, in {tree}): its scores say nothing about "
            f"the competition. Put the competition's files into "
            f"{tree.parent / '01_raw' / challenge} to use them."
        )
    return f"{challenge} runs on the competition's files in {tree / '01_raw' / challenge}."
