"""Links and file names: what may be asked for, and where it may be written."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LONGEST_LINK = 4096
_LONGEST_PLAIN_NAME = 100
_PLAIN_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_PLAIN_NAME}}}")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
# Whatever stands before such a path, it is in its normal form already.
_WITH_PLAIN_PATH = re.compile(
    r"(https?://[A-Za-z0-9.:\[\]-]+)((?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+)"
)
#: Tables name few hosts, and to take one apart costs time.
HOSTS_REMEMBERED = 4096
_SHOWN_OF_NAME = 40
_SCHEMES = ("http", "https")
_DIGITS = 32


class LinkError(ValueError):
    """A link that is not asked for; the message is the reason."""


@dataclass(frozen=True)
class Link:
    """A link that may be asked for.

    Attributes:
        url: Its normal form: names in lower case, no default port, no fragment.
        host: Scheme, name and port; limits and breakers are kept for each.
    """

    url: str
    host: str

    @property
    def target(self) -> str:
        """Path and query, as the request line has them."""
        rest = self.url[len(self.host) :]
        return rest if rest.startswith("/") else f"/{rest}"


def parse_link(link: Any) -> Link:
    """Bring a link to its normal form.

    Args:
        link: Text with or without white space around it, or a missing value.

    Raises:
        LinkError: no text, another scheme than http and https, no host, a name and password, or
            text that is no URL at all.
    """
    text = link.strip() if isinstance(link, str) else ""
    if not text:
        raise LinkError("no link")
    if len(text) > LONGEST_LINK:
        raise LinkError(f"the link is longer than {LONGEST_LINK:,} characters")
    if plain := _WITH_PLAIN_PATH.fullmatch(text):
        host = _remembered(plain[1]).host
        return Link(host + plain[2], host)
    return _parsed(text)


@lru_cache(HOSTS_REMEMBERED)
def _remembered(text: str) -> Link:
    """A link without a path."""
    return _parsed(text)


def _parsed(text: str) -> Link:
    import httpx

    scheme, colon, rest = text.partition(":")
    try:
        # In lower case beforehand: else httpx would not know its default port.
        url = httpx.URL(scheme.lower() + colon + rest)
        host, port = url.raw_host.decode("ascii"), url.port
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise LinkError(f"not a URL: {error}") from None
    if url.scheme not in _SCHEMES:
        shown = repr(url.scheme[:20]) if url.scheme else "none"
        raise LinkError(f"only http and https are asked for; this link's scheme is {shown}")
    if not host:
        raise LinkError("the link names no host")
    if not _HOST.fullmatch(host):
        raise LinkError(f"{host[:80]!r} is no host name")
    if url.userinfo:
        raise LinkError("the link holds a name or password")
    if port is not None and not 0 < port < 1 << 16:
        raise LinkError(f"there is no port {port}")
    # An empty fragment is none for httpx, but its sign would stay.
    whole = url.copy_with(fragment=None) if "#" in rest else url
    return Link(str(whole), f"{url.scheme}://{whole.netloc.decode('ascii')}")


def join_link(base: str, target: str) -> Link:
    """The link that a redirect leads to.

    Raises:
        LinkError: as in `parse_link`.
    """
    import httpx

    try:
        joined = str(httpx.URL(base).join(target.strip()))
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise LinkError(f"redirect to what is not a URL: {error}") from None
    try:
        return parse_link(joined)
    except LinkError as error:
        raise LinkError(f"redirect refused: {error}") from None


def name_of_sample(sample_id: Any) -> str:
    """A file name without extension for a sample; it cannot leave the folder.

    Letters, digits, `_` and `-` are kept. Any other id becomes its own beginning without the rest
    of its characters, a dot and a hash, so that it can meet neither a plain name nor another id.
    """
    text = str(sample_id)
    if _PLAIN_NAME.fullmatch(text):
        return text
    shown = re.sub(r"[^A-Za-z0-9_-]+", "_", text)[:_SHOWN_OF_NAME]
    return f"{shown}.{_digest(text)}"


def name_of_url(url: str) -> str:
    """A file name without extension for a URL: the beginning of its SHA-256 in hex."""
    return _digest(url)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
