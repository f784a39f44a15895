"""A report of a scan on a cluster names the machines that examined items."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensic_cli.report.build import build_report
from forensic_cli.report.form import ReportForm
from forensic_cli.types import NodeWork
from tests.report import material as made

WORK = (NodeWork("alpha (192.0.2.1)", 1), NodeWork("beta (192.0.2.2)", 1200))


@pytest.mark.parametrize(
    ("language", "fields"),
    [
        (
            "en",
            {
                "Examined on node alpha (192.0.2.1)": "1 item",
                "Examined on node beta (192.0.2.2)": "1,200 items",
            },
        ),
        (
            "de",
            {
                "Untersucht auf Knoten alpha (192.0.2.1)": "1 Prüfgegenstand",
                "Untersucht auf Knoten beta (192.0.2.2)": "1.200 Prüfgegenstände",
            },
        ),
    ],
)
def test_each_node_is_named_with_its_number_of_items(
    tmp_path: Path, language: str, fields: dict[str, str]
) -> None:
    result = made.make_result(tmp_path, run=made.make_run(nodes=WORK), items=())
    tool = build_report(result, tmp_path, ReportForm(language)).tool
    told = {field.label: field.value for field in tool.fields}
    assert {label: told[label] for label in fields} == fields


def test_a_scan_of_one_machine_names_no_nodes(tmp_path: Path) -> None:
    tool = build_report(made.make_result(tmp_path, items=()), tmp_path).tool
    assert not [field.label for field in tool.fields if "node" in field.label.lower()]
