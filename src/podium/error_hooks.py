"""A run that the user can mend ends with one clear line."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import sys
from types import TracebackType

from kedro.framework.hooks import hook_impl
from kedro.pipeline.node import Node

from podium.common.errors import PodiumError

logger = logging.getLogger(__name__)

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


class ErrorHooks:
    """Ends a run that the user can mend with one clear line instead of a traceback."""

    @hook_impl
    def after_context_created(self) -> None:
        """Show a PodiumError by its message alone."""
        if getattr(sys.excepthook, "shows_podium_errors", False):
            return
        atexit.register(_silence_leftovers)
        former = sys.excepthook

        def show(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            message = user_message(error)
            if message is None:
                former(kind, error, trace)
            else:
                print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the last word of a run

        show.shows_podium_errors = True  # type: ignore[attr-defined]
        sys.excepthook = show

    @hook_impl
    def on_node_error(self, error: Exception, node: Node) -> None:
        """Name the node that failed."""
        logger.error("%s stopped: %s", node.name, user_message(error) or error)


def user_message(error: BaseException | None) -> str | None:
    """What a user can mend behind an error, through the causes that wrap it.

    That is the message of a PodiumError, and of a disk that is full or a folder that is read-only.
    """
    while error is not None:
        if isinstance(error, PodiumError):
            return str(error)
        if message := _unwritable(error):
            return message
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def _unwritable(error: BaseException) -> str | None:
    """Of a place where nothing can be written, also where a library says so."""
    text = str(error)
    known = isinstance(error, OSError) and error.errno in _UNWRITABLE
    # Arrow and DuckDB hand the system's words on, without its number.
    if not known and not any(os.strerror(number) in text for number in _UNWRITABLE):
        return None
    return f"{text}. What was finished is kept: mend this, and go on with --only-missing-outputs"


def _silence_leftovers() -> None:
    """Keep the interpreter's end quiet.

    DuckDB's binding lists its own leftover objects on standard error when the interpreter is
    already gone, after the last line of the run.
    """
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
