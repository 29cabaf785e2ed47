"""Names of tracks, artists and genres for the sample data, in Kazakh, Russian and English.

They carry what real names carry: Cyrillic and Kazakh letters, apostrophes, commas and quotes.
"""

from __future__ import annotations

import numpy as np

from podium.recommendation.synthetic import Catalogue
from podium.recommendation.synthetic_world import GENRE_LANGUAGE, Ints

#: In the order of `GENRE_LANGUAGE`: six Kazakh, six Russian, six English.
GENRES = (
    "Қазақ эстрадасы", "Дәстүрлі ән", "Күй", "Той әндері", "Q-pop", "Терме",
    "Поп", "Русский рэп", "Шансон", "Рок", "Джаз", "Детская музыка",
    "Pop", "Hip-Hop", "Chill", "Dance", "Rock'n'Roll", "Drum'n'Bass",
)  # fmt: skip
assert len(GENRES) == len(GENRE_LANGUAGE)

_FIRST = (
    ("Айгүл", "Ерлан", "Жібек", "Қайрат", "Нұрлан", "Әсем", "Бекзат", "Гүлнұр", "Дәурен",
     "Мөлдір", "Самал", "Төреғали", "Үміт", "Шыңғыс", "Ілияс", "Роза"),
    ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Злата", "Игорь", "Кира", "Лев",
     "Мария", "Николай", "Ольга", "Пётр", "Рита", "Юлия"),
    ("Alice", "Ben", "Clara", "Dean", "Ella", "Frank", "Grace", "Hugo", "Ivy", "Jack", "Kate",
     "Liam", "Mia", "Noah", "Olivia", "Paul"),
)  # fmt: skip
_LAST = (
    ("Жұмабаев", "Қасымова", "Нұрпейіс", "Сейітқали", "Тілеуберді", "Әбдіраш", "Өтеген",
     "Ғалымжан", "Ысқақ", "Баймұрат", "Ерғали", "Мәмбет"),
    ("Орлова", "Соколов", "Лебедева", "Морозов", "Волков", "Зайцева", "Рябинин", "Чайка",
     "Щукин", "Ёлкина", "Снегирёв", "Полянская"),
    ("Stone", "Rivers", "O'Neil", "Carter", "Wilde", "Hayes", "Brooks", "D'Arcy", "Monroe",
     "Fox", "Lane", "West"),
)  # fmt: skip
_ADJECTIVE = (
    ("Ақ", "Қара", "Көк", "Алтын", "Нұрлы", "Жалғыз", "Алыс", "Сұлу", "Мұңлы", "Әдемі",
     "Ыстық", "Үнсіз"),
    ("Белая", "Тихая", "Ночная", "Синяя", "Первая", "Далёкая", "Чужая", "Последняя", "Моя",
     "Вечная", "Майская", "Городская"),
    ("Silent", "Golden", "Broken", "Endless", "Midnight", "Lonely", "Electric", "Summer",
     "Don't Stop,", "Wild", "Blue", "Secret"),
)  # fmt: skip
_NOUN = (
    ("дала", "жүрек", "махаббат", "жұлдыз", "түн", "көктем", "бұлбұл", "ана", "сағыныш", "таң",
     "қанат", "өмір", "арман", "жаңбыр", "дәурен", "гүл"),
    ("ночь", "звезда", "любовь", "дорога", "весна", "мечта", "зима", "река", "песня", "тень",
     "луна", "улица", "тайна", "осень", "птица", "волна"),
    ("Heart", "Road", "Dream", "Night", "Fire", "Rain", "Star", "River", "Love", "Shadow",
     "Sky", "Ocean", "Light", "Dance", "Song", "City"),
)  # fmt: skip
_VERSION = ("", "", "", "", "", "", " (Live)", " (Remix)", ' "Acoustic"', ", Pt. 2", " - Single")


def artist_names(catalogue: Catalogue, rng: np.random.Generator) -> list[str]:
    """One name per artist, all different.

    Args:
        catalogue: The tracks; an artist sings in the language of its scene.
        rng: Source of randomness.

    Returns:
        Names, in the order of the artists of the catalogue.
    """
    language = GENRE_LANGUAGE[catalogue.genre[catalogue.artist_start[:-1]]]
    draws = rng.integers(0, 1_000_000, (len(language), 4))
    names: list[str] = []
    seen: dict[str, int] = {}
    for tongue, (kind, one, two, three) in zip(language.tolist(), draws.tolist(), strict=True):
        first, last = _pick(_FIRST[tongue], one), _pick(_LAST[tongue], two)
        name = f"{first} {last}"
        if kind % 10 < 3:  # noqa: PLR2004
            name = f"{_pick(_ADJECTIVE[tongue], three).rstrip(',')} {_pick(_NOUN[tongue], two)}"
        elif kind % 100 == 99:  # noqa: PLR2004
            name = f'{first} "{_pick(_NOUN[tongue], three)}" {last}'
        elif kind % 100 == 98:  # noqa: PLR2004
            name = f"{last}, {first}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return names


def track_names(catalogue: Catalogue, rng: np.random.Generator) -> list[str]:
    """One name per track; names may repeat, as titles do."""
    language = GENRE_LANGUAGE[catalogue.genre]
    draws = rng.integers(0, 1_000_000, (catalogue.size, 3))
    return [
        f"{_pick(_ADJECTIVE[tongue], one)} {_pick(_NOUN[tongue], two)}{_pick(_VERSION, three)}"
        for tongue, (one, two, three) in zip(language.tolist(), draws.tolist(), strict=True)
    ]


def credits(catalogue: Catalogue, names: list[str]) -> list[str]:
    """The artist column: 'A', or 'A feat. B' for a collaboration."""
    return [
        names[one] if two < 0 else f"{names[one]} feat. {names[two]}"
        for one, two in zip(catalogue.artist.tolist(), catalogue.featured.tolist(), strict=True)
    ]


def genre_lists(first: Ints, second: Ints) -> list[str]:
    """The genre column: a list written as Python writes it, such as "['Поп', 'Chill']"."""
    written = {
        (one, two): str([GENRES[one]] + ([GENRES[two]] if two >= 0 else []))
        for one in range(len(GENRES))
        for two in range(-1, len(GENRES))
    }
    return [written[pair] for pair in zip(first.tolist(), second.tolist(), strict=True)]


def _pick(words: tuple[str, ...], draw: int) -> str:
    return words[draw % len(words)]
