"""Genres and artists out of texts."""

from __future__ import annotations

import pandas as pd
import pytest

from podium.recommendation.catalogue import artist_table, genre_table, parse_genres, split_artists


@pytest.mark.parametrize(
    ("text", "genres", "proper"),
    [
        ("['Поп', 'Қазақ рэпі']", ["Поп", "Қазақ рэпі"], True),
        ("""["Rock'n'Roll", 'R&B']""", ["Rock'n'Roll", "R&B"], True),
        ("['Rock'n'Roll', 'Pop']", ["Rock'n'Roll", "Pop"], False),
        ('["Pop", "Hip, Hop"]', ["Pop", "Hip, Hop"], True),
        ("[]", [], True),
        ("", [], False),
        ("nan", [], False),
        ("Pop, Джаз", ["Pop", "Джаз"], False),
        ("[Pop, Джаз]", ["Pop", "Джаз"], False),
        ("['Pop', 'Pop', ' Pop ']", ["Pop"], True),
        ("['Pop', 'Ро", ["Pop", "Ро"], False),
        ("[None, 'Pop']", ["Pop"], True),
        ("[" * 300, ["[" * 299], False),
    ],
)
def test_genres(text: str, genres: list[str], proper: bool) -> None:
    assert parse_genres(text) == (genres, proper)


CATALOGUE = [
    "Drake", "Rihanna", "Kali", "Tyler, The Creator", "AC/DC", "Simon & Garfunkel", "Скриптонит",
    "Charlie xcx",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "artists"),
    [
        ("Drake feat. Rihanna", ["Drake", "Rihanna"]),
        ("Drake ft. Nobody Known", ["Drake", "Nobody Known"]),
        ("Drake Featuring Rihanna & Kali", ["Drake", "Rihanna", "Kali"]),
        ("Drake (feat. Rihanna)", ["Drake", "Rihanna"]),
        ("Drake [ft Kali]", ["Drake", "Kali"]),
        ("Скриптонит feat.Drake", ["Скриптонит", "Drake"]),
        ("Drake & Rihanna", ["Drake", "Rihanna"]),
        ("drake x RIHANNA", ["drake", "RIHANNA"]),
        ("Drake & Unheard", ["Drake & Unheard"]),
        ("Tyler, The Creator", ["Tyler, The Creator"]),
        ("Tyler, The Creator & Kali", ["Tyler, The Creator", "Kali"]),
        ("Drake, Rihanna & Kali", ["Drake", "Rihanna", "Kali"]),
        ("Simon & Garfunkel", ["Simon & Garfunkel"]),
        ("Simon & Garfunkel, Drake", ["Simon & Garfunkel", "Drake"]),
        ("AC/DC", ["AC/DC"]),
        ("Charlie xcx", ["Charlie xcx"]),
        ("Daft Punk", ["Daft Punk"]),
        ("Drake feat. Drake", ["Drake"]),
        (",", [","]),
        ("feat. ", ["feat."]),
    ],
)
def test_artists(name: str, artists: list[str]) -> None:
    assert split_artists([*CATALOGUE, name])[name] == artists


def test_artist_ids_join_spellings() -> None:
    names = ["Beta feat. Alpha", " alpha ", None, "Alpha"]
    table = artist_table(pd.DataFrame({"item_id": [3, 1, 2, 4], "artist_name": names}))
    assert table.to_numpy().tolist() == [
        [1, 0, "Alpha", 0],
        [3, 1, "Beta", 0],
        [3, 0, "Alpha", 1],
        [4, 0, "Alpha", 0],
    ]


def test_genre_table_tells_what_was_no_list() -> None:
    items = pd.DataFrame({"item_id": [2, 1, 3], "genres": ["['A', 'B']", "C, A", None]})
    table, improper = genre_table(items)
    assert table.to_numpy().tolist() == [[1, "C", 0], [1, "A", 1], [2, "A", 0], [2, "B", 1]]
    assert improper["item_id"].tolist() == [1]
