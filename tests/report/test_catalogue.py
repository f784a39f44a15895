"""The message catalogues: complete, alike, used, and without a word that claims too much."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import forensic_cli
from forensic_cli.report.catalogue import Message, available_languages, load_messages, placeholders
from forensic_cli.report.fonts import REGULAR, font_for
from forensic_cli.types import VerbalTerm, Verdict
from tests.report.forbidden import FORBIDDEN

PACKAGE = Path(forensic_cli.__file__).parent
ENGLISH = load_messages("en")
OTHERS = [tag for tag in available_languages() if tag != "en"]
SAYING = {"say", "say_all"}
# Filled at run time from a count's noun, a finding, a verbal term or a glossary's entry.
KEY = re.compile(r"[a-z]+(\.[a-z0-9_]+)+")


def texts(message: Message) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else message


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(
        ast.parse(path.read_text(encoding="utf-8")) for path in sorted((PACKAGE / "report").glob("*.py"))
    )


def calls() -> Iterator[ast.Call]:
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if name in SAYING and node.args:
                    yield node


def keys_of(argument: ast.expr) -> list[str]:
    """The keys that an argument names literally, both branches of a choice included."""
    if isinstance(argument, ast.Constant):
        return [str(argument.value)]
    if isinstance(argument, ast.IfExp):
        return keys_of(argument.body) + keys_of(argument.orelse)
    return []


def named_keys() -> set[str]:
    """Every string in the report's code that has the form of a key of a known table."""
    tables = {key.partition(".")[0] for key in ENGLISH}
    return {
        node.value
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and KEY.fullmatch(node.value)
        and node.value.partition(".")[0] in tables
        and node.value not in families()
    }


@cache
def families() -> set[str]:
    """Beginnings of keys that are completed at run time: f"verdict.{...}"."""
    found = set()
    for tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginning = str(node.values[0].value)
                if re.fullmatch(r"[a-z]+\.[a-z_]*", beginning):
                    found.add(beginning)
    return found


def nouns() -> set[str]:
    """What `count` is called with."""
    return {
        str(node.args[1].value)
        for tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "count"
        and len(node.args) == 2
        and isinstance(node.args[1], ast.Constant)
    }


@pytest.mark.parametrize("tag", OTHERS)
def test_every_language_has_the_same_keys(tag: str) -> None:
    assert set(load_messages(tag)) == set(ENGLISH)


@pytest.mark.parametrize("tag", OTHERS)
def test_every_message_has_the_same_placeholders_and_parts(tag: str) -> None:
    other = load_messages(tag)
    differing = [
        key
        for key, message in ENGLISH.items()
        if placeholders(message) != placeholders(other[key]) or type(message) is not type(other[key])
    ]
    assert differing == []


@pytest.mark.parametrize("tag", available_languages())
def test_no_message_is_empty_or_badly_spaced(tag: str) -> None:
    bad = [
        key
        for key, message in load_messages(tag).items()
        for text in texts(message)
        if not text or text != text.strip() or "  " in text
    ]
    assert bad == []


@pytest.mark.parametrize("tag", OTHERS)
def test_sentences_were_translated(tag: str) -> None:
    other = load_messages(tag)
    same = [
        text
        for key, message in ENGLISH.items()
        for text, translation in zip(texts(message), texts(other[key]), strict=True)
        if text == translation and len([word for word in text.split() if word.isalpha()]) > 3
    ]
    # What is left is made of placeholders and proper names.
    assert same == []


def test_every_key_that_the_report_says_exists() -> None:
    said = {key for call in calls() for key in keys_of(call.args[0])}
    assert len(said) > 200
    assert said | named_keys() <= set(ENGLISH)
    assert {f"count.{noun}" for noun in nouns()} <= set(ENGLISH)


def test_every_call_fills_the_placeholders_of_its_message() -> None:
    for call in calls():
        given = {keyword.arg for keyword in call.keywords}
        for key in keys_of(call.args[0]):
            wanted = frozenset().union(*placeholders(ENGLISH[key]))
            assert None in given or given == wanted, (key, given, wanted)


def test_no_message_is_unused() -> None:
    used = named_keys() | {f"count.{noun}" for noun in nouns()}
    beginnings = tuple(families() - {"count."})
    unused = [key for key in ENGLISH if key not in used and not key.startswith((*beginnings, "stored."))]
    assert unused == []


def test_every_finding_and_every_verbal_term_has_its_own_words() -> None:
    for tag in available_languages():
        messages = load_messages(tag)
        assert len({messages[f"verdict.{verdict.value}"] for verdict in Verdict}) == len(Verdict)
        assert len({messages[f"lr.term_{term.name.lower()}"] for term in VerbalTerm}) == len(VerbalTerm)


def test_glossary_entries_are_all_printed() -> None:
    from forensic_cli.report.build_method import _TERMS, _TERMS_CALIBRATED

    entries = {key.removeprefix("glossary.") for key in ENGLISH if key.startswith("glossary.")} - {"title"}
    assert entries == {*_TERMS, *_TERMS_CALIBRATED}


@pytest.mark.parametrize("tag", available_languages())
def test_no_sentence_claims_what_no_test_can_carry(tag: str) -> None:
    claims = [
        text for message in load_messages(tag).values() for text in texts(message) if FORBIDDEN.search(text)
    ]
    assert claims == []


@pytest.mark.parametrize(
    "text",
    [
        "This proves it.", "It is authentic.", "court-admissible", "Probability fake: 97%", "Das beweist nichts.",
        "Die Echtheit ist bewiesen.", "ein gerichtsfester Befund", "Fälschungswahrscheinlichkeit 97 %", "Authentizität",
    ],
)  # fmt: skip
def test_the_list_of_such_words_finds_them(text: str) -> None:
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize(
    "text", ["no proof of location", "Beweismittelkette", "kein Nachweis", "approved", "echt"]
)
def test_the_list_of_such_words_lets_others_pass(text: str) -> None:
    assert not FORBIDDEN.search(text)


@pytest.mark.parametrize("tag", available_languages())
def test_the_fonts_have_every_character(tag: str) -> None:
    characters = {
        character for message in load_messages(tag).values() for text in texts(message) for character in text
    }
    assert [
        character for character in sorted(characters - {" "}) if font_for(character, REGULAR) != REGULAR
    ] == []


def test_the_caption_is_the_agreed_one() -> None:
    assert ENGLISH["pictures.heatmap_caption"] == "What the model attended to; not proof of location."
