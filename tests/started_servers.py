"""Servers in processes of their own, each with a port of this machine."""

import os
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress

import httpx
from running import wait_until


@contextmanager
def started_server(command, asked, log, **options):
    """A server that answers, in a process group of its own, and its address.

    Args:
        command: Its command line, made of a port.
        asked: The path at which it says that it is ready.
        log: File for what it prints.
        options: Of `subprocess.Popen`.
    """
    for _ in range(2):  # the port may be taken before the server has it
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        with log.open("wb") as output:
            server = subprocess.Popen(
                command(port),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        try:
            if _is_ready(server, f"{address}{asked}", log):
                yield server, address
                return
        finally:
            stop(server)
    raise AssertionError(log.read_text()[-3000:])


def free_port():
    """A port that nobody has; another may take it before it is used."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def stop(server):
    """Kill it with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _is_ready(server, address, log):
    def answers():
        with suppress(httpx.HTTPError):
            return httpx.get(address, timeout=5).status_code == httpx.codes.OK
        return False

    try:
        return wait_until(answers, server) and server.poll() is None
    except TimeoutError as late:
        raise TimeoutError(f"{late}: {log.read_text()[-3000:]}") from None
