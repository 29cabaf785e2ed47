"""Connections only to addresses that were checked.

A name is looked up here, its addresses are checked, and the connection goes to one of those very
addresses. A second look-up that could answer otherwise (DNS rebinding) does not happen.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

import httpcore

from podium.vision.downloading.streams import AsyncioStream

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_REMEMBERED_SECONDS = 60.0
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_MOST_ADDRESSES = 4


class AddressRefusedError(Exception):
    """A host that has no address in the public internet."""


class NameLookupError(httpcore.ConnectError):
    """A name that could not be looked up."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, by IANA's registries of special ones.

    An IPv6 address that stands for an IPv4 one (mapped, 6to4, Teredo, NAT64) is judged by both.
    """
    whole = ipaddress.ip_address(address.partition("%")[0])
    return all(each.is_global and not each.is_multicast for each in (whole, *_embedded(whole)))


def _embedded(address: Address) -> Iterable[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(each for each in found if each is not None)


class Resolver:
    """Looks names up, one look-up per name at a time, and remembers the answer for a minute.

    Each look-up has a thread of its own, which may outlast its time without holding up other
    names or the end of the program: the system's resolver cannot be interrupted.
    """

    def __init__(self) -> None:
        """Start without any knowledge."""
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._asked: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a name, IPv4 first.

        Raises:
            NameLookupError: where there is none.
        """
        until, found = self._known.get(host, (0.0, ()))
        if time.monotonic() < until:
            return found
        if host not in self._asked:
            self._asked[host] = self._ask(host)
        # Several may wait for one look-up; one that gives up must not end it for the others.
        return await asyncio.shield(self._asked[host])

    def _ask(self, host: str) -> asyncio.Future[tuple[str, ...]]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[tuple[str, ...]] = loop.create_future()
        future.add_done_callback(lambda done: self._remember(host, done))

        def settle(result: tuple[str, ...] | Exception) -> None:
            if future.done():
                return
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

        def look_up() -> None:
            result = _look_up(host)
            with suppress(RuntimeError):  # the loop may have ended meanwhile
                loop.call_soon_threadsafe(settle, result)

        threading.Thread(target=look_up, name=f"look up {host}", daemon=True).start()
        return future

    def _remember(self, host: str, done: asyncio.Future[tuple[str, ...]]) -> None:
        self._asked.pop(host, None)
        if not done.cancelled() and done.exception() is None:
            self._known[host] = (time.monotonic() + _REMEMBERED_SECONDS, done.result())


def _look_up(host: str) -> tuple[str, ...] | Exception:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return NameLookupError(f"the name {host} cannot be looked up ({error})")
    addresses = dict.fromkeys(str(each[4][0]) for each in found)
    return tuple(sorted(addresses, key=lambda each: ":" in each))


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's network, with every address checked before the connection."""

    def __init__(
        self, *, private_addresses: bool, connect_to: Mapping[str, str] | None = None
    ) -> None:
        """Declare the network.

        Args:
            private_addresses: Whether addresses outside the public internet are allowed.
            connect_to: By host name, `address:port` to connect to instead, whatever the address.
        """
        self._private = private_addresses
        self._connect_to = dict(connect_to or {})
        self._resolver = Resolver()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to an allowed address of the host.

        Raises:
            AddressRefusedError: where it has none.
            httpcore.ConnectError: where it has none at all, or none takes the connection.
            httpcore.ConnectTimeout: where that takes too long.
        """
        if host in self._connect_to:
            address, _, other_port = self._connect_to[host].rpartition(":")
            return await AsyncioStream.connect(address, int(other_port), timeout)
        end = time.monotonic() + (timeout if timeout is not None else float("inf"))
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolver.addresses(host.strip("[]"))
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"the look-up of {host} takes too long") from None
        allowed = self._allowed(host, found)
        for number, address in enumerate(allowed, start=1):
            left = max(end - time.monotonic(), 0.0) / (len(allowed) - number + 1)
            try:
                return await AsyncioStream.connect(
                    address, port, left if timeout is not None else None
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(allowed):
                    raise
        raise AssertionError("unreachable")

    def _allowed(self, host: str, found: tuple[str, ...]) -> tuple[str, ...]:
        allowed = tuple(each for each in found if self._private or is_public(each))
        if not allowed:
            shown = ", ".join(found[:_MOST_ADDRESSES])
            raise AddressRefusedError(f"{host} has no public address ({shown})")
        return allowed[:_MOST_ADDRESSES]

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
