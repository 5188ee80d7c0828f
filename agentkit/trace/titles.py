"""What a call of a tool is named for readers: "Read data.csv", "Called region_total".

The rules are the page's own (``labextension/src/view/row/titles.ts``), so that live view and file say the
same; a test holds the two lists of verbs together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agentkit.trace.words import as_words, first_line

Tense = Literal["wanted", "going on", "over"]
"""``wanted``: it was to be done, and was not."""

_VERBS = """
activate activating activated|add adding added|analyse analysing analysed|analyze analyzing analyzed|
answer answering answered|ask asking asked|build building built|calculate calculating calculated|
check checking checked|clean cleaning cleaned|compare comparing compared|compute computing computed|
convert converting converted|copy copying copied|count counting counted|create creating created|
delete deleting deleted|describe describing described|download downloading downloaded|
draw drawing drew|edit editing edited|estimate estimating estimated|evaluate evaluating evaluated|
execute executing executed|explain explaining explained|extract extracting extracted|
fetch fetching fetched|filter filtering filtered|find finding found|fit fitting fitted|
forecast forecasting forecast|get getting got|group grouping grouped|insert inserting inserted|
inspect inspecting inspected|install installing installed|join joining joined|list listing listed|
load loading loaded|make making made|measure measuring measured|merge merging merged|
move moving moved|open opening opened|parse parsing parsed|plot plotting plotted|
predict predicting predicted|query querying queried|rank ranking ranked|read reading read|
remove removing removed|rename renaming renamed|render rendering rendered|run running ran|
save saving saved|search searching searched|select selecting selected|send sending sent|
show showing showed|sort sorting sorted|start starting started|stop stopping stopped|
sum summing summed|summarise summarising summarised|summarize summarizing summarized|
test testing tested|train training trained|translate translating translated|
update updating updated|upload uploading uploaded|validate validating validated|
view viewing viewed|wait waiting waited|write writing wrote
"""
VERBS = {forms[0]: forms for forms in (line.split() for line in _VERBS.split("|"))}
"""A verb → its three forms, in the order of ``Tense``."""

SPELLED = {
    word.lower(): word
    for word in ["API", "CSV", "HTML", "JSON", "MCP", "PDF", "Python", "SQL", "URL", "XML", "YAML"]
}
"""Words that are not written as they stand in a name."""
_CALL = ["call", "calling", "called"]
_PLAIN_OBJECTS = {
    "cell", "code", "directory", "document", "file", "files", "folder", "notebook", "page", "path",
    "skill", "text", "url", "web",
}  # fmt: skip
_NAMING_ARGUMENTS = ("path", "file", "file_path", "filename", "filepath", "url", "query")
_FORM: dict[Tense, int] = {"wanted": 0, "going on": 1, "over": 2}


@dataclass(frozen=True, slots=True)
class Title:
    """A verb, its object ("Reading", "data.csv"), and what else the call was given."""

    verb: str
    object: str
    is_name: bool
    """The object is a name out of code, to be set as such."""
    details: str


def tool_title(name: str, arguments: Mapping[str, Any], tense: Tense) -> Title:
    """The title of a call, from the tool's name and the arguments."""
    words = _words(name)
    forms = VERBS.get(words[0]) if len(words) > 1 else None
    if forms is None:
        verb = _CALL[_FORM[tense]].capitalize()
        return Title(verb, name or "a tool", bool(name), details(arguments))
    verb, rest = forms[_FORM[tense]].capitalize(), words[1:]
    naming = _naming_argument(arguments) if _PLAIN_OBJECTS.issuperset(rest) else None
    if naming:
        return Title(verb, first_line(arguments[naming], 80), True, details(arguments, naming))
    return Title(
        verb, " ".join(SPELLED.get(word, word) for word in rest), False, details(arguments)
    )


def details(arguments: Mapping[str, Any], left_out: str | None = None) -> str:
    """The arguments on one line: a lone one as it is, several with their names."""
    entries = [(name, value) for name, value in arguments.items() if name != left_out]
    if len(entries) == 1 and left_out is None:
        return first_line(as_words(entries[0][1]), 160)
    parts = (f"{name}: {first_line(as_words(value), 60)}" for name, value in entries)
    return first_line(", ".join(parts), 160)


def _words(name: str) -> list[str]:
    """``filesystem__readFile`` → read, file. What stands before ``__`` names the server."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name.split("__")[-1])
    words = filter(None, re.split(r"[\s_.\-/]+", spaced))
    return [word if re.fullmatch(r"[A-Z0-9]{2,}", word) else word.lower() for word in words]


def _naming_argument(arguments: Mapping[str, Any]) -> str | None:
    for name in _NAMING_ARGUMENTS:
        value = arguments.get(name)
        if isinstance(value, str) and value.strip():
            return name
    return None
