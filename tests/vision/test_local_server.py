"""Images of a folder asked for over HTTP, by the names at the ends of their links."""

import pandas as pd
import pytest
from image_server import picture

from podium.vision.downloading.download import download_images
from podium.vision.downloading.downloaded import DownloadedImages
from podium.vision.downloading.local_server import HOST, local_links, served_folder
from podium.vision.downloading.rules import DownloadRules

RULES = DownloadRules(backoff_seconds=0.01, tries=2, processes=0)


@pytest.mark.parametrize(
    ("link", "local"),
    [
        ("https://images.example/I/71A.jpg", f"http://{HOST}/71A.jpg"),
        ("http://images.example/a/b/c%20d.png?size=3#x", f"http://{HOST}/c%20d.png"),
        ("https://images.example/..%2F..%2Fsecret", f"http://{HOST}/secret"),
        ("https://images.example/", "https://images.example/"),
        ("ftp://images.example/71A.jpg", "ftp://images.example/71A.jpg"),
        ("no link", "no link"),
        ("", ""),
        ("http://[bad/71A.jpg", "http://[bad/71A.jpg"),
    ],
)
def test_a_link_is_answered_by_the_file_of_its_name(link, local):
    assert local_links([link]) == [local]


def test_images_come_from_the_folder_and_nowhere_else(tmp_path):
    source, target = tmp_path / "source", tmp_path / "images"
    (source / "inner").mkdir(parents=True)
    (source / "71A.jpg").write_bytes(picture(1))
    (source / "page.jpg").write_text("<html>not found</html>")
    (tmp_path / "secret.jpg").write_bytes(picture(2))
    links = [
        "https://a.example/I/71A.jpg",
        "https://a.example/gone.jpg",
        "https://a.example/page.jpg",
    ]
    links += [f"http://{HOST}/../secret.jpg", f"http://{HOST}/inner/"]
    rows = pd.DataFrame(
        {"sample_id": range(5), "image_link": [*local_links(links[:3]), *links[3:]]}
    )
    with served_folder(source, RULES) as rules:
        table = download_images(rows, target, rules, progress=None)
    assert table["status"].tolist() == ["downloaded", *["placeholder"] * 4]
    assert table["reason"][1] == "HTTP 404" and "usable" in table["reason"][2]
    images = DownloadedImages(target, table)
    found = list(images.read_all(threads=2))
    assert [image is None for image in found] == [False, True, True, True, True]
    assert found[0].shape == (32, 32, 3)
    # The second run has another port, and asks for nothing again that was there.
    with served_folder(source, RULES) as rules:
        again = download_images(rows, target, rules, progress=None)
    assert again["status"][0] == "kept"


def test_without_the_server_the_name_belongs_to_nobody(tmp_path):
    rows = pd.DataFrame(
        {"sample_id": [1], "image_link": local_links(["https://a.example/71A.jpg"])}
    )
    table = download_images(rows, tmp_path / "images", RULES, progress=None)
    assert table["status"].tolist() == ["placeholder"]
