"""Bad input made out of good input, by the million."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

TOKENS: tuple[bytes, ...] = (
    *(b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 5_000, b"1e-5000", b"0x1F", b"1_000"),
    *(b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\xe2\x80\xae"),
    *(rb"\ud800", rb"\udfff\ud800", rb"\u0000", rb"\u202e", b'"', b"\\", b"\r\n", b"\t"),
    *(b"[" * 300, b'{"a":' * 300, b"]" * 20, b"}" * 20, b"," * 50, b'"type":"ping",' * 3),
    *(b"null", b"true", b"[]", b"{}", b'""', b"-1", b'{"type":{}}', b'"task_id":[],'),
    *(b"x" * 20_000, b"\xf0\x9f\x98\x80" * 500, b"A" * 127, b"A" * 129, b"../" * 40),
    *(
        b"a: &a [*a]\n",
        b"x: &x [x,x]\ny: &y [*x,*x]\nz: [*y,*y]\n",
        b"<<: *a\n",
        b"!!python/object:os\n",
    ),
    *(
        b"---\n",
        b"- " * 200,
        b"? ",
        b"%YAML 9.9\n",
        b"!!binary ",
        b"!!timestamp 9",
        b": : :",
        b"0o777",
    ),
    *(b"__proto__", b"__class__", b"$ref", b"data:text/html,", b"<script>", b"=cmd|'/c'!A1"),
)
"""What readers of JSON, YAML and text stumble over."""


def mutations(samples: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """``count`` inputs: each a sample with one to four things done to it; the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        text = bytearray(rng.choice(samples))
        for _ in range(rng.randint(1, 4)):
            _hurt(text, rng, samples)
        yield bytes(text)


def _hurt(text: bytearray, rng: random.Random, samples: Sequence[bytes]) -> None:
    start = rng.randint(0, len(text))
    end = min(len(text), start + rng.choice((0, 1, 2, 8, 40)))
    match rng.randint(0, 6):
        case 0 if text:
            text[start % len(text)] = rng.randrange(256)
        case 1:
            del text[start:end]
        case 2:
            text[start:start] = text[start:end]
        case 3:
            text[start:start] = rng.choice(TOKENS)
        case 4:
            other = rng.choice(samples)
            cut = rng.randint(0, len(other))
            text[start:end] = other[cut : cut + 60]
        case _:
            _replace_value(text, rng)


def _replace_value(text: bytearray, rng: random.Random) -> None:
    """Put something else in the place of what follows a colon: the text stays JSON more often than not."""
    colons = [at for at, byte in enumerate(text[:4_000]) if byte == ord(":")]
    if not colons:
        return
    start = rng.choice(colons) + 1
    end = start
    try:
        _, length = json.JSONDecoder().raw_decode(text[start:].decode("utf-8", "replace").lstrip())
        end = start + length
    except (ValueError, RecursionError):
        end = start + 1
    text[start:end] = rng.choice(TOKENS)
