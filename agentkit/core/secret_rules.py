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

    @cached_property
    def complete(self) -> re.Pattern[str]:
        """Trigger and whole value (group 1)."""
        amount = f"{{{self.least},{self.most or ''}}}"
        return re.compile(f"{self.trigger}({self.chars}{amount}){self.end}")

    @cached_property
    def begun(self) -> re.Pattern[str]:
        """Trigger and the beginning of a value (group 1) at the end of the text."""
        amount = f"{{0,{self.most}}}" if self.most else "*"
        return re.compile(f"{self.trigger}({self.chars}{amount})\\Z")

    @cached_property
    def more(self) -> re.Pattern[str]:
        """What continues a value."""
        return re.compile(f"\\A{self.chars}*")


_WORD = r"[A-Za-z0-9]"
_WORDS = r"[A-Za-z0-9_-]"


def _issued(prefix: str, chars: str, least: int) -> Rule:
    return Rule(prefix, rf"(?<![A-Za-z0-9]){re.escape(prefix)}", chars, least)


def _named(name: str) -> Rule:
    """``name = "value"`` and ``"name": "value"``, as in code and in JSON, also inside a string."""
    return Rule(name, rf"""{name}\\?["']?\s?[=:]\s?\\?["']""", r"""[^"'\n\\]""", 8)


def _assigned(name: str) -> Rule:
    """``NAME=value``, as in a shell or a file of settings."""
    return Rule(
        f"{name}=", rf"{name}=(?!os\.|get|None|self\.)", r"""[^\s"'`\\,;()\[\]{}<>$&|]""", 8
    )


RULES: tuple[Rule, ...] = (
    _issued("sk-", _WORDS, 16),  # OpenAI, Anthropic, OpenRouter, DeepSeek …
    *(_issued(f"{kind}_{mode}_", _WORD, 16) for kind in ("sk", "rk") for mode in ("live", "test")),
    *(_issued(f"gh{kind}_", _WORD, 20) for kind in "pousr"),
    _issued("github_pat_", r"[A-Za-z0-9_]", 20),
    _issued("glpat-", _WORDS, 16),
    _issued("AKIA", r"[A-Z0-9]", 16),
    _issued("ASIA", r"[A-Z0-9]", 16),
    *(_issued(f"xox{kind}-", r"[A-Za-z0-9-]", 10) for kind in "abprs"),
    _issued("xapp-", r"[A-Za-z0-9-]", 10),
    _issued("hf_", _WORD, 20),
    _issued("AIza", _WORDS, 30),
    _issued("ya29.", r"[A-Za-z0-9_.-]", 20),
    _issued("eyJ", r"[A-Za-z0-9_.-]", 20),  # a JSON Web Token: base64 of `{"`
    _issued("npm_", _WORD, 30),
    _issued("pypi-AgE", _WORDS, 30),
    _issued("gsk_", _WORD, 20),
    _issued("xai-", _WORD, 20),
    _issued("nvapi-", _WORDS, 20),
    _issued("SG.", r"[A-Za-z0-9_.-]", 30),
    *(_issued(f"{word} ", r"[A-Za-z0-9._~+/=-]", 20) for word in ("Bearer", "bearer", "Basic")),
    Rule(
        "PRIVATE KEY-----",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----",
        r"(?:[^-]|-(?=[^-]))",
        1,
        pause="-",
    ),
    Rule("://", r"://[^\s/:@\"'<>]{0,64}:", r"[^\s/@\"'<>]", 1, end="(?=@)", most=200),
    *map(_assigned, ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "_KEY")),
    *map(_named, ("password", "passwd", "passphrase", "secret", "token", "_key")),
    *map(_named, ("Password", "Secret", "Token", "apiKey", "PASSWORD", "SECRET", "TOKEN", "_KEY")),
)  # fmt: skip
"""Tried in this order."""


def _suspect() -> re.Pattern[str]:
    """Finds whether any rule may apply, by the rarest character of each.

    That character comes first in the expression, so that the search runs from one of them to the next: this
    is what keeps redaction cheap, for nearly all text holds nothing.
    """
    checks: dict[str, list[str]] = {}
    names = [rule.literal for rule in RULES if rule.trigger.startswith(rule.literal + r"\\?")]
    for literal in (rule.literal for rule in RULES if rule.literal not in names):
        rare = next((c for c in "-_.:=" if c in literal), "") or max(literal, key=_rarity)
        at = literal.index(rare) + 1
        before, after = re.escape(literal[:at]), re.escape(literal[at:])
        checks.setdefault(re.escape(rare), []).append(f"(?<={before})(?={after})")
    last = "".join(sorted({name[-1] for name in names}))
    for mark in "=:":
        # Up to three characters stand between a name and its mark: a backslash, a quote, a space.
        for gap in ("." * length + mark for length in range(4)):
            behind = "|".join(f"(?<={name}{gap})" for name in names)
            quoted = rf"""{mark}(?=\s?\\?["'])(?<=[{last}]{gap})"""
            checks.setdefault(quoted, []).append(behind)
    return re.compile("|".join(f"{rare}(?:{'|'.join(some)})" for rare, some in checks.items()))


def _rarity(letter: str) -> tuple[bool, int]:
    return letter.isupper(), "etaoinshrdlucmfgypwbvkxjqz".find(letter.lower())


SUSPECT = _suspect()
"""Matches somewhere in every text to which a rule applies."""

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NAMES = frozenset(
    {
        "password", "passwd", "passphrase", "pwd", "secret", "secrets", "apikey", "authorization",
        "credential", "credentials", "token", "cookie", "cookies",
    }
)  # fmt: skip
_KEYS = frozenset(
    {"api", "access", "secret", "private", "encryption", "signing", "auth", "master", "account"}
)
# Tokens of language models and of paging are no secrets.
_HARMLESS_TOKENS = frozenset(
    {"eos", "bos", "pad", "unk", "mask", "cls", "sep", "stop", "next", "page", "continuation"}
)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: ``api_key``, ``dbPassword``; not ``max_tokens``."""
    parts = [part.lower() for part in _PARTS.findall(name[:200])]
    if not parts:
        return False
    before = parts[-2] if len(parts) > 1 else ""
    if parts[-1] == "key":
        return before in _KEYS
    return parts[-1] in _NAMES and before not in _HARMLESS_TOKENS


def is_secret_variable(name: str) -> bool:
    """Whether an environment variable of this name holds a secret: there, every ``…KEY`` does."""
    if name in ("PWD", "OLDPWD"):  # every shell's working folder, which stands in every path
        return False
    endings = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASS", "PAT")
    return is_secret_name(name) or name.upper().endswith(endings)
