"""Where runs are tracked: a SQLite file of the project, or a server that answers."""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from podium.run_lock import one_at_a_time

SERVER_TIMEOUT_SECONDS = 3.0
_SQLITE = "sqlite:///"


def local_store(project: Path) -> str:
    """The SQLite store at the project's root."""
    return f"{_SQLITE}{(Path(project) / 'mlflow.db').as_posix()}"


def fallback(uri: str, project: Path) -> str:
    """What serves where a store fails: itself if it is a file, for another would fail as well."""
    return uri if uri.startswith(_SQLITE) else local_store(project)


def opening(uri: str, project: Path) -> AbstractContextManager[None]:
    """Two runs at once would both make the tables of a new SQLite store, and one would fail."""
    if not uri.startswith(_SQLITE):
        return nullcontext()
    return one_at_a_time(project, _sqlite_file(uri).parent, _sqlite_file(uri).name)


def artifact_settings(uri: str) -> dict[str, Any]:
    """Where a new experiment keeps artifacts: beside a SQLite file; a server knows its place."""
    if not uri.startswith(_SQLITE):
        return {}
    folder = _sqlite_file(uri).parent / "mlartifacts"
    return {"create_experiment_kwargs": {"artifact_location": folder.as_uri()}}


def server_answers(uri: str) -> bool:
    """Whether an http(s) tracking server answers a request in time; files always answer.

    A port that is open proves nothing: the process behind it may hang. A server whose certificate
    this client does not know has answered: MLflow has settings of its own for that.
    """
    if urlparse(uri).scheme not in ("http", "https"):
        return True
    import httpx

    try:
        httpx.get(f"{uri.rstrip('/')}/health", timeout=SERVER_TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        return _is_about_certificates(error)
    return True


def _sqlite_file(uri: str) -> Path:
    return Path(uri.removeprefix(_SQLITE)).absolute()


def _is_about_certificates(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
