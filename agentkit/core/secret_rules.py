"""What betrays a secret: a name that announces one, or the shape that issuers give to their keys.

A rule is a trigger, which is no secret and stays readable, and the value after it, which is masked:
``sk-`` and what follows, ``"password": "`` and what follows. So text that streams is held back only behind
a complete trigger, and the reader still sees what kind of secret stood there.

The prefixes are those that the issuers document, among them GitHub
(https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/), AWS, Google, Slack,
Hugging Face, npm and PyPI.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache


@dataclass(frozen=True)
class Rule:
    """A trigger and the value after it, as regular expressions."""

    literal: str
    """Stands in every trigger: where it is absent, nothing else is tried."""
    trigger: str
    chars: str
    """A character class: what a value is made of."""
    least: int
    """Characters from which on it is a secret."""
    end: str = ""
    """What has to follow; without it, a value ends where its characters do."""
    most: int = 0
    """Characters up to which ``end`` is looked for."""
    pause: str = ""
    """A character that belongs to the value only if another follows it that does."""
    looks: str = ""
    """What a whole value has to look like, as a lookahead."""

    @cached_property
    def complete(self) -> re.Pattern[str]:
        """Trigger and whole value (group 1)."""
        amount = f"{{{self.least},{self.most or ''}}}"
        return re.compile(f"{self.trigger}{self.looks}({self.chars}{amount}){self.end}")

    @cached_property
    def begun(self) -> re.Pattern[str]:
        """Trigger and the beginning of a value (group 1) at the end of the text."""
        amount = f"{{0,{self.most}}}" if self.most else "*"
        return re.compile(f"{self.trigger}({self.chars}{amount})\\Z")

    @cached_property
    def more(self) -> re.Pattern[str]:
        """What continues a value."""
        return re.compile(f"\\A{self.chars}*", re.IGNORECASE)


@dataclass(frozen=True)
class Names:
    """Rules of values behind one name."""

    word: str
    """Stands in every such name."""
    rules: tuple[Rule, ...]
    glance: re.Pattern[str] | None = None
    """Matches wherever one of the rules may: looks once where they look one after the other."""
    mark: str = ""
    """A character that stands in every trigger: to look for one is quicker than for a word."""


_WORD = r"[A-Za-z0-9]"
_WORDS = r"[A-Za-z0-9_-]"
_DOTTED = r"[A-Za-z0-9_.-]"


def _issued(prefix: str, chars: str, least: int) -> Rule:
    return Rule(prefix, rf"(?<![A-Za-z0-9]){re.escape(prefix)}", chars, least)


def _assigned(name: str) -> Rule:
    """``NAME=value``, as in a shell or a file of settings."""
    return Rule(
        f"{name}=", rf"{name}=(?!os\.|get|None|self\.)", r"""[^\s"'`\\,;()\[\]{}<>$&|]""", 8
    )


