"""One request: a whole body of bounded size, where to go instead, or why not."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import httpcore

from podium.vision.downloading.addresses import AddressRefusedError
from podium.vision.downloading.connections import Answer, KeptConnections
from podium.vision.downloading.failures import Blame, FailedTry, failed_status
from podium.vision.downloading.links import Link, LinkError, join_link
from podium.vision.downloading.rules import MEBIBYTE, DownloadRules

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
#: Bodies may grow to this size without asking; beyond, only some at a time do.
_LARGE_BYTES = MEBIBYTE
_LARGE_AT_ONCE = 8
#: What is read of a page that says why there is no image, and for how long.
_READ_OFF_BYTES, _READ_OFF_SECONDS = 1 << 16, 2.0
_BROKEN_OFF = (
    TimeoutError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
)


class Fetcher:
    """Sends requests by the rules.

    Memory: `concurrency` bodies of a mebibyte, and 8 of `most_bytes`.
    """

    def __init__(self, rules: DownloadRules, connections: KeptConnections) -> None:
        """Take the rules and the connections; both are shared by all requests."""
        self._rules = rules
        self._connections = connections
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._timeouts = {"connect": rules.connect_seconds}
        self._timeouts |= dict.fromkeys(("read", "write"), rules.read_seconds)
        self._headers = (
            (b"User-Agent", rules.user_agent.encode()),
            (b"Accept", b"image/*,*/*;q=0.5"),
            (b"Accept-Encoding", b"identity"),
        )

    @asynccontextmanager
    async def fetch(self, link: Link, answered: Callable[[], None]) -> AsyncIterator[bytes | Link]:
        """Ask once for a link; the memory of a large body counts until the context ends.

        Args:
            link: What to ask for.
            answered: Called as soon as the host has answered anything at all.

        Yields:
            The whole body, its encodings undone, or the link that a redirect leads to.

        Raises:
            FailedTry: anything else.
        """
        claim = _Claim(self._large)
        try:
            yield await self._bounded(link, answered, claim)
        finally:
            claim.release()

    async def _bounded(
        self, link: Link, answered: Callable[[], None], claim: _Claim
    ) -> bytes | Link:
        state = _Progress()

        def note() -> None:
            state.answered = True
            answered()

        try:
            async with asyncio.timeout(self._rules.total_seconds):
                return await self._ask(link, note, claim)
        except FailedTry:
            raise
        except TimeoutError:
            blame = Blame.TRY if state.answered else Blame.SILENCE
            reason = f"not finished after {self._rules.total_seconds:g} s"
            raise FailedTry(reason, blame) from None
        except Exception as error:
            raise _as_failure(error, state.answered) from error

    async def _ask(self, link: Link, answered: Callable[[], None], claim: _Claim) -> bytes | Link:
        answer = await self._connections.get(link, self._headers, self._timeouts)
        try:
            answered()
            if answer.status == _OK:
                return await self._read(answer, claim)
            await _read_off(answer)
            if answer.status in _REDIRECTS:
                return _target(link.url, answer)
            raise failed_status(answer.status, answer.headers.get("retry-after"))
        finally:
            await answer.aclose()

    async def _read(self, answer: Answer, claim: _Claim) -> bytes:
        most = self._rules.most_bytes
        announced = answer.headers.get("content-length", "")
        if announced.isascii() and announced.isdigit() and int(announced[:18]) > most:
            raise FailedTry(f"larger than {most:,} bytes", Blame.LINK)
        unpack = _unpacker(answer.headers.get("content-encoding", ""))
        content = bytearray()
        async for piece in answer.pieces():
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


async def _read_off(answer: Answer) -> None:
    """Read what a host sends beside a refusal, if it is little: the connection is then kept."""
    size = 0
    with suppress(*_BROKEN_OFF):
        async with asyncio.timeout(_READ_OFF_SECONDS):
            async for piece in answer.pieces():
                size += len(piece)
                if size > _READ_OFF_BYTES:
                    return


def _target(url: str, answer: Answer) -> Link:
    place = answer.headers.get("location")
    if not place:
        raise FailedTry(f"HTTP {answer.status} without a location", Blame.LINK)
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
