"""Links are brought to one form or refused; file names cannot leave their folder."""

import string
from pathlib import PurePosixPath

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podium.vision.downloading import links
from podium.vision.downloading.links import (
    Link,
    LinkError,
    join_link,
    name_of_sample,
    name_of_url,
    parse_link,
)

SAFE = set(string.ascii_letters + string.digits + "_-.")


@pytest.mark.parametrize(
    ("link", "url", "host"),
    [
        ("https://m.example.com/images/I/1.jpg", None, "https://m.example.com"),
        (" HTTPS://M.Example.com:443/a b.jpg\n", "https://m.example.com/a%20b.jpg", None),
        ("http://example.com:80/1.jpg#part", "http://example.com/1.jpg", "http://example.com"),
        ("http://example.com:8080/1", None, "http://example.com:8080"),
        ("http://bücher.example/ü.png", "http://xn--bcher-kva.example/%C3%BC.png", None),
        ("http://[2606:4700::1111]/1.jpg", None, "http://[2606:4700::1111]"),
    ],
)
def test_links_that_are_asked_for(link, url, host):
    found = parse_link(link)
    assert found.url == (url or link)
    assert host is None or found.host == host


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        (None, "no link"),
        (float("nan"), "no link"),
        ("  ", "no link"),
        ("file:///etc/passwd", "scheme is 'file'"),
        ("ftp://example.com/1.jpg", "scheme is 'ftp'"),
        ("data:image/png;base64,AAAA", "scheme is 'data'"),
        ("/images/1.jpg", "scheme is none"),
        ("http:///1.jpg", "names no host"),
        ("http://user:secret@example.com/1.jpg", "name or password"),
        ("http://example.com:99999/1.jpg", "port"),
        ("http://exa mple.com/1.jpg", "no host name"),
        ("http://example.com/\x00.jpg", "not a URL"),
        ("http://example.com/" + "a" * 5000, "longer than"),
    ],
)
def test_links_that_are_not(link, reason):
    with pytest.raises(LinkError, match=reason):
        parse_link(link)


@given(
    st.text(max_size=60),
    st.sampled_from(["", "http://", "https://h/", "http://h:", "http://h?", "http://h/ü/?ä="]),
)
@example("0#", "http://")
def test_any_text_is_a_link_or_refused(text, start):
    try:
        link = parse_link(start + text)
    except LinkError:
        return
    assert parse_link(link.url) == link
    url = httpx.URL(link.url)
    assert link.host == f"{url.scheme}://{url.netloc.decode()}"
    assert link.target.encode() == url.raw_path


def test_redirects_are_joined_and_judged_like_links():
    base = "https://example.com/a/1.jpg"
    assert join_link(base, "../b.jpg") == Link("https://example.com/b.jpg", "https://example.com")
    assert join_link(base, "//other.org/x").host == "https://other.org"
    for target in ("file:///etc/passwd", "http://u:p@h/", "http://exa mple/", "gopher://x"):
        with pytest.raises(LinkError, match="redirect"):
            join_link(base, target)


@given(
    st.sampled_from(["http://", "https://", "HTTP://"]),
    st.text("hX1.:[]-@", max_size=8),
    st.text("/aB1._~-%?#ü", max_size=12),
)
@example("http://", "1.1.1.999", "/a")
@example("https://", "h:443", "/a/../b")
@example("http://", "h:99999", "/a")
def test_remembered_hosts_give_the_same_links(scheme, host, path):
    def told(parse):
        try:
            return parse(scheme + host + path)
        except LinkError as error:
            return str(error)

    assert told(parse_link) == told(links._parsed)


@pytest.mark.parametrize("sample", ["217392", "B07_x-9", 217392])
def test_plain_ids_are_their_own_names(sample):
    assert name_of_sample(sample) == str(sample)


@given(st.text(max_size=300))
def test_names_stay_in_the_folder(text):
    name = name_of_sample(text)
    assert set(name) <= SAFE and 0 < len(name) <= 100
    assert PurePosixPath(name).name == name and not name.startswith("..")
    assert name_of_sample(text) == name


@pytest.mark.parametrize(
    "text", ["../../x", "/etc/x", "a\x00b", "x" * 5000, "", ".", "..", "a/../b", "\ud800", "COM.1"]
)
def test_hostile_ids_get_a_hash_that_no_plain_id_can_equal(text):
    name = name_of_sample(text)
    stem, dot, digest = name.rpartition(".")
    assert dot and len(digest) == 32 and "/" not in name and "\0" not in name and len(stem) <= 40
    # The name itself, taken for an id, becomes another one: it holds a dot.
    assert name_of_sample(name) != name


def test_ids_that_look_alike_keep_apart():
    names = [name_of_sample(each) for each in ("a/b", "a b", "a:b", "a_b", "a\\b")]
    assert len(set(names)) == len(names)


def test_urls_are_named_by_their_hash():
    assert name_of_url("http://h/1") != name_of_url("http://h/2")
    assert len(name_of_url("http://h/1")) == 32