ISSUED: tuple[Rule, ...] = (
    _issued("sk-", _WORDS, 16),  # OpenAI, Anthropic, OpenRouter, DeepSeek …
    *(_issued(f"{kind}_{mode}_", _WORD, 16) for kind in ("sk", "rk") for mode in ("live", "test")),
    _issued("whsec_", r"[A-Za-z0-9+/=]", 20),
    *(_issued(f"gh{kind}_", _WORD, 20) for kind in "pousr"),
    _issued("github_pat_", r"[A-Za-z0-9_]", 20),
    *(_issued(f"gl{kind}-", _DOTTED, 16) for kind in ("pat", "ptt", "rt", "dt", "cbt", "agent")),
    _issued("AKIA", r"[A-Z0-9]", 16),
    _issued("ASIA", r"[A-Z0-9]", 16),
    *(_issued(f"xox{kind}-", r"[A-Za-z0-9%-]", 10) for kind in "abcdeprs"),
    _issued("xoxe.", _DOTTED, 10),
    _issued("xapp-", r"[A-Za-z0-9-]", 10),
    Rule("hooks.slack.com/", r"hooks\.slack\.com/[a-z]{5,12}/", r"[A-Za-z0-9/]", 20),
    Rule(":AA", r"(?<!\d)\d{8,10}:AA", _WORDS, 30),  # Telegram
    _issued("hf_", _WORD, 20),
    _issued("api_org_", _WORD, 20),
    _issued("AIza", _WORDS, 30),
    _issued("AQ.Ab", _WORDS, 20),
    _issued("GOCSPX-", _WORDS, 20),
    _issued("ya29.", _DOTTED, 20),
    _issued("eyJ", _DOTTED, 20),  # a JSON Web Token: base64 of `{"`
    Rule("8Q~", r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}8Q~", r"[A-Za-z0-9_~.-]", 30),  # Azure
    _issued("npm_", _WORD, 30),
    _issued("pypi-AgE", _WORDS, 30),
    _issued("dckr_pat_", _WORDS, 20),
    _issued("gsk_", _WORD, 20),
    _issued("xai-", _WORD, 20),
    _issued("nvapi-", _WORDS, 20),
    _issued("pplx-", _WORD, 30),
    _issued("csk-", _WORD, 30),
    _issued("tvly-", _WORDS, 20),
    _issued("r8_", _WORD, 30),
    *(_issued(f"lsv2_{kind}_", r"[A-Za-z0-9_]", 30) for kind in ("pt", "sk")),
    _issued("SG.", _DOTTED, 30),
    _issued("dop_v1_", r"[0-9a-f]", 40),
    _issued("hvs.", _WORDS, 20),
    _issued("sgp_", _WORD, 30),
    _issued("sbp_", r"[0-9a-f]", 30),
    _issued("glsa_", r"[A-Za-z0-9_]", 30),
    _issued("lin_api_", _WORD, 30),
    _issued("ntn_", _WORD, 30),
    _issued("figd_", _WORDS, 30),
    _issued("shpat_", r"[0-9a-f]", 30),
    _issued("ATATT3x", r"[A-Za-z0-9_=-]", 30),
    _issued("PMAK-", _WORDS, 30),
    _issued("NRAK-", _WORD, 20),
    _issued("AGE-SECRET-KEY-", _WORD, 30),
    *(
        Rule(f"{word} ", rf"(?<![A-Za-z0-9]){word} ", r"[A-Za-z0-9._~+/=-]", 10,
             looks=r"(?=[A-Za-z._~+/=-]{0,40}[0-9])")
        for word in ("Bearer", "bearer", "Basic")
    ),
    Rule(
        "KEY-----",
        r"-----BEGIN[A-Z0-9 %+]{0,60}PRIVATE(?: |%20|\+)KEY-----",
        r"(?:[^-]|-(?=[^-]))",
        1,
        pause="-",
    ),
    *map(_assigned, ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "_KEY")),
)  # fmt: skip
"""What is known by its own beginning. Tried in this order."""

_QUOTE = r"""\\{0,7}["']"""
_MIXED = r"(?=[^\s]{0,60}?[0-9])(?=[^\s]{0,60}?[a-z])"
_NO_FIELD = r"(?![a-z_]\w*\.[a-z_])"
"""Not ``settings.name``, which is code."""
_NEW = r"(?!\[secret)"
"""What is masked already keeps its mask, which may name it."""
_PLAIN = r"""[^\s"'`\\,;()\[\]{}<>$&|#]"""


