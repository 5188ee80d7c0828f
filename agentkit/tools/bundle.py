"""Any Python value as a Jupyter MIME bundle, by the display protocol that IPython defined.

IPython itself is not needed: the protocol is a set of methods on the value's type
(https://ipython.readthedocs.io/en/stable/config/integrating.html#rich-display).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import logging
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from agentkit.core.protocol import MimeBundle
from agentkit.tools.figure import figure_of, png_of_figure

_log = logging.getLogger(__name__)

_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_json_": "application/json",
    "_repr_latex_": "text/latex",
}

PLAIN = frozenset({bool, float, int, type(None)})
"""Types whose values have no display of their own, and take no time to show."""

NOT_KEPT = frozenset(
    {"application/vnd.jupyter.widget-view+json", "application/vnd.agentkit.trace+json"}
)
"""A living widget: a reader without its kernel would see "Loading widget…" for ever. A run within a run:
its buttons would stand in the trace of another one."""


def to_bundle(value: Any, *, formatter: Callable[[Any], Any] | None = None) -> MimeBundle:
    """Turn a value into a MIME bundle that always has ``text/plain``. It never fails.

    Parameters
    ----------
    value
        A ``str`` is text; numbers, lists, dicts, dataclasses and pydantic models are JSON as well; a
        matplotlib figure is a picture and is closed, so that no cell shows it a second time;
        other values say it themselves through ``_repr_mimebundle_``, ``_repr_html_`` and the like.
    formatter
        Asked first, for all but ``str``: in a kernel, IPython's ``display_formatter.format``, which also
        knows the formatters that its user registered. It gives a bundle, or a bundle and its metadata.
    """
    if type(value) is str:
        return {"text/plain": _clean_text(value)}
    if formatter is None and type(value) in PLAIN:
        return _plain(value)
    figure = figure_of(value)
    if figure is not None:
        value = figure
    bundle = _formatted(formatter, value) if formatter else {}
    if not bundle.keys() - {"text/plain"}:
        bundle = {**_own(value), **bundle}
    if figure is not None:
        _keep(bundle, "image/png", png_of_figure(figure, wanted="image/png" not in bundle))
    if "text/plain" not in bundle:
        bundle["text/plain"] = _text(value)
    return bundle


def _formatted(formatter: Callable[[Any], Any], value: Any) -> MimeBundle:
    try:
        return _cleaned(formatter(value))
    except Exception:
        _log.debug("The formatter failed on a %s", type(value).__qualname__, exc_info=True)
        return {}


def _own(value: Any) -> MimeBundle:
    if type(value) in PLAIN:
        return _plain(value)
    bundle = _cleaned(_say(value, "_repr_mimebundle_", include=None, exclude=None))
    for method, mime in _METHODS.items():
        if mime not in bundle:
            _keep(bundle, mime, _say(value, method))
    if "application/json" not in bundle:
        bundle |= _data(value)
    return bundle


def _plain(value: Any) -> MimeBundle:
    text = _text(value)
    if text.startswith("<"):  # a number with more digits than Python writes
        return {"text/plain": text}
    is_json = type(value) is not float or math.isfinite(value)
    return {"text/plain": text, "application/json": value if is_json else None}


def _say(value: Any, method: str, **arguments: Any) -> Any:
    """Call a display method that the value's type defines; ``None`` when it has none or it fails."""
    kind = cast("type[Any]", type(value))
    for base in kind.__mro__:
        if method in vars(base):
            try:
                return vars(base)[method].__get__(value, kind)(**arguments)
            except Exception:
                _log.debug("%s of a %s failed", method, kind.__qualname__, exc_info=True)
                return None
    return None


def _data(value: Any) -> MimeBundle:
    """JSON of plain data; text that is JSON too, but for records, whose ``repr`` reads better."""
    is_record = isinstance(value, BaseModel) or (
        dataclasses.is_dataclass(value) and not isinstance(value, type)
    )
    if not is_record and not isinstance(
        value, dict | list | tuple | numbers.Real | bool | type(None)
    ):
        return {}
    try:
        data = _jsonable(value, "constants")
        text = json.dumps(data, ensure_ascii=False)
        text.encode()
        if "NaN" in text or "Infinity" in text:  # no JSON, but true: they stay in the text
            data = _jsonable(value, "null")
    except Exception:
        return {}
    plain = text if isinstance(value, dict | list | tuple) and not is_record else _text(value)
    return {"text/plain": plain, "application/json": data}


def _jsonable(value: Any, inf_nan_mode: Any) -> Any:
    return to_jsonable_python(value, by_alias=True, inf_nan_mode=inf_nan_mode, fallback=_number)


def _number(value: Any) -> int | float:
    # numpy's numbers are no ints, and only float64 is a float; all of them are registered as numbers.
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise TypeError(f"a {type(value).__qualname__} is no JSON")


def _text(value: Any) -> str:
    try:
        text = str(value) if isinstance(value, numbers.Real) else repr(value)
        return _clean_text(text)
    except Exception as error:
        return f"<{type(value).__qualname__} whose repr failed with {type(error).__qualname__}>"


def _cleaned(given: Any) -> MimeBundle:
    bundle: MimeBundle = {}
    given = _without_metadata(given)
    if isinstance(given, Mapping):
        for mime, content in cast(Mapping[Any, Any], given).items():
            if isinstance(mime, str) and "/" in mime and mime not in NOT_KEPT:
                _keep(bundle, mime, content)
    return bundle


def _without_metadata(content: Any) -> Any:
    if isinstance(content, tuple):
        pair = cast(tuple[Any, ...], content)
        if len(pair) == 2 and isinstance(pair[1], dict | None):
            return pair[0]
    return cast(Any, content)


def _keep(bundle: MimeBundle, mime: str, content: Any) -> None:
    """Add a representation in the form that its type asks for; one in a wrong form is left out."""
    content = _without_metadata(content)
    if content is None:
        return
    if mime == "application/json" or mime.endswith("+json"):
        try:
            data = _jsonable(content, "null")
            json.dumps(data, ensure_ascii=False).encode()
        except Exception:
            _log.debug("A representation as %s is no JSON", mime, exc_info=True)
        else:
            bundle[mime] = data
    elif isinstance(content, bytes | bytearray):
        raw = bytes(content)
        is_text = mime.startswith("text/") or mime.endswith("+xml")
        bundle[mime] = raw.decode(errors="replace") if is_text else base64.b64encode(raw).decode()
    elif isinstance(content, str):
        bundle[mime] = _clean_text(content)


def _clean_text(text: str) -> str:
    """Replace lone surrogates, which no encoder on the way to the page would take."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return str(text)
