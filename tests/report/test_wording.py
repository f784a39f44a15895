import re
from collections.abc import Iterator

from forensic_cli.report import wording
from forensic_cli.types import Verdict

FORBIDDEN = re.compile(
    r"\bprove[sdn]?\b|\bproving\b|authentic|court.admissible|probability fake", re.IGNORECASE
)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from strings(tuple(value.values()))
    elif isinstance(value, tuple):
        for part in value:
            yield from strings(part)


def all_texts() -> list[str]:
    return [text for name, value in vars(wording).items() if name.isupper() for text in strings(value)]


def test_no_sentence_claims_what_no_test_can_carry() -> None:
    assert len(all_texts()) > 100
    assert [text for text in all_texts() if FORBIDDEN.search(text)] == []


def test_every_finding_has_its_own_words() -> None:
    assert set(wording.VERDICT_WORDS) == set(Verdict)
    assert len(set(wording.VERDICT_WORDS.values())) == len(Verdict)


def test_the_caption_is_the_agreed_one() -> None:
    assert wording.HEATMAP_CAPTION == "What the model attended to; not proof of location."
