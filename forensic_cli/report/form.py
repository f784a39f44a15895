"""How a report is wanted: its language, and whether it is a draft or final."""

from __future__ import annotations

from dataclasses import dataclass

from forensic_cli.report.catalogue import SOURCE_LANGUAGE, require_language


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The two choices that are no part of the results.

    Attributes:
        language: tag of a message catalogue.
        is_final: no watermark; needs complete case data, see `case.final`.

    Raises:
        UsageError: there is no catalogue for the language.
    """

    language: str = SOURCE_LANGUAGE
    is_final: bool = False

    def __post_init__(self) -> None:
        require_language(self.language)


DRAFT = ReportForm()
