"""Sentences that a scan stored in English, found again and said in another language.

A scan writes its reasons, warnings and rules as English sentences into the results, which are the
authority. The messages below `stored` repeat these sentences as templates. A template that fits a stored
sentence gives the values, and the other catalogue's message of the same key gives the words. What no
template fits stays as it was written: a wrong translation would be worse than none.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping

from forensic_cli.report.catalogue import Message

FAMILY = "stored."
# Values under these names come from files and libraries, and are never taken for words of the program.
VERBATIM = frozenset({"name", "detail", "path", "methods"})
# Values under these names are words, which may be the program's own; all others are numbers.
WORDS = VERBATIM | {
    "among", "kind", "what", "suffix", "format", "option", "mode", "how", "source", "promised", "actual", "why",
    "part", "crops", "conditions", "condition", "rest", "split", "origin", "material",
}  # fmt: skip
_NUMBER = r"[-+−]?[\d.,]+(?:e[-+]?\d+)?%?"
_SENTENCE_END = re.compile(r"(?<=[.:;]) (?=\S)")


class Recogniser:
    """Translates stored text from one catalogue's words to another's.

    Args:
        source: messages in the language of the stored text.
        target: messages in the other language, with the same keys and placeholders.
    """

    def __init__(self, source: Mapping[str, Message], target: Mapping[str, Message]) -> None:
        keys = [key for key, message in source.items() if key.startswith(FAMILY) and isinstance(message, str)]
        # The longer a template's own text, the more it says: it is tried first.
        keys.sort(key=lambda key: -len(_literal(str(source[key]))))
        self._templates = [(pattern(str(source[key])), str(target[key])) for key in keys]

    def translate(self, text: str, localise: Callable[[str], str]) -> str | None:
        """The text in the other language, or None where a part of it fits no template.

        Args:
            localise: turns a number's marks into those of the other language.
        """
        starts = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text) + 1]
        # From the end backwards, so that each part is looked at once, however the sentences fall.
        said: dict[int, str | None] = {len(starts) - 1: ""}
        for first in reversed(range(len(starts) - 1)):
            said[first] = None
            # The shortest beginning first: a name with a full stop in it must not swallow a sentence.
            for last in range(first + 1, len(starts)):
                rest = said[last]
                if rest is None:
                    continue
                head = self._sentence(text[starts[first] : starts[last] - 1], localise)
                if head is not None:
                    said[first] = f"{head} {rest}".rstrip()
                    break
        return said[0]

    def _sentence(self, text: str, localise: Callable[[str], str]) -> str | None:
        for expression, target in self._templates:
            found = expression.fullmatch(text)
            if found:
                values = {
                    name: value if name in VERBATIM else self._sentence(value, localise) or localise(value)
                    for name, value in found.groupdict().items()
                }
                return target.format(**values)
        return None


def _literal(template: str) -> str:
    return "".join(text for text, _, _, _ in string.Formatter().parse(template))


def pattern(template: str) -> re.Pattern[str]:
    """A template as a regular expression with a group for each placeholder."""
    parts = []
    for text, name, _, _ in string.Formatter().parse(template):
        parts.append(re.escape(text))
        if name is not None:
            parts.append(f"(?P<{name}>{'.+?' if name in WORDS else _NUMBER})")
    return re.compile("".join(parts), re.DOTALL)
