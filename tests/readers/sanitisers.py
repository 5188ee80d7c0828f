"""The sanitisers of those who show notebooks of strangers, set to their published lists.

GitHub's is the list of html-pipeline's ``SanitizationFilter``
(https://github.com/gjtorikian/html-pipeline/blob/v2.14.3/lib/html/pipeline/sanitization_filter.rb): no
style, no class, no id; pictures from http, https and relative addresses alone. Its notebook viewer is not
published; what was seen of it takes away no less (jupyter/nbviewer, issue 450).
"""

from __future__ import annotations

import re

import bleach

_ELEMENT_NAMES = """
h1 h2 h3 h4 h5 h6 h7 h8 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody
tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure
figcaption abbr bdo cite dfn mark small span time wbr
"""
_ATTRIBUTE_NAMES = """
abbr accept accept-charset accesskey action align alt aria-describedby aria-hidden aria-label aria-labelledby
axis border char charoff charset checked clear cols colspan compact coords datetime dir disabled enctype for
frame headers height hreflang hspace ismap label lang maxlength media method multiple name nohref noshade
nowrap open progress prompt readonly rel rev role rows rowspan rules scope selected shape size span start
summary tabindex title type usemap valign value width itemprop
"""
_ATTRIBUTES: dict[str, list[str]] = {
    "a": ["href"],
    "img": ["src", "longdesc"],
    "blockquote": ["cite"],
    "*": list[str](_ATTRIBUTE_NAMES.split()),
}


def github(html: str) -> str:
    """What GitHub's list leaves of HTML."""
    # A script goes with its content; bleach alone would leave its text.
    html = re.sub(r"<script\b.*?</script>", "", html, flags=re.DOTALL | re.IGNORECASE)
    return bleach.clean(
        html,
        tags=_ELEMENT_NAMES.split(),
        attributes=_ATTRIBUTES,
        protocols=["http", "https", "mailto"],
        strip=True,
    )
