"""Hints at the language of a text, from its commonest words and its letters.

The words are frequent function words of each language that English product texts do not use. It
is a hint for a feature and a report, no identification.
"""

from __future__ import annotations

import re

_WORDS = {
    "en": "the and for with your you our is are this that from of to it can will all or have be",
    "es": "el los las y con para una por del su que sin más es como al nuestra nuestro",
    "de": "und der die das mit für von den ist ein eine nicht zu auf im dem auch wird sind",
    "fr": "le les et avec pour des du une est dans sur au aux vous votre nos sans ce",
    "it": "il di e della dei con che gli nel delle sono alla questo è nostra senza",
    "pt": "o os com para uma não dos da em são você seu nossa mais ao é",
}
_LANGUAGES = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
#: Letters beyond Latin, from Greek to the end.
_OTHER_LETTERS = re.compile(r"[\u0370-\u1dff\u2c00-\ua71f\ua800-\ufaff\uff66-\uffdc]")
#: Fewer different words than this say nothing.
LEAST_WORDS = 3
#: Characters looked at; more would only cost time.
MOST_CHARACTERS = 600


def language_of(text: str) -> str | None:
    """The language with most function words in the text's beginning.

    Returns:
        "en", "es", "de", "fr", "it" or "pt", or none where fewer than three of its words stand
        there.
    """
    words = set(_WORD.findall(text[:MOST_CHARACTERS].lower()))
    votes = {language: len(words & known) for language, known in _LANGUAGES.items()}
    # At a tie, the first in the table.
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] >= LEAST_WORDS else None


def other_script_share(text: str) -> float:
    """Share of the characters that are letters of no Latin alphabet; 0 for an empty text."""
    beginning = text[:MOST_CHARACTERS]
    if not beginning or beginning.isascii():
        return 0.0
    return len(_OTHER_LETTERS.findall(beginning)) / len(beginning)
