"""Every limit of a download in one place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from podium.common.parameters import Parameters

MEBIBYTE = 1 << 20


class DownloadRules(Parameters):
    """Limits of a download; the defaults spare the servers and end in finite time.

    Attributes:
        concurrency: Requests under way at once, over all hosts.
        per_host: The same for one host (scheme, name and port). A host gets one request at a time
            until it has answered, and fewer after it asked to slow down.
        http2: Offer HTTP/2 to https hosts; all requests to a host then share one connection.
        tries: Requests for one link, the first included.
        backoff_seconds: Longest wait before the second try. It doubles with each try; the wait
            itself is drawn evenly from zero to it (full jitter).
        longest_backoff_seconds: Where the doubling ends.
        longest_retry_after_seconds: Most that a host's Retry-After is followed.
        connect_seconds: For the name look-up, the connection and TLS.
        read_seconds: For each piece of an answer.
        total_seconds: For one whole try.
        most_bytes: Largest file; reading stops there.
        most_pixels: Largest image, width times height.
        most_redirects: Redirects that one link may take.
        private_addresses: Allow hosts inside private, loopback and link-local networks.
        connect_to: Where to connect to for a host name, as `address:port`; that address may be a
            private one. Such a name is not looked up.
        certificates: File of the certificate authorities to trust instead of the usual ones.
        unreachable_tries: Failed connections in a row after which a host that never answered is
            given up.
        silent_tries: Accepted connections in a row without any answer after which a host is.
        outage_seconds: How long a host that had answered may be away.
        dead_hosts: Hosts given up after which, if none ever answered, there is no network.
        retry_failed: Which failures of an earlier run are tried again. `temporary` are those
            that another day may mend: time-outs, server errors, hosts out of reach.
        names: What a file is named after. By `url`, rows with the same link share a file.
        user_agent: How the program presents itself.
        processes: Processes that decode and write; 0 means a thread of this one. By default one
            per core but one where there are many links, else none.
    """

    concurrency: Annotated[int, Field(ge=1, le=4096)] = 256
    per_host: Annotated[int, Field(ge=1, le=4096)] = 64
    http2: bool = True
    tries: Annotated[int, Field(ge=1, le=20)] = 4
    backoff_seconds: Annotated[float, Field(ge=0)] = 0.5
    longest_backoff_seconds: Annotated[float, Field(ge=0)] = 20.0
    longest_retry_after_seconds: Annotated[float, Field(ge=0)] = 60.0
    connect_seconds: Annotated[float, Field(gt=0)] = 5.0
    read_seconds: Annotated[float, Field(gt=0)] = 15.0
    total_seconds: Annotated[float, Field(gt=0)] = 60.0
    most_bytes: Annotated[int, Field(ge=1)] = 20 * MEBIBYTE
    most_pixels: Annotated[int, Field(ge=1)] = 50_000_000
    most_redirects: Annotated[int, Field(ge=0)] = 5
    private_addresses: bool = False
    connect_to: dict[str, str] = {}
    certificates: str | None = None
    unreachable_tries: Annotated[int, Field(ge=1)] = 3
    silent_tries: Annotated[int, Field(ge=1)] = 10
    outage_seconds: Annotated[float, Field(ge=0)] = 60.0
    dead_hosts: Annotated[int, Field(ge=1)] = 20
    retry_failed: Literal["never", "temporary", "always"] = "temporary"
    names: Literal["sample_id", "url"] = "sample_id"
    user_agent: str = "Mozilla/5.0 (compatible; Podium image download)"
    processes: Annotated[int, Field(ge=0, le=64)] | None = None
