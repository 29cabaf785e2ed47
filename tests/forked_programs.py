"""Kedro and pytest in processes of their own that need not import the libraries again.

Most of the seconds of a tiny run go into importing MLflow and its like. One process imports them
and no more (the fork server of multiprocessing); each run is forked from it and is then a process
like any other: own folder, own environment, own output, to be killed at any moment. Kedro and the
project are imported after the fork, from the folder of the run.
"""

import atexit
import gc
import multiprocessing
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path

HERE = Path(__file__).parent
LIBRARIES = [
    "IPython",
    "cv2",
    "dynaconf",
    "faiss",
    "git",
    "hypothesis.extra.pandas",  # pandera imports it where it is there
    "ibis.backends.duckdb",
    "lightgbm",
    "matplotlib.figure",
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "omegaconf",
    "optuna",
    "pandera.ibis",
    "plotly.express",
    "pyarrow.parquet",
    "sklearn.linear_model",
    "sqlalchemy",
    "torch",
    "xgboost",
]
# The function that the command of each program calls.
PROGRAMS = {"kedro": ("kedro.framework.cli.cli", "main"), "pytest": ("pytest", "console_main")}


class ForkedProgram:
    """A command line, one of `PROGRAMS` first, in the background; used like `subprocess.Popen`."""

    def __init__(self, words, folder, environment, own_process_group=False):
        self.args = list(words)
        self._output = tempfile.NamedTemporaryFile(mode="rb", prefix="output_")
        given = (self.args, str(folder), environment, self._output.name, own_process_group)
        self._process = _fork_server().Process(target=_run_program, args=given)
        self._process.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.join()

    @property
    def pid(self):
        return self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def communicate(self, timeout=None):
        """Wait for its end; standard output and error together."""
        if not wait([self._process.sentinel], timeout):
            raise subprocess.TimeoutExpired(self.args, timeout, self._said())
        self._process.join()
        return self._said().decode(), None

    def _said(self):
        self._output.seek(0)
        return self._output.read()

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self._process.kill()


@cache
def _fork_server():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LIBRARIES)
    return context


def _run_program(words, folder, environment, output, own_process_group):
    """As the shell would: nothing of the tests is left in the process but the libraries."""
    gc.freeze()  # they are no garbage: not to be looked through again and again
    if own_process_group:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    libraries = [path for path in sys.path if path and not _of_this_project(Path(path).resolve())]
    sys.path[:] = [*environment["PYTHONPATH"].split(os.pathsep), *libraries]
    file = os.open(output, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    sys.argv = words
    del sys.modules[__name__]  # the folder has one of its own
    module, function = PROGRAMS[words[0]]
    sys.exit(_end_of(getattr(import_module(module), function)))


def _of_this_project(path):
    return path == HERE.parent / "src" or path.is_relative_to(HERE)


def _end_of(program):
    """As the interpreter ends: an error is shown first, then what waits for the end is called."""
    try:
        code = program()
    except SystemExit as end:
        code = end.code
        if not isinstance(code, int | None):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    atexit._run_exitfuncs()
    return code
