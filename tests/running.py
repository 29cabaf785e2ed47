"""A copy of the project in a folder of its own, to run whole pipelines in without a trace."""

import compileall
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import psutil
from forked_programs import ForkedProgram
from tiny_parameters import TINY

from podium.challenges import challenges
from podium.data_tree import write_missing_sample

PROJECT = Path(__file__).parents[1]
CHALLENGE = "hearme"
ENV = "tiny"
RAW = Path("01_raw") / CHALLENGE
SUBMISSION = Path("07_model_output") / CHALLENGE / "submission.csv"
JOURNAL = Path(".unfinished") / f"{CHALLENGE}.json"


class ProjectCopy:
    """The project's code and configuration, copied: its stores and data are the test's own."""

    def __init__(self, folder, tiny_raw=lambda challenge: None, also=()):
        """Copy it; tiny_raw gives the folder of a challenge's tiny raw files, or None."""
        self.folder = folder
        self._tiny_raw = tiny_raw
        folder.mkdir()
        for name in ("conf", "src", *also):
            shutil.copytree(
                PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "local")
            )
        compileall.compile_dir(folder / "src", quiet=1)  # once, not by every run
        for name in ("pyproject.toml", "requirements.lock", ".telemetry"):
            shutil.copy(PROJECT / name, folder / name)
        (folder / "conf" / "local").mkdir()
        for challenge in challenges():
            tiny = folder / "conf" / ENV / challenge
            if challenge in TINY:
                tiny.mkdir(parents=True)
                (tiny / "parameters.yml").write_text(TINY[challenge])
            else:
                shutil.copytree(folder / "conf" / "fast" / challenge, tiny)

    @property
    def store(self):
        return f"sqlite:///{self.folder}/mlflow.db"

    def data_root(self, name, copy_of=None, challenge=CHALLENGE):
        """A new data root with the raw files, or a copy of one with all that was made of them."""
        root = self.folder / "roots" / name
        if copy_of is not None:
            shutil.copytree(copy_of, root)
        else:
            self.add_raw(root, challenge)
        return root

    def add_raw(self, root, challenge):
        """The raw files of one more challenge: its tiny ones, else its sample."""
        tiny = self._tiny_raw(challenge)
        if tiny is None:
            write_missing_sample(root, challenge, seed=7)
        else:
            shutil.copytree(tiny, root / "01_raw" / challenge)

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        return {
            **kept,
            "PYTHONPATH": str(self.folder / "src"),
            "KEDRO_DISABLE_TELEMETRY": "1",
            "COLUMNS": "500",  # no line is broken
            **more,
        }

    def arguments(self, *words, root=None, env=ENV, **parameters):
        """What follows `kedro` on its command line."""
        if root is not None:
            parameters = {"data_root": root, "threads": 1} | parameters
        listed = ",".join(f"{name}={value}" for name, value in parameters.items())
        options = [f"--env={env}"] if env else []
        options += ["--params", listed] if listed else []
        return ["run", *words, *options]

    def command(self, *words, **options):
        """The whole command, with an interpreter of its own."""
        return [sys.executable, "-m", "kedro", *self.arguments(*words, **options)]

    def run(self, *words, variables=None, timeout=400, as_typed=False, **options):
        """``kedro run`` to its end; standard output and error together."""
        start = self.start_as_typed if as_typed else self.start
        return ended(start(*words, variables=variables, **options), timeout)

    def kedro(self, *words, **variables):
        """Another command of Kedro to its end."""
        return self.program("kedro", *words, **variables)

    def program(self, *words, timeout=300, **variables):
        """A program of the environment to its end."""
        return ended(ForkedProgram(words, self.folder, self.environment(**variables)), timeout)

    def invoke(self, *words, **variables):
        """A command of the project's own in this process: click's result, and the log."""
        from click.testing import CliRunner

        from podium.cli import cli

        bootstrapped()
        variables = {"MLFLOW_TRACKING_URI": self.store} | variables
        with _restored(variables), _collected_log() as log:
            place = SimpleNamespace(project_path=self.folder)
            done = CliRunner().invoke(cli, list(map(str, words)), obj=place)
        return done, "\n".join(log)

    def session(self, *pipelines, root, env=ENV, variables=None, parameters=None, **run):
        """The same in this process, several times as fast; the log, or the error itself."""
        from kedro.framework.session import KedroSession

        bootstrapped()
        nested = {}
        for name, value in ({"data_root": str(root), "threads": 1} | (parameters or {})).items():
            *path, last = name.split(".")
            inner = nested
            for key in path:
                inner = inner.setdefault(key, {})
            inner[last] = value
        variables = {"MLFLOW_TRACKING_URI": self.store} | (variables or {})
        with _restored(variables), _collected_log() as log:
            with KedroSession.create(self.folder, env=env, runtime_params=nested) as session:
                session.run(pipeline_names=list(pipelines), **run)
        return "\n".join(log)

    def start(self, *words, variables=None, own_process_group=False, **options):
        """``kedro run`` in the background, forked where the libraries are imported already."""
        environment = self.environment(**(variables or {}))
        arguments = ["kedro", *self.arguments(*words, **options)]
        return ForkedProgram(arguments, self.folder, environment, own_process_group)

    def start_as_typed(self, *words, variables=None, **options):
        """The same by the command itself, as a shell would start it."""
        return subprocess.Popen(
            self.command(*words, **options),
            cwd=self.folder,
            env=self.environment(**(variables or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def ended(process, timeout):
    """A process at its end, or killed after so many seconds."""
    with process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as late:
            so_far = (late.output or b"").decode(errors="replace")
            raise TimeoutError(f"no end in {timeout} s:\n{so_far[-4000:]}") from None
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, output)


@cache
def bootstrapped():
    """Kedro knows the package, whose settings are the same in every copy of the project."""
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(PROJECT)


@contextmanager
def _restored(variables):
    """Set environment variables; afterwards leave the process as it was."""
    import mlflow

    environment, hook, stored = dict(os.environ), sys.excepthook, mlflow.get_tracking_uri()
    os.environ.update(variables)
    try:
        yield
    finally:
        while mlflow.active_run():
            mlflow.end_run("FAILED")
        mlflow.set_tracking_uri(stored)
        sys.excepthook = hook
        os.environ.clear()
        os.environ.update(environment)


@contextmanager
def _collected_log():
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = logging.getLogger("podium")
    logger.addHandler(handler)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)


def owed(root, challenge=CHALLENGE):
    """Outputs that the journal says a run still owes; None before there is a journal."""
    try:
        return set(json.loads((root / JOURNAL.with_stem(challenge)).read_text()))
    except FileNotFoundError:
        return None


def wait_until(condition, process, seconds=300):
    """Wait for a condition while the process lives; False if it ended first."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    raise TimeoutError(f"nothing in {seconds} s")


def wait_for_end(number, seconds=60):
    """What is killed closes its output before it is counted as ended, and may stay as a zombie."""
    end = time.monotonic() + seconds
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > end:
                raise TimeoutError(f"process {number} has not ended in {seconds} s")
            time.sleep(0.01)


def kill_when(process, condition):
    """SIGKILL as soon as a condition holds; False if the process ended first."""
    killed = wait_until(condition, process)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return killed and process.returncode == -signal.SIGKILL


def saved(root, name, challenge=CHALLENGE):
    """Condition: the journal is there and does not owe the dataset any more."""

    def condition():
        debts = owed(root, challenge)
        return debts is not None and name not in debts

    return condition


def last_line(text):
    return [line for line in text.splitlines() if line.strip()][-1]
