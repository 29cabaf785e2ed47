"""How hosts are treated: few connections, used again, bounded requests, pauses when asked."""

import time

import pandas as pd
import pytest
from image_server import (
    Http2Server,
    ImageServer,
    answer,
    certificate,
    closed_port,
    picture,
    quick_rules,
    redirect,
    retry_date,
    status,
)

from podium.vision.downloading.download import download_images

# For answers that a server holds back.
PATIENT = {"read_seconds": 60, "total_seconds": 120}


def download(folder, links, **rules):
    rows = pd.DataFrame({"sample_id": range(len(links)), "image_link": links})
    return download_images(rows, folder, quick_rules(**rules), progress=None)


def test_connections_are_used_again(tmp_path):
    with ImageServer() as server:
        table = download(tmp_path, [server.url(str(n)) for n in range(60)], per_host=4)
        assert set(table["status"]) == {"downloaded"}
        assert len(server.requests) == 60
        assert server.connections <= 4


def test_a_connection_that_the_server_closed_costs_no_image(tmp_path):
    closing = answer(picture(1), headers="Connection: close\r\n")
    with ImageServer() as server:
        links = [server.url(str(n)) for n in range(20)]
        for n in range(0, 20, 2):  # each other answer is the last of its connection
            server.scripts[str(n)] = [(closing, "close")]
        table = download(tmp_path, links, per_host=2)
        assert set(table["status"]) == {"downloaded"}
        assert len(server.requests) == 20


@pytest.mark.parametrize(
    ("rules", "most"),
    [({"per_host": 5}, 5), ({"per_host": 50, "concurrency": 3}, 3), ({"per_host": 1}, 1)],
)
def test_no_more_requests_at_once_than_allowed(tmp_path, rules, most):
    with ImageServer(latency=0.02) as server:
        server.held_until = lambda: server.most_active >= most
        download(tmp_path, [server.url(str(n)) for n in range(40)], **rules, **PATIENT)
        assert server.most_active == most
        assert server.connections == most


def test_requests_that_are_sent_on_count_for_their_new_host(tmp_path):
    with ImageServer() as near, ImageServer(latency=0.02) as far:
        far.held_until = lambda: far.most_active >= 3
        links = []
        for n in range(30):
            near.scripts[str(n)] = [redirect(far.url(str(n)))]
            links.append(near.url(str(n)))
        table = download(tmp_path, links, per_host=3, **PATIENT)
        assert set(table["status"]) == {"downloaded"}
        assert far.most_active == 3 and len(far.requests) == 30


def test_a_slow_host_does_not_hold_up_a_quick_one(tmp_path):
    with ImageServer() as slow, ImageServer() as quick:
        slow.held_until = lambda: len(quick.requests) >= 40
        # The slow one stands first, with more links than there are workers.
        links = [slow.url(str(n)) for n in range(8)] + [quick.url(str(n)) for n in range(40)]
        download(tmp_path, links, per_host=2, concurrency=4, **PATIENT)
        assert quick.requests[-1][0] < slow.requests[4][0]


@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured(tmp_path, date, code):
    def busy():
        after = retry_date(2) if date else 1  # a date has no parts of a second
        return status(code, f"Retry-After: {after}\r\n")

    with ImageServer() as server:
        server.scripts["0"] = [busy, answer(picture())]
        table = download(tmp_path, [server.url("0"), server.url("1")], per_host=1)
        assert set(table["status"]) == {"downloaded"}
        first, *others = [moment for moment, _, _ in server.requests]
        assert all(moment - first > 0.9 for moment in others)  # the host's other links wait too


def test_retry_after_is_capped(tmp_path):
    with ImageServer() as server:
        server.scripts["0"] = [status(429, "Retry-After: 86400\r\n"), answer(picture())]
        began = time.monotonic()
        table = download(tmp_path, [server.url("0")], longest_retry_after_seconds=0.2)
        # Far less than the day that the server asks for.
        assert 0.2 <= time.monotonic() - began < 600
    assert table.loc[0, "status"] == "downloaded"


