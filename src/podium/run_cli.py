"""Command ``kedro run``: Kedro's own, but that without a pipeline every challenge has its run."""

from __future__ import annotations

import shutil
from copy import copy
from itertools import cycle
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from podium.challenges import OVERVIEW, challenges
from podium.common.threads import available_cores

FAILED = 1
# Any of these asks for one run of Kedro's, in this process.
_ASKS_FOR_ONE = (
    *("pipeline", "pipelines", "tags", "runner", "node_names", "from_nodes", "to_nodes"),
    *("from_inputs", "to_outputs", "namespaces"),
)
_FEWEST_COLUMNS = 40
_COLOURS = ("cyan", "magenta", "yellow", "blue")
_AT_ONCE = click.Option(
    ["--at-once"],
    type=click.IntRange(min=1),
    help="Without a pipeline: how many challenges run at the same time. By default one per core "
    "on sample data, and one after the other, on all cores, on the competitions' files.",
)


@click.pass_context
def run(context: click.Context, /, *, at_once: int | None, **options: Any) -> None:
    """Run a pipeline; without one, every challenge, and then the overview.

    Every challenge then has a process and a tracked run of its own, as if it had been named. One
    that fails stops no other.
    """
    assert kedro_run.callback is not None
    if any(options[name] for name in _ASKS_FOR_ONE):
        if at_once is not None:
            raise click.UsageError("--at-once is for runs of all challenges: name no pipeline")
        kedro_run.callback(**options)
        return
    project = Path(getattr(context.obj, "project_path", None) or Path.cwd())
    options["config"] = None  # Kedro has put its values into the others.
    _run_challenges(project, options, at_once, _wanted_threads(project, options))
    # Always made anew: a page that is there may be of another run.
    kedro_run.callback(**{**options, "pipelines": [OVERVIEW], "only_missing_outputs": False})


def _with_true_help(option: click.Parameter) -> click.Parameter:
    """Kedro says of its options that without them the pipeline `__default__` is run."""
    if option.name not in ("pipeline", "pipelines") or not isinstance(option, click.Option):
        return option
    option = copy(option)
    option.help = (
        f"{str(option.help).split('.')[0]}. If not set, every challenge is run, each "
        "by itself, and then the overview."
    )
    return option


command = click.Command(
    name="run",
    callback=run,
    params=[*map(_with_true_help, kedro_run.params), _AT_ONCE],
    help=run.__doc__,
)


def _wanted_threads(project: Path, options: dict[str, Any]) -> int | None:
    """How many threads a run is to use; None where the configuration leaves that to the machine.

    What every run would say of an environment or a parameter that cannot be read, is said here.
    """
    from kedro.framework.session import KedroSession

    from podium.parameter_check import check_names
    from podium.pipelines.shared import Compute

    chosen = {name: options[name] for name in ("env", "conf_source")}
    session = KedroSession.create(project, runtime_params=options["params"], **chosen)
    parameters = session.load_context().config_loader["parameters"]
    check_names(parameters)
    threads = Compute.parse(parameters["compute"], "compute").threads
    given = "threads" in (options["params"] or {}) or threads != available_cores()
    return threads if given else None


def _run_challenges(
    project: Path, options: dict[str, Any], at_once: int | None, threads: int | None
) -> None:
    """Run them, and say how each ended.

    Raises:
        click.exceptions.Exit: with code 1, where one has failed.
    """
    from podium.side_by_side import Ended, lanes, run_side_by_side

    parameters = options["params"] or {}
    width = max(map(len, challenges()))
    columns = max(_FEWEST_COLUMNS, shutil.get_terminal_size().columns - width - len(" | "))
    colours = dict(zip(challenges(), cycle(_COLOURS), strict=False))

    def show(challenge: str, line: str) -> None:
        click.echo(f"{click.style(challenge.ljust(width), fg=colours[challenge])} | {line}")

    ended: list[Ended] = []
    for group, wanted in _groups(project, parameters, at_once):
        number, each = lanes(wanted, threads, len(group))
        ended += run_side_by_side(
            *(project, group, options), at_once=number, threads=each, columns=columns, show=show
        )
    for one in ended:
        verdict = "done" if one.code == 0 else f"FAILED with exit code {one.code}: see its lines"
        show(one.challenge, f"{verdict} ({one.seconds:.0f} s)")
    if any(one.code for one in ended):
        again = ", then ".join(
            f"`kedro run --pipeline={name}`"
            for name in [*(one.challenge for one in ended if one.code), OVERVIEW]
        )
        message = f"No overview was made. Mend what failed and run, with the same options, {again}."
        click.secho(message, fg="red", err=True)
        raise click.exceptions.Exit(FAILED)


def _groups(
    project: Path, parameters: dict[str, Any], at_once: int | None
) -> list[tuple[list[str], int | None]]:
    """Challenges that run together, and how many at the same time; None for one per core."""
    from podium.data_tree import data_kind

    if at_once is not None:
        return [(list(challenges()), at_once)]
    kinds: dict[str, list[str]] = {"competition": [], "sample": []}
    for challenge in challenges():
        where = parameters.get("data_root"), parameters.get("data")
        kinds[data_kind(project, challenge, *where)].append(challenge)
    # Two of the competitions' data sets may be more than the memory holds.
    groups = [(kinds["competition"], 1), (kinds["sample"], None)]
    return [(group, wanted) for group, wanted in groups if group]
