"""What the findings cannot carry, in words for people who are no experts."""

from __future__ import annotations

from forensic_cli.model.weights import ModelCard
from forensic_cli.report.language import Language
from forensic_cli.report.model import Section


def build_limitations(card: ModelCard, lang: Language) -> Section:
    """What holds for every item, and how often the model was wrong, counted in hundreds."""
    points = [*lang.say_all("limitations.general")]
    for domain in dict.fromkeys(row.domain for row in card.error_rates):
        rows = [row for row in card.error_rates if row.domain == domain]
        alarms = [row.false_positive_rate for row in rows if row.false_positive_rate is not None]
        misses = [row.false_negative_rate for row in rows if row.false_negative_rate is not None]
        values = {"where": _where(domain, lang)}
        if alarms:
            values |= _of_hundred(alarms, lang)
            points.append(lang.say("limitations.false_alarms", **values))
        if misses:
            values |= _of_hundred(misses, lang)
            points.append(lang.say("limitations.misses", **values))
    return Section("limitations", lang.say("limitations.title"), points=tuple(points))


def build_card_limitations(card: ModelCard, lang: Language) -> Section | None:
    """What the makers of the weights say of their limits; None where they say nothing."""
    if not card.limitations:
        return None
    return Section(
        "card-limitations",
        lang.say("limitations.card_title"),
        points=tuple(map(lang.stored, card.limitations)),
    )


def _where(domain: str, lang: Language) -> str:
    match domain:
        case "in-domain":
            return lang.say("limitations.trained")
        case "out-of-domain":
            return lang.say("limitations.untrained")
        case _:
            return lang.say("limitations.other", domain=domain)


def _of_hundred(rates: list[float], lang: Language) -> dict[str, str]:
    low, high = (lang.number(100 * end) for end in (min(rates), max(rates)))
    if low == high:
        return {"span": lang.say("limitations.about", value=low)}
    return {"span": lang.say("limitations.between", low=low, high=high)}