def _named(name: str, *, ending: str = "") -> tuple[Rule, ...]:
    """What follows a name, whatever is before the name; all in small letters.

    ``name = "value"`` and ``"name": "value"``, as in code and in JSON, also inside strings and escaped for
    HTML; ``?name=value``; ``<name>value</name>``. Without quotes (``name: value`` of headers and YAML,
    ``name=value`` of settings), a value has letters and digits, or ordinary code would be one.

    Parameters
    ----------
    ending
        What more the name has to be, as lookbehinds.
    """
    named = name + ending
    return (
        Rule(name, rf"{named}(?:{_QUOTE})?\s?[=:]\s?{_QUOTE}", r"""[^"'\n\\]""", 8, looks=_NEW),
        Rule(name, rf"{named}&(?:quot|#34|#39);\s?:\s?&(?:quot|#34|#39);", r"[^&\n]", 8, looks=_NEW),
        Rule(name, rf"[?&#](?:amp;)?[\w.-]{{0,40}}?{named}=", r"""[^\s"'`\\&#<>\[\])]""", 6),
        Rule(name, rf"{named}(?:%22)?(?:%3d|%3a)(?:%20)?(?:%22)?", r"[a-z0-9_.~+-]", 8, looks=_NEW),
        Rule(name, rf"{named}>", r"[^<\s]", 8, end="(?=<)", most=200, looks=_MIXED),
        Rule(name, rf"{named}=", _PLAIN, 8, looks=_MIXED + _NO_FIELD, end=r"(?![\w(\[])"),
        Rule(name, rf"{named}(?:\s?:\s|\s=\s)", _PLAIN.replace("#", "#."), 8, looks=_MIXED,
             end=r"(?![\w(\[.])"),
    )  # fmt: skip


# Tokens of language models and of paging are no secrets.
_HARMLESS_TOKENS = frozenset(
    {"eos", "bos", "pad", "unk", "mask", "cls", "sep", "stop", "next", "page", "continuation"}
)
_KEYS = frozenset(
    {"api", "access", "secret", "private", "encryption", "signing", "auth", "master", "account"}
)


def _name(word: str, ending: str = "") -> Names:
    glance = re.compile(rf"""{word}{ending}(?:[\\"'&>=:%]|\s[=:])""")
    return Names(word, _named(word, ending=ending), glance)


_WHOLE_KEYS = "|".join(f"(?<={word}{gap}key)" for word in sorted(_KEYS) for gap in ("_", "-", ""))
_NO_TOKENS = "".join(f"(?<!{word}_token)" for word in sorted(_HARMLESS_TOKENS))
_OPTIONS = "(?:password|passwd|passphrase|secret|token|api[_-]?key) "
_OPTION = Rule(
    "",
    # Of a line of dashes only the first are tried.
    rf"(?<!-)--[\w-]{{0,30}}?{_OPTIONS}",
    _PLAIN.replace("#", "#/"),
    8,
    looks=_MIXED,
    end=r"(?![\w(\[/])",
)
_ESCAPED_USER = Rule(
    "",
    r"%3a(?://|%2f%2f)[^\s/:@\"'<>%]{0,64}%3a",
    r"[^\s/@\"'<>%]",
    1,
    end="(?=%40)",
    most=200,
)
_COOKIE = Rule("", "cookie: ", r"""[^\r\n"']""", 8, looks=r"(?=[^\s=]{1,60}=)")
_VALUE_IN_URL = r"""[^\s"'`\\&#<>]"""

NAMED: tuple[Names, ...] = (
    _name("pass", "(?:word|wd|phrase)"),
    _name("pwd", "(?<!oldpwd)"),
    _name("secret"),
    _name("token", _NO_TOKENS),
    _name("key", f"(?:{_WHOLE_KEYS})"),
    *(Names(word, _named(word)[:1], mark=":") for word in ("authorization", "cookie")),
    Names("key=", (Rule("", r"[?&;]key=", _VALUE_IN_URL, 12, looks=_MIXED),), mark="?"),
    Names("sig=", (Rule("", r"[?&;]sig=", _VALUE_IN_URL, 16),), mark="?"),
    Names("%3a", (_ESCAPED_USER,), mark="%"),
    Names("cookie: ", (_COOKIE,), mark=":"),
    Names("authorization: ", (Rule("", "authorization: ", _PLAIN, 8, looks=_MIXED),), mark=":"),
    Names(
        "curl ", (Rule("", r"curl [^\n]{0,200}?-u [\w.@-]{1,60}:", r"""[^\s"']""", 4),), mark="-"
    ),
    Names("--", (_OPTION,), re.compile(rf"(?<=[\w-]){_OPTIONS}"), mark="-"),
)
"""What is known by the name before it; for text in small letters."""

