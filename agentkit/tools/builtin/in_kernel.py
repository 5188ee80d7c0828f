"""What is run inside a kernel to describe its variables. Sent as text: it imports the standard library only.

Code of the user's own classes is not called: only built-in types and those of well-known libraries are looked
into, and of a value only as much as is shown.
"""

import json
import reprlib
import time
from typing import Any, cast

MAX_VARIABLES = 200
MAX_COLUMNS = 50
MAX_VALUES = 5
VALUE_CHARS = 200
SECONDS = 2.0
"""After that, what is left is named and not looked into."""

_KNOWN = ("numpy", "pandas", "polars", "pyarrow", "xarray", "torch", "scipy", "geopandas")
_PLAIN: tuple[type, ...] = (bool, int, float, complex, str, bytes, bytearray, type(None))
_BOXES: tuple[type, ...] = (list, tuple, set, frozenset, dict)
_NUMBERS = ("int", "uint", "float", "bool", "complex")


class _Short(reprlib.Repr):
    """Never calls a ``__repr__`` that somebody else wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 80
        self.maxlevel = 3

    def repr_int(self, x: int, level: int) -> str:
        # Writing out an int of a million digits takes long, and is refused beyond a limit.
        bits = x.bit_length()
        return super().repr_int(x, level) if bits < 2_000 else f"<int of {bits:,} bits>"

    def repr1(self, x: Any, level: int) -> str:
        kind = cast("type[Any]", type(x))
        if kind in _PLAIN or kind in _BOXES:
            return super().repr1(x, level)
        return f"<{kind.__name__}>"


_SHORT = _Short()


def described(namespace: dict[str, Any], hidden: dict[str, Any], names: list[str] | None) -> str:
    """Describe variables as JSON: ``{"variables": [{"name", "type", "facts"}], "missing", "left_out"}``.

    Parameters
    ----------
    namespace
        The notebook's.
    hidden
        Those of its names that IPython itself has put there.
    names
        Which; ``None`` for all that the notebook has defined.
    """
    if names is None:
        wanted = [name for name, value in list(namespace.items()) if _is_users(name, value, hidden)]
    else:
        wanted = list(dict.fromkeys(names))
    until = time.monotonic() + SECONDS
    known = [name for name in wanted if name in namespace]
    answer = {
        "variables": [_variable(name, namespace[name], until) for name in known[:MAX_VARIABLES]],
        "missing": [name for name in wanted if name not in namespace],
        "left_out": max(0, len(known) - MAX_VARIABLES),
    }
    return json.dumps(answer)


def _is_users(name: Any, value: Any, hidden: dict[str, Any]) -> bool:
    if type(name) is not str or name.startswith("_") or name in ("In", "Out"):
        return False
    if type(value).__name__ == "module":
        return False
    return not (name in hidden and hidden[name] is value)


def _variable(name: str, value: Any, until: float) -> dict[str, Any]:
    kind = cast("type[Any]", type(value))
    label = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    facts: list[str] = []
    if time.monotonic() < until:
        try:
            facts = _facts(value, kind)
        except Exception as error:  # a value that is broken inside is still a variable
            facts = [f"(cannot be looked into: {type(error).__name__})"]
    return {"name": name[:200], "type": label[:200], "facts": [fact[:4_000] for fact in facts]}


def _facts(value: Any, kind: type[Any]) -> list[str]:
    if kind in _PLAIN:
        facts = [_SHORT.repr(value)[:VALUE_CHARS]]
        if kind in (str, bytes, bytearray) and len(value) > 80:
            unit = "characters" if kind is str else "bytes"
            facts.insert(0, f"{len(value):,} {unit}")
        return facts
    if kind in _BOXES:
        return [f"{len(value):,} items", _SHORT.repr(value)[:VALUE_CHARS]]
    if kind.__module__.split(".")[0] not in _KNOWN:
        return []
    return _table_facts(value) or _array_facts(value)


def _table_facts(value: Any) -> list[str]:
    columns, kinds = getattr(value, "columns", None), getattr(value, "dtypes", None)
    shape = getattr(value, "shape", None)
    if columns is None or kinds is None or not isinstance(shape, tuple):
        return []
    pairs = [
        f"{_label(name)} ({str(kind)[:40]})"
        for name, kind in zip(columns[:MAX_COLUMNS], list(kinds)[:MAX_COLUMNS], strict=False)
    ]
    if len(columns) > MAX_COLUMNS:
        pairs.append(f"… {len(columns) - MAX_COLUMNS:,} more")
    rows = cast("tuple[int, ...]", shape)[0]
    return [f"{rows:,} rows × {len(columns):,} columns", f"columns: {', '.join(pairs)}"]


def _array_facts(value: Any) -> list[str]:
    shape: Any = getattr(value, "shape", None)
    kind: Any = getattr(value, "dtype", None)
    facts: list[str] = []
    if isinstance(shape, tuple) and shape:
        facts.append(" × ".join(str(size) for size in cast("tuple[Any, ...]", shape)))
    if kind is not None:
        facts.append(str(kind)[:80])
    if shape == () and callable(item := getattr(value, "item", None)):
        facts.append(_SHORT.repr(item()))
    elif facts and str(kind).startswith(_NUMBERS) and value.ndim == 1:
        first = value[:MAX_VALUES].tolist()
        more = ", …" if len(value) > MAX_VALUES else ""
        facts.append(f"[{', '.join(map(_SHORT.repr, first))}{more}]")
    return facts


def _label(name: Any) -> str:
    return name if type(name) is str and len(name) <= 80 else _SHORT.repr(name)
