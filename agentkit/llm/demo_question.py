"""The words of a question, as the rules of the demo provider see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP = _words(
    """
    a an the of in on at to for from by with and or but if is are was were be been do does did
    has have had can could would should will may it its this that these those there here i me my
    we us our you your they them their he she what which who whom whose where when why how much
    please tell give show get list let make use using used find look compute calculate return
    returns value values data dataset tool function one each every all any some per across
    between versus vs compare differ difference than then as so not no also too only about most
    more least less highest higher largest larger biggest bigger greatest greater smallest
    smaller fewest fewer lowest lower best worst top name named into out up
    """
)

_SAME = (
    "mean average typical",
    "count many number often",
    "total sum overall altogether",
    "mass weight weigh heavy light",
    "length long short",
    "height tall",
    "depth deep thick",
    "width wide",
    "age old young",
    "speed fast slow",
    "price cost expensive cheap",
    "max maximum",
    "min minimum",
    "median middle",
    "grow growth grew grown increase",
    "correlation correlate relate relationship",
    "column field variable",
    "missing null nan empty",
)
"""Words that count as the same, the first standing for all."""

_DRAWING = (
    "plot chart graph draw histogram diagram figure picture visualise visualize scatter boxplot"
    " heatmap sketch"
)
_LARGEST = _words(
    """
    most more highest higher largest larger biggest bigger greatest greater longer heavier
    taller maximum max best top
    """
)
_SMALLEST = _words(
    """
    least less fewest fewer lowest lower smallest smaller shortest shorter lightest lighter
    minimum min worst slowest youngest cheapest
    """
)
_WIDE = _words(
    """
    each every all per compare comparing across between versus vs differ difference
    """
)
_NUMBERS = {
    word: number
    for number, word in enumerate(
        (
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ),
        start=2,
    )
}
_MOST_CHARS = 2_000
"""Of a question that are looked at: more is a text to work on, not words to go by."""

_ASKING = _words("what which who whose where when how why is are was were do does did compare")
_NO_SUPERLATIVES = _words(
    """
    test rest best west forest interest request latest nearest guest suggest harvest invest
    honest arrest chest nest quest
    """
)


def _stem(word: str) -> str:
    word = word.lower()
    if word.endswith("est") and len(word) > 5 and word not in _NO_SUPERLATIVES:
        word = re.sub(r"(.)\1$", r"\1", word[:-3])
        word = word[:-1] + "y" if word.endswith("i") else word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("ing") and len(word) > 5:
        word = re.sub(r"([^l])\1$", r"\1", word[:-3])
    elif word.endswith("ed") and len(word) > 4:
        word = re.sub(r"([^l])\1$", r"\1", word[:-2])
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


_CANONICAL = {_stem(word): _stem(group.split()[0]) for group in _SAME for word in group.split()}
DRAWING = frozenset(_stem(word) for word in _DRAWING.split())


def stems(text: str) -> list[str]:
    """The words that matter: split at ``_``, ``-`` and capitals, stemmed, synonyms made one."""
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    words = re.findall(r"[^\W_]+", re.sub(r"['’]s\b", "", text))
    return [_CANONICAL.get(s, s) for s in map(_stem, (w for w in words if w.lower() not in _STOP))]


class Question:
    """A question taken apart.

    Attributes
    ----------
    positions
        Where each stem first occurs, by its place among the words.
    topics
        The stems of all words but those like ``body_mass``: such a word is a value, not a topic.
    quoted, names
        Text in quotation marks; outside them, capitalised words within a sentence, and words like
        ``body_mass``.
    numbers
        All numbers with the place of the word before which they stand.
    asks
        It asks for a fact; otherwise it gives an order ("plot the mass").
    wide
        It asks about each of several things.
    largest
        ``True`` when it asks for the largest, ``False`` for the smallest, ``None`` for neither.
    draws
        It asks for a picture.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        text = text[:_MOST_CHARS]
        words = [word.rstrip("'’.-") for word in re.findall(r"-?\w[\w'’.-]*", text)]
        lower = [word.lower() for word in words]
        self.positions: dict[str, int] = {}
        self.topics: set[str] = set()
        for place, word in enumerate(words):
            for stem in stems(word):
                self.positions.setdefault(stem, place)
                if "_" not in word:
                    self.topics.add(stem)
        self.words = lower
        self.quoted = [
            a or b for a, b in re.findall(r"[\"“`]([^\"”`]+)[\"”`]|(?<!\w)'([^']+)'", text)
        ]
        parts = {name for each in self.quoted for name in _names(each) if name != each}
        self.names = [name for name in _names(text) if name not in parts]
        self.numbers = [
            (place, number)
            for place, word in enumerate(lower)
            if (number := _number(word)) is not None
        ]
        self.largest = _direction(lower)
        self.asks = self.largest is not None or any(word in _ASKING for word in lower)
        asks_which = any(word in ("which", "who", "what", "where") for word in lower)
        self.wide = any(word in _WIDE for word in lower) or (
            asks_which and self.largest is not None
        )
        self.draws = bool(DRAWING & self.positions.keys())

    def names_stem_of(self, text: str) -> bool:
        """Whether a word of ``text`` occurs in the question."""
        return any(stem in self.positions for stem in stems(text))

    def denies(self, text: str) -> bool:
        """Whether "no", "not" or "without" stands before a word of ``text``."""
        places = [self.positions[stem] for stem in stems(text) if stem in self.positions]
        return any(
            word in ("no", "not", "without", "don't")
            for place in places
            for word in self.words[max(0, place - 2) : place]
        )

    def named(self, values: Sequence[Any]) -> list[Any]:
        """Those of ``values`` that the question names, in its order.

        A value is named by all its words, whatever their case, plural or underscores; units such as
        ``mm`` need not be said. When none is, the one of which most words are said counts, if these
        are at least half of them.
        """
        full: list[tuple[int, Any, frozenset[str]]] = []
        partial: list[tuple[float, Any]] = []
        for value in values:
            parts = frozenset(_long(stems(str(value)))) or frozenset([str(value).lower()])
            said = [self.positions[part] for part in parts if part in self.positions]
            if not said and str(value).lower() in self.words:
                said = [self.words.index(str(value).lower())] * len(parts)
            if len(said) == len(parts):
                full.append((min(said), value, parts))
            elif said:
                partial.append((len(said) / len(parts), value))
        if full:
            whole = [
                (place, value)
                for place, value, parts in full
                if not any(parts < other for _, _, other in full)
            ]
            return [value for _, value in sorted(whole, key=lambda pair: pair[0])]
        best = max(partial, key=lambda pair: pair[0], default=(0.0, None))
        return [best[1]] if best[0] >= 0.5 else []


