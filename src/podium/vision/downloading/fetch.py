"""One request: a whole body of bounded size, where to go instead, or why not."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpcore
import httpx

from podium.vision.downloading.addresses import AddressRefusedError
from podium.vision.downloading.connections import KeptConnections
from podium.vision.downloading.failures import Blame, FailedTry, failed_status
from podium.vision.downloading.links import Link, LinkError, join_link
from podium.vision.downloading.rules import MEBIBYTE, DownloadRules

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
#: Bodies may grow to this size without asking; beyond, only some at a time do.
_LARGE_BYTES = MEBIBYTE
_LARGE_AT_ONCE = 8


class Fetcher:
    """Sends requests by the rules.

    Memory: `concurrency` bodies of a mebibyte, and 8 of `most_bytes`.
    """

    def __init__(self, rules: DownloadRules, transport: KeptConnections) -> None:
        """Take the rules and the connections; both are shared by all requests."""
        self._rules = rules
        self._transport = transport
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        limits = {"connect": rules.connect_seconds, "pool": rules.total_seconds}
        limits |= dict.fromkeys(("read", "write"), rules.read_seconds)
        self._extensions: dict[str, Any] = {"timeout": limits}
        self._headers = {
            "User-Agent": rules.user_agent,
            "Accept": "image/*,*/*;q=0.5",
            "Accept-Encoding": "identity",
        }

    @asynccontextmanager
    async def fetch(self, url: str, answered: Callable[[], None]) -> AsyncIterator[bytes | Link]:
        """Ask once for a URL; the memory of a large body counts until the context ends.

        Args:
            url: A checked link.
            answered: Called as soon as the host has answered anything at all.

        Yields:
            The whole body, its encodings undone, or the link that a redirect leads to.

        Raises:
            FailedTry: anything else.
        """
        claim = _Claim(self._large)
        try:
            yield await self._bounded(url, answered, claim)
        finally:
            claim.release()

    async def _bounded(self, url: str, answered: Callable[[], None], claim: _Claim) -> bytes | Link:
        state = _Progress()

        def note() -> None:
            state.answered = True
            answered()

        try:
            async with asyncio.timeout(self._rules.total_seconds):
                return await self._ask(url, note, claim)
        except FailedTry:
            raise
        except TimeoutError:
            blame = Blame.TRY if state.answered else Blame.SILENCE
            reason = f"not finished after {self._rules.total_seconds:g} s"
            raise FailedTry(reason, blame) from None
        except Exception as error:
            raise _as_failure(error, state.answered) from error

    async def _ask(self, url: str, answered: Callable[[], None], claim: _Claim) -> bytes | Link:
        request = httpx.Request("GET", url, headers=self._headers, extensions=self._extensions)
        response = await self._transport.handle_async_request(request)
        try:
            answered()
            if response.status_code in _REDIRECTS:
                return _target(url, response)
            if response.status_code != _OK:
                raise failed_status(response.status_code, response.headers.get("retry-after"))
            return await self._read(response, claim)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, claim: _Claim) -> bytes:
        most = self._rules.most_bytes
        announced = response.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:18]) > most:
            raise FailedTry(f"larger than {most:,} bytes", Blame.LINK)
        unpack = _unpacker(response.headers.get("content-encoding", ""))
        content = bytearray()
        async for piece in response.stream:  # type: ignore[union-attr]
            content += unpack(piece, most + 1 - len(content)) if unpack else piece
            if len(content) > most:
                raise FailedTry(f"larger than {most:,} bytes", Blame.LINK)
            if len(content) > _LARGE_BYTES:
                await claim.take()
        return bytes(content)


@dataclass
class _Progress:
    answered: bool = False


class _Claim:
    """A place among the large bodies, taken at most once."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places, self._taken = places, False

    async def take(self) -> None:
        if not self._taken:
            await self._places.acquire()
            self._taken = True

    def release(self) -> None:
        if self._taken:
            self._places.release()
            self._taken = False


def _target(url: str, response: httpx.Response) -> Link:
    place = response.headers.get("location")
    if not place:
        raise FailedTry(f"HTTP {response.status_code} without a location", Blame.LINK)
    try:
        return join_link(url, place)
    except LinkError as error:
        raise FailedTry(str(error), Blame.LINK) from None


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes] | None:
    """Undo a content encoding, at most so many bytes at a time; None where there is none."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in ("gzip", "x-gzip", "deflate"):
        raise FailedTry(
            f"sent with the encoding {name[:20]!r}, which was not asked for", Blame.LINK
        )
    return zlib.decompressobj(_GZIP_OR_ZLIB).decompress


def _as_failure(error: Exception, answered: bool) -> FailedTry:
    reason = _reason(error)
    if isinstance(error, AddressRefusedError):
        return FailedTry(reason, Blame.LINK)
    if isinstance(error, (httpcore.ConnectError, httpcore.ConnectTimeout)):
        return FailedTry(reason, Blame.HOST)
    if isinstance(error, zlib.error):
        return FailedTry("its encoding cannot be undone")
    return FailedTry(reason, Blame.TRY if answered else Blame.SILENCE)


def _reason(error: Exception) -> str:
    """A reason that says the same each time, as far as the library's message allows."""
    if isinstance(error, httpcore.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpcore.TimeoutException):
        return "no answer in time"
    cause = error.__cause__ or error.__context__
    if isinstance(error, httpcore.ConnectError) and isinstance(cause, ssl.SSLError):
        return f"TLS: {cause.reason or cause}"
    told = " ".join(str(error).split())
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
