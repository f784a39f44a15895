"""Words that no report prints, in any language: each claims what no test can carry."""

from __future__ import annotations

import re

_ENGLISH = (r"prove[sdn]?", r"proving", r"authentic\w*", r"court.admissible", r"probability fake")
_GERMAN = (
    r"beweis(t|en|bar)",
    r"bewiesen(e[nrsm]?)?",
    r"nachweislich\w*",
    r"authenti\w+",
    r"echt(heit)? bewiesen",
    r"gerichtsfest\w*",
    r"gerichtsverwertbar\w*",
    r"f(ä|ae)lschungswahrscheinlichkeit\w*",
)
FORBIDDEN = re.compile(rf"\b({'|'.join((*_ENGLISH, *_GERMAN))})\b", re.IGNORECASE)
