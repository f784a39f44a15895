"""Facts about a file for the examiner: how it was made and stored. None of them enters a score."""

from forensic_cli.media.facts.collect import collect_facts

__all__ = ["collect_facts"]
