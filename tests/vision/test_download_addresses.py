"""Only addresses that were checked are connected to, and names are looked up once."""

import asyncio
import socket

import httpcore
import pandas as pd
import pytest
from image_server import ImageServer, quick_rules

from podium.vision.downloading import addresses
from podium.vision.downloading.addresses import CheckedBackend, NameLookupError, Resolver, is_public
from podium.vision.downloading.download import download_images


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # where clouds keep credentials
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("64:ff9b::808:808", True),
    ],
)
def test_addresses_of_the_public_internet(address, public):
    assert is_public(address) is public


@pytest.fixture
def names(monkeypatch):
    """A name server of our own: answers by name, and the list of what was asked."""
    answers, asked = {}, []

    def look_up(host, *_, **__):
        asked.append(host)
        found = answers[host]
        if isinstance(found[0], list):
            found = found.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    return answers, asked


@pytest.fixture
def public_here(monkeypatch):
    """127.0.0.1 passes for a public address; no other of this machine does."""
    monkeypatch.setattr(addresses, "is_public", lambda address: address == "127.0.0.1")


def fetch(url, folder, **changed):
    rows = pd.DataFrame({"sample_id": ["1"], "image_link": [url]})
    rules = quick_rules(**{"private_addresses": False, **changed})
    return download_images(rows, folder, rules, progress=None).loc[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_this_machine_is_not_asked_by_default(host, tmp_path):
    with ImageServer() as server:
        row = fetch(server.url("1.jpg", host), tmp_path)
        assert not server.connections
    assert row["status"] == "placeholder"
    assert "no public address" in row["reason"]


def test_a_public_name_with_a_private_address_is_refused(names, tmp_path):
    names[0]["images.example"] = ["10.0.0.7", "127.0.0.1"]
    with ImageServer() as server:
        row = fetch(server.url("1.jpg", "images.example"), tmp_path)
        assert not server.connections
    assert "images.example has no public address (10.0.0.7, 127.0.0.1)" in row["reason"]


def test_the_connection_goes_to_the_address_that_was_checked(names, public_here, tmp_path):
    # A second look-up would answer with an address that must not be asked.
    names[0]["rebind.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    with ImageServer() as server:
        row = fetch(server.url("1.jpg", "rebind.example"), tmp_path)
        assert server.requests[0][2]["host"] == f"rebind.example:{server.port}"
    assert row["status"] == "downloaded"
    assert names[1] == ["rebind.example"]


def test_private_addresses_beside_a_public_one_are_left_out(names, public_here, tmp_path):
    names[0]["mixed.example"] = ["127.0.0.3", "127.0.0.1"]
    with ImageServer() as server:
        assert fetch(server.url("1.jpg", "mixed.example"), tmp_path)["status"] == "downloaded"


def test_a_redirect_to_a_private_address_is_refused(names, public_here, tmp_path):
    names[0].update({"good.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]})
    with ImageServer() as server:
        inside = server.url("secret.jpg", "inside.example")
        script = f"HTTP/1.1 302 Found\r\nLocation: {inside}\r\nContent-Length: 0\r\n\r\n"
        server.scripts["go.jpg"] = [script.encode()]
        row = fetch(server.url("go.jpg", "good.example"), tmp_path)
        assert not server.asked("secret.jpg")
    assert "inside.example has no public address" in row["reason"]


def test_the_next_address_is_tried_where_one_refuses(names, tmp_path):
    # Nothing listens on 127.0.0.2.
    names[0]["two.example"] = ["127.0.0.2", "127.0.0.1"]
    with ImageServer() as server:
        row = fetch(server.url("1.jpg", "two.example"), tmp_path, private_addresses=True)
    assert row["status"] == "downloaded"


def test_many_ask_for_a_name_at_once_and_it_is_looked_up_once(names):
    names[0]["one.example"] = ["127.0.0.1"]

    async def ask():
        resolver = Resolver()
        found = await asyncio.gather(*(resolver.addresses("one.example") for _ in range(50)))
        return [*found, await resolver.addresses("one.example")]

    assert set(asyncio.run(ask())) == {("127.0.0.1",)}
    assert names[1] == ["one.example"]


def test_a_name_that_is_not_found_is_asked_again_later(monkeypatch):
    asked = []

    def fail(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(-3, "Temporary failure")

    monkeypatch.setattr(addresses.socket, "getaddrinfo", fail)

    async def ask():
        resolver = Resolver()
        for _ in range(2):
            with pytest.raises(NameLookupError, match="gone.example cannot be looked up"):
                await resolver.addresses("gone.example")

    asyncio.run(ask())
    assert len(asked) == 2


def test_a_look_up_that_hangs_costs_no_more_than_the_time_for_connecting(monkeypatch):
    import threading

    forever = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: [forever.wait(5)][:0])

    async def ask():
        await CheckedBackend(private_addresses=False).connect_tcp("slow.example", 80, 0.05)

    with pytest.raises(httpcore.ConnectTimeout, match="look-up of slow.example"):
        asyncio.run(ask())
    forever.set()
