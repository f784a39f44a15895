"""The CASE/UCO export: valid by the ontology's own shapes, complete, and the same every time."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forensic_cli.case.model import Case
from forensic_cli.errors import UsageError
from forensic_cli.evidence.records import ScanResult
from forensic_cli.interchange.case_graph import case_document
from forensic_cli.interchange.case_nodes import NodeNames
from forensic_cli.model.weights import ModelCard
from tests.interchange.material import HASH, results, saved_results

Node = dict[str, Any]


def graph_of(result: ScanResult, folder: Path) -> list[Node]:
    (folder / "results.jsonl").write_bytes(b"{}\n")
    document = json.loads(case_document(result, folder))
    graph: list[Node] = document["@graph"]
    return graph


def of_type(graph: list[Node], local: str) -> list[Node]:
    return [node for node in graph if node["@type"].partition(":")[2] == local]


@pytest.fixture
def graph(card: ModelCard, tmp_path: Path) -> list[Node]:
    return graph_of(results(card), tmp_path)


def test_case_validate_finds_it_conformant_without_the_network(
    card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from case_utils.case_validate import validate

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    result = saved_results(tmp_path / "out", results(card))
    exported = tmp_path / "case.jsonld"
    exported.write_text(case_document(result, tmp_path / "out"))
    monkeypatch.setattr(socket.socket, "connect", refuse)
    outcome = validate(str(exported), case_version="case-1.5.0", allow_warnings=False, inference="none")
    assert outcome.conforms, outcome.text
    assert not outcome.undefined_concepts


def test_case_validate_would_find_a_fault(card: ModelCard, tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    from case_utils.case_validate import validate

    nodes = graph_of(results(card), tmp_path)
    of_type(nodes, "Hash")[0].pop("uco-types:hashValue")
    document = json.loads(case_document(results(card), tmp_path))
    broken = tmp_path / "broken.jsonld"
    broken.write_text(json.dumps({**document, "@graph": nodes}))
    assert not validate(str(broken), case_version="case-1.5.0", inference="none").conforms


@pytest.mark.slow
def test_the_validators_own_command_accepts_it(card: ModelCard, tmp_path: Path) -> None:
    result = saved_results(tmp_path / "out", results(card))
    exported = tmp_path / "case.jsonld"
    exported.write_text(case_document(result, tmp_path / "out"))
    command = [
        str(Path(sys.executable).parent / "case_validate"),
        "--built-version",
        "case-1.5.0",
        str(exported),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforms: True" in done.stdout


@pytest.mark.slow
def test_without_case_data_it_is_conformant_too(card: ModelCard, tmp_path: Path) -> None:
    from case_utils.case_validate import validate

    result = saved_results(tmp_path / "out", replace(results(card), case=Case()))
    exported = tmp_path / "case.jsonld"
    exported.write_text(case_document(result, tmp_path / "out"))
    outcome = validate(str(exported), case_version="case-1.5.0", inference="none")
    assert outcome.conforms, outcome.text


def test_the_action_names_its_tool_its_files_and_its_results(graph: list[Node]) -> None:
    (action,) = of_type(graph, "InvestigativeAction")
    (tool,) = of_type(graph, "ConfiguredTool")
    (person,) = of_type(graph, "Person")
    assert action["uco-action:instrument"]["@id"] == tool["@id"]
    assert action["uco-action:performer"]["@id"] == person["@id"]
    assert len(action["uco-action:object"]) == 3
    results_of = {link["@id"] for link in action["uco-action:result"]}
    assert {node["@id"] for node in of_type(graph, "AnalyticResult")} < results_of


def test_every_link_leads_to_a_node_of_the_graph(graph: list[Node]) -> None:
    names = [node["@id"] for node in graph]
    assert len(names) == len(set(names))

    def links(value: object) -> list[str]:
        if isinstance(value, list):
            return [link for entry in value for link in links(entry)]
        return [value["@id"]] if isinstance(value, dict) and "@id" in value else []

    for node in graph:
        for name, value in node.items():
            assert set(links(value)) <= set(names), (node["@id"], name)


def test_the_configured_tool_carries_the_hash_of_the_weights(graph: list[Node]) -> None:
    entries = {node["uco-configuration:itemName"]: node for node in of_type(graph, "ConfigurationEntry")}
    assert entries["weights SHA-256"]["uco-configuration:itemValue"] == "a" * 64
    (weights,) = entries["weights file"]["uco-configuration:itemObject"]
    assert any(node["@id"] == weights["@id"] and "File" in node["@type"] for node in graph)
    assert entries["command line"]["uco-configuration:itemValue"] == "lae-forensics scan"


def test_each_track_is_a_result_and_each_item_without_one_too(graph: list[Node]) -> None:
    found = of_type(graph, "AnalyticResult")
    assert [node["uco-core:name"] for node in found] == [
        "Item 0001, face track 1", "Item 0001, face track 2", "Item 0002", "Item 0003",
    ]  # fmt: skip
    classes = [node["uco-analysis:class"] for node in of_type(graph, "ArtifactClassification")]
    assert classes == ["likely_forged", "no_support", "no_face", "failed"]


def test_scores_are_statements_that_read_back_and_no_confidence(graph: list[Node]) -> None:
    second = of_type(graph, "AnalyticResult")[1]
    stated = dict(line.split(" = ") for line in second["uco-core:statement"] if " = " in line)
    assert float(stated["score"]) == -0.113
    assert float(stated["log10_lr"]) == -0.5
    assert (stated["lr_is_bounded"], stated["lr_term"]) == ("true", "weak")
    assert "classificationConfidence" not in json.dumps(graph)


def test_files_carry_their_hashes(graph: list[Node]) -> None:
    values = [node["uco-types:hashValue"]["@value"] for node in of_type(graph, "Hash")]
    assert {HASH["clip"], HASH["odd"], HASH["exhibit"], "a" * 64} <= set(values)
    facets = {node["uco-observable:fileName"]: node for node in of_type(graph, "FileFacet")}
    assert facets["clip.mp4"]["uco-observable:sizeInBytes"] == 1000
    assert facets["clip.mp4"]["uco-observable:modifiedTime"]["@value"] == "2026-01-01T00:00:00Z"
    assert "uco-observable:sizeInBytes" not in facets["broken.jpg"]


def test_the_provenance_names_the_exhibit(graph: list[Node]) -> None:
    numbers = [node.get("case-investigation:exhibitNumber") for node in of_type(graph, "ProvenanceRecord")]
    assert numbers == ["KTU-7", "0002", "0003", None]
    first = of_type(graph, "ProvenanceRecord")[0]
    assert first["uco-core:description"] == ["received from: Station 4"]


def test_undecodable_names_are_escaped_and_the_file_is_utf8(card: ModelCard, tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"")
    text = case_document(results(card), tmp_path)
    text.encode("utf-8")
    names = [node["uco-observable:fileName"] for node in of_type(json.loads(text)["@graph"], "FileFacet")]
    assert any(name.endswith("\\udce9\u202e.png") for name in names)


def test_the_same_results_give_the_same_file_and_another_run_other_names(
    card: ModelCard, tmp_path: Path
) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"")
    one = results(card)
    other = replace(one, run=replace(one.run, run_id=str(uuid.UUID(int=9))))
    assert case_document(one, tmp_path) == case_document(one, tmp_path)
    ids = [
        {node["@id"] for node in json.loads(case_document(result, tmp_path))["@graph"]}
        for result in (one, other)
    ]
    assert not ids[0] & ids[1]


def test_names_are_version_5_uuids_of_the_run() -> None:
    run = str(uuid.uuid4())
    name = NodeNames(run).name("file", "evidence 0001", "/a.mp4")
    made = uuid.UUID(name.removeprefix("kb:file-"))
    assert made.version == 5
    assert made == uuid.uuid5(uuid.UUID(run), "file\0evidence 0001\0/a.mp4")


def test_a_run_without_a_uuid_is_refused(card: ModelCard, tmp_path: Path) -> None:
    result = results(card)
    with pytest.raises(UsageError, match="no UUID"):
        case_document(replace(result, run=replace(result.run, run_id="seven")), tmp_path)
