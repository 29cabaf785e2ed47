"""A folder of images served on this machine, so that links can be asked from it.

A link is answered by the file with the name at the link's end, as the organisers' own script stores
it. So images that are there already go through the same checks as those of a download.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from podium.vision.downloading.rules import DownloadRules

HOST = "local-images.invalid"
"""Stands for the folder in links; a name of this kind belongs to nobody (RFC 6761)."""
_SCHEMES = ("http", "https")


def local_links(links: Sequence[str]) -> list[str]:
    """The links with the folder's name in place of their host and path; others as they are."""
    return [_local(link) for link in links]


def _local(link: str) -> str:
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return link
    name = unquote(parts.path).rpartition("/")[2]
    return f"http://{HOST}/{quote(name)}" if parts.scheme in _SCHEMES and name else link


@contextmanager
def served_folder(folder: Path, rules: DownloadRules) -> Iterator[DownloadRules]:
    """Serve a folder meanwhile, to this machine alone; gives the rules to reach it by."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        place = f"127.0.0.1:{server.server_address[1]}"
        yield rules.model_copy(update={"connect_to": {**rules.connect_to, HOST: place}})
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def list_directory(self, path: Any) -> None:
        """No listing: a folder is no image."""
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""