def _long(parts: Iterable[str]) -> list[str]:
    parts = list(parts)
    return [part for part in parts if len(part) > 2] or parts


def _direction(words: list[str]) -> bool | None:
    for word in words:
        if word in _SMALLEST:
            return False
        if word in _LARGEST:
            return True
        if word.endswith("est") and len(word) > 5 and word not in _NO_SUPERLATIVES:
            return True
    return None


def _number(word: str) -> float | int | None:
    if word in _NUMBERS:
        return _NUMBERS[word]
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", word):
        return None
    return float(word) if "." in word else int(word)


def _names(text: str) -> list[str]:
    found: list[str] = []
    for sentence in re.split(r"(?<=[.!?:])\s+", text):
        words = list(re.finditer(r"[\w][\w.-]*\w|\w", sentence))
        run: list[str] = []
        for place, match in enumerate(words):
            word = match.group()
            is_identifier = bool(re.search(r"\w[_.]\w", word)) and not word[0].isdigit()
            is_name = word[0].isupper() and place > 0 and word != "I"
            touches = bool(run) and sentence[words[place - 1].end() : match.start()] == " "
            if is_name and touches:
                run.append(word)
                found[-1] = " ".join(run)
            elif is_name or is_identifier:
                run = [word] if is_name else []
                found.append(word)
            else:
                run = []
    return found