def test_what_is_sent_presents_the_program_and_nothing_else(tmp_path):
    with ImageServer() as server:
        server.scripts["0"] = [answer(picture(), headers="Set-Cookie: who=me\r\n")]
        links = [server.url("0"), server.url("1")]
        download(tmp_path, links, user_agent="Somebody", per_host=1)
        for _, _, headers in server.requests:
            assert headers["user-agent"] == "Somebody"
            assert headers["accept-encoding"] == "identity"
            assert set(headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_http2_takes_one_connection_for_all(tmp_path):
    public, tls = certificate(tmp_path, "h2", "http/1.1")
    with Http2Server(latency=0.02, tls=tls) as server:
        server.held_until = lambda: server.most_active >= 10
        links = [server.url(str(n)) for n in range(40)]
        rules = {"certificates": str(public), "per_host": 10, **PATIENT}
        table = download(tmp_path / "images", links, **rules)
        assert set(table["status"]) == {"downloaded"}, set(table["reason"])
        assert len(server.requests) == 40
        assert server.connections == 1
        assert server.most_active == 10


@pytest.mark.parametrize("code", [404, 302])
def test_a_refusal_costs_no_connection(tmp_path, code):
    with ImageServer() as server:
        server.scripts = {str(n): [status(code)] for n in range(20)}
        table = download(tmp_path, [server.url(str(n)) for n in range(20)], per_host=1)
        assert set(table["status"]) == {"placeholder"}
        assert server.connections == 1


@pytest.mark.parametrize(("size", "connections"), [(60_000, 1), (80_000, 280)])
def test_pages_that_nobody_reads_do_not_stop_a_shared_connection(tmp_path, size, connections):
    # A host may send 16 MiB over one connection before somebody reads.
    public, tls = certificate(tmp_path, "h2")
    with Http2Server(tls=tls) as server:
        server.scripts = {f"gone{n}": (404, bytes(size)) for n in range(280)}
        links = [server.url(name) for name in [*server.scripts, *"123456789"]]
        rules = {"certificates": str(public), "per_host": 3, "tries": 1, **PATIENT}
        table = download(tmp_path / "images", links, **rules)
        assert list(table["reason"]) == ["HTTP 404"] * 280 + [""] * 9
        assert server.connections <= connections


@pytest.mark.parametrize(("http2", "offered"), [(True, "http/1.1"), (False, "h2")])
def test_https_without_http2(tmp_path, http2, offered):
    # Either the server does not speak it, or it is not offered to one that would.
    public, tls = certificate(tmp_path, *dict.fromkeys([offered, "http/1.1"]))
    with ImageServer(tls=tls) as server:
        server.scripts["0"] = [answer(picture(3, side=400, kind="PNG"))]
        links = [server.url(str(n)) for n in range(30)]
        rules = {"certificates": str(public), "http2": http2, "per_host": 3}
        table = download(tmp_path / "images", links, **rules)
        assert set(table["status"]) == {"downloaded"}, set(table["reason"])
        assert server.connections <= 3
    assert (tmp_path / "images" / "0.png").read_bytes() == picture(3, side=400, kind="PNG")


def test_a_certificate_of_nobody_known_is_refused(tmp_path):
    _, tls = certificate(tmp_path, "http/1.1")
    with ImageServer(tls=tls) as server:
        table = download(tmp_path / "images", [server.url("0")])
        assert not server.requests
    assert "CERTIFICATE_VERIFY_FAILED" in table.loc[0, "reason"]


def test_connections_that_never_came_about_are_not_kept():
    import asyncio

    import httpcore

    from podium.vision.downloading.connections import KeptConnections
    from podium.vision.downloading.links import parse_link

    async def ask(port):
        connections = KeptConnections(private_addresses=True)
        for _ in range(3):
            with pytest.raises(httpcore.ConnectError):
                await connections.get(parse_link(f"http://127.0.0.1:{port}/x"), [], {})
        return connections.idle

    with closed_port() as port:
        assert asyncio.run(ask(port)) == 0


def test_idle_connections_to_many_hosts_are_bounded(tmp_path):
    import asyncio

    from podium.vision.downloading.connections import KeptConnections
    from podium.vision.downloading.links import parse_link

    async def ask(urls):
        transport = KeptConnections(private_addresses=True, most_idle=3)
        for url in urls:
            answer = await transport.get(parse_link(url), [], {})
            assert b"".join([piece async for piece in answer.pieces()])
            await answer.aclose()
        held = transport.idle
        await transport.aclose()
        return held, transport.idle

    with ImageServer(address="0.0.0.0") as server:
        urls = [server.url("x", f"127.0.0.{number}") for number in range(1, 9)]
        assert asyncio.run(ask(urls)) == (3, 0)
        assert server.connections == 8
