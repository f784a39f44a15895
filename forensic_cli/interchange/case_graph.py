"""A scan as CASE/UCO JSON-LD (https://caseontology.org): who did what to which file with which tool.

Plain JSON is written; no library of the ontology is needed. A score is stated as a sentence, never as the
ontology's `classificationConfidence`, which reads as a probability.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePath

from forensic_cli.errors import UsageError
from forensic_cli.evidence.records import RESULTS_NAME, ScanResult
from forensic_cli.interchange.case_nodes import (
    CONTEXT,
    Node,
    NodeNames,
    file_node,
    given,
    moment,
    plain,
    reference,
    references,
)
from forensic_cli.interchange.case_results import result_nodes
from forensic_cli.types import ItemResult

_MIME_TYPES = {
    "JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp",
    "TIFF": "image/tiff", "BMP": "image/bmp",
}  # fmt: skip


def case_document(result: ScanResult, folder: Path) -> str:
    """The JSON-LD of a scan, the same for the same results, ending with a line feed.

    Args:
        folder: of the results, whose results.jsonl is named with its hash.

    Raises:
        UsageError: the run has no UUID, as no scan of this version writes.
    """
    try:
        names = NodeNames(result.run.run_id)
    except ValueError as error:
        raise UsageError(f"The run's id {result.run.run_id!r} is no UUID.", "Scan again.") from error
    files: list[str] = []
    found: list[str] = []
    evidence: list[Node] = []
    for item in result.items:
        nodes = _evidence_file(names, item)
        file_name = nodes[0]["@id"]
        files.append(file_name)
        results, some = result_nodes(names, item, file_name)
        found += some
        evidence += [*nodes, _exhibit_record(names, result, item, file_name), *results]
    outputs = _results_file(names, folder)
    record = _result_record(names, result, [outputs[0]["@id"], *found])
    people = _people(names, result)
    graph = [
        *_case(names, result),
        *people,
        *_tool(names, result),
        _action(names, result, files, [record["@id"], outputs[0]["@id"], *found], people),
        *evidence,
        record,
        *outputs,
    ]
    return json.dumps({"@context": CONTEXT, "@graph": graph}, indent=1, allow_nan=False) + "\n"


def _evidence_file(names: NodeNames, item: ItemResult) -> list[Node]:
    evidence = item.evidence
    hashes = (("before", evidence.sha256_before), ("after", evidence.sha256_after))
    was_opened = bool(evidence.sha256_before)
    return file_node(
        names,
        f"evidence {item.item_id}",
        evidence.path,
        PurePath(evidence.path).name,
        tuple((when, sha256) for when, sha256 in hashes if sha256),
        n_bytes=evidence.n_bytes if was_opened else None,
        modified_utc=evidence.mtime_utc,
        mime_type=_MIME_TYPES.get(item.media.container, "") if item.media else "",
    )


def _exhibit_record(names: NodeNames, result: ScanResult, item: ItemResult, file_name: str) -> Node:
    """The provenance of one item of evidence: how it is called in the case, and what was supplied on it."""
    about = result.case.about(item.evidence.path)
    remarks = [
        f"{what}: {text}"
        for what, text in (
            ("description", about.description),
            ("received from", about.received_from),
            ("received", about.received_utc),
            ("original or copy", about.original_or_copy),
            ("condition", about.condition),
        )
        if text
    ]
    return {
        "@id": names.name("provenance-record", item.item_id),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:name": f"Item {item.item_id}",
        "case-investigation:exhibitNumber": plain(
            about.exhibit or f"{result.case.exhibit_prefix}{item.item_id}"
        ),
        "uco-core:object": [reference(file_name)],
        **given({"uco-core:description": list(map(plain, remarks))}),
    }


def _result_record(names: NodeNames, result: ScanResult, objects: list[str]) -> Node:
    return {
        "@id": names.name("provenance-record", "results"),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:name": f"Results of run {result.run.run_id}",
        "uco-core:object": references(objects),
    }


def _results_file(names: NodeNames, folder: Path) -> list[Node]:
    content = (folder / RESULTS_NAME).read_bytes()
    hashes = (("of the results", hashlib.sha256(content).hexdigest()),)
    return file_node(names, "results", RESULTS_NAME, RESULTS_NAME, hashes, n_bytes=len(content))


def _tool(names: NodeNames, result: ScanResult) -> list[Node]:
    """The program, its configuration with every setting of the run, and the file of the weights."""
    run, card = result.run, result.model
    weights = file_node(names, "weights", card.file, card.file, (("of the weights", card.sha256),))
    settings = [
        ("command line", " ".join(run.argv)),
        ("working folder", run.working_folder),
        ("source SHA-256", run.source_sha256),
        ("commit", run.commit),
        ("device", run.device),
        ("precision", run.precision),
        ("seed", str(run.seed)),
        ("platform", run.platform),
        *((f"version of {component}", version) for component, version in run.versions),
        ("weights", card.name),
        ("weights SHA-256", card.sha256),
        *((f"parameter: {name}", value) for name, value in result.parameters),
    ]
    entries: list[Node] = [
        {
            "@id": names.name("configuration-entry", str(number), name),
            "@type": "uco-configuration:ConfigurationEntry",
            "uco-configuration:itemName": plain(name),
            "uco-configuration:itemValue": plain(value) or "none",
        }
        for number, (name, value) in enumerate(settings)
    ]
    # An entry has a value or an object, never both.
    entries.append(
        {
            "@id": names.name("configuration-entry", "file", card.file),
            "@type": "uco-configuration:ConfigurationEntry",
            "uco-configuration:itemName": "weights file",
            "uco-configuration:itemObject": [reference(weights[0]["@id"])],
        }
    )
    tool, configured, configuration = (
        names.name(kind, "program") for kind in ("tool", "configured-tool", "configuration")
    )
    about: Node = {
        "uco-core:name": "lae-forensics",
        "uco-tool:version": run.tool_version,
        "uco-tool:toolType": "Detection of forged faces",
    }
    return [
        {"@id": tool, "@type": "uco-tool:Tool", **about},
        {
            "@id": configured,
            "@type": "uco-tool:ConfiguredTool",
            **about,
            "uco-configuration:isConfigurationOf": reference(tool),
            "uco-configuration:usesConfiguration": reference(configuration),
        },
        {
            "@id": configuration,
            "@type": "uco-configuration:Configuration",
            "uco-configuration:configurationEntry": references([entry["@id"] for entry in entries]),
        },
        *entries,
        *weights,
    ]


def _action(
    names: NodeNames, result: ScanResult, files: list[str], results: list[str], people: list[Node]
) -> Node:
    run = result.run
    remarks = [*result.aggregation_rule]
    if run.was_interrupted:
        remarks.append("The scan was interrupted before all items were examined.")
    return {
        "@id": names.name("investigative-action", "scan"),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": "Examination for forged faces",
        "uco-action:startTime": moment(run.started_utc),
        "uco-action:endTime": moment(run.finished_utc),
        "uco-action:instrument": reference(names.name("configured-tool", "program")),
        **given(
            {
                "uco-core:description": list(map(plain, remarks)),
                "uco-action:performer": reference(people[0]["@id"]) if people else None,
                "uco-action:object": references(files),
                "uco-action:result": references(results),
            }
        ),
    }


def _people(names: NodeNames, result: ScanResult) -> list[Node]:
    """The examiner and the laboratory, where they were supplied; the first of them performs the action."""
    case = result.case
    supplied = (
        ("identity", "uco-identity:Person", case.examiner, case.role),
        ("organization", "uco-identity:Organization", case.laboratory, case.laboratory_address),
    )
    return [
        {
            "@id": names.name(kind, "performer"),
            "@type": node_type,
            "uco-core:name": plain(name),
            **given({"uco-core:description": [plain(more)] if more else None}),
        }
        for kind, node_type, name, more in supplied
        if name
    ]


def _case(names: NodeNames, result: ScanResult) -> list[Node]:
    """The investigation, where a case number was supplied."""
    case = result.case
    if not case.number:
        return []
    return [
        {
            "@id": names.name("investigation", "case"),
            "@type": "case-investigation:Investigation",
            "uco-core:name": plain(case.number),
            "uco-core:object": [reference(names.name("investigative-action", "scan"))],
            **given({"uco-core:description": [plain(case.question)] if case.question else None}),
        }
    ]