URLS: tuple[Rule, ...] = (
    Rule("://", r"://[^\s/:@\"'<>]{0,64}:", r"[^\s/@\"'<>]", 1, end="(?=@)", most=200),
    Rule("://", "://", r"[^\s/:@\"'<>]", 12, end="(?=@)", most=200, looks=r"(?=[^\s/@]{0,40}\d)"),
)  # fmt: skip
"""Who is named in an address, with a password or as one; where there is an ``@``."""


def small(text: str) -> str:
    """``text`` in small letters, every character in its place."""
    folded = text.lower()
    return folded if len(folded) == len(text) else text.translate(_SMALL)


_SMALL = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def _suspect(*, whole: bool) -> re.Pattern[str]:
    """Finds whether any rule of ``ISSUED`` may apply, by the rarest character of each.

    That character comes first in the expression, so that the search runs from one of them to the next: this
    is what keeps redaction cheap, for nearly all text holds nothing.
    """
    checks: dict[str, dict[str, list[str]]] = {}
    for rule in ISSUED:
        literal = rule.literal
        rare = next((c for c in "-_.:=~" if c in literal), "") or max(literal, key=_rarity)
        at = literal.rindex(rare) + 1
        before, after = re.escape(literal[:at]), re.escape(literal[at:])
        # Behind the trigger stands the beginning of a value, or it is none.
        ends = whole and rule.trigger.endswith(re.escape(literal))
        value = f"(?={rule.chars}{{{min(rule.least, 12)}}})" if ends and not after else ""
        some = checks.setdefault(rare, {}).setdefault(value, [])
        check = f"(?<={before})(?={after})" if after else f"(?<={before})"
        if check not in some:
            some.append(check)
    found = (
        (rare, "|".join(f"{value}(?:{'|'.join(some)})" for value, some in by_value.items()))
        for rare, by_value in checks.items()
    )
    return re.compile("|".join(f"{re.escape(rare)}(?:{any_of})" for rare, any_of in found))


def _rarity(letter: str) -> tuple[bool, int]:
    return letter.isupper(), "etaoinshrdlucmfgypwbvkxjqz".find(letter.lower())


SUSPECT = _suspect(whole=True)
"""Matches somewhere in every text to which a rule of ``ISSUED`` applies."""

SUSPECT_BEGUN = _suspect(whole=False)
"""The same where the value may only have begun."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMES = frozenset(
    {
        "password", "passwd", "passphrase", "pwd", "secret", "secrets", "apikey", "authorization",
        "credential", "credentials", "token", "cookie", "cookies",
    }
)  # fmt: skip

_RUN_TOGETHER = ("password", "passwd", "passphrase", "apikey")
"""Also behind another word without a gap, as in ``PGPASSWORD``."""


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: ``api_key``, ``dbPassword``; not ``max_tokens``."""
    parts = [part.lower() for part in _PARTS.findall(name[:200])]
    if not parts:
        return False
    before = parts[-2] if len(parts) > 1 else ""
    if parts[-1] == "key":
        return before in _KEYS
    if parts[-1].endswith(_RUN_TOGETHER):
        return True
    return parts[-1] in _NAMES and before not in _HARMLESS_TOKENS


def is_secret_variable(name: str) -> bool:
    """Whether an environment variable of this name holds a secret: there, every ``…KEY`` does."""
    if name in ("PWD", "OLDPWD"):  # every shell's working folder, which stands in every path
        return False
    endings = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASS", "PAT")
    return is_secret_name(name) or name.upper().endswith(endings)
