"""What was found, as CASE/UCO: an AnalyticResult for each face track, and for each item without one."""

from __future__ import annotations

from forensic_cli.interchange.case_nodes import (
    Node,
    NodeNames,
    file_node,
    given,
    plain,
    reference,
    references,
)
from forensic_cli.types import Exhibit, Finding, ItemResult, TrackResult

_SCORE_NOTE = (
    "The score is a_F - a_T; higher means more like the forgeries of training. It is no probability."
)


def result_nodes(names: NodeNames, item: ItemResult, file_name: str) -> tuple[list[Node], list[str]]:
    """The results of one item.

    Args:
        file_name: the node of the item's file.

    Returns:
        All nodes, and the names of the AnalyticResults among them.
    """
    if not item.tracks:
        return _result(names, item, None, file_name)
    nodes: list[Node] = []
    results: list[str] = []
    for track in item.tracks:
        more, found = _result(names, item, track, file_name)
        nodes += more
        results += found
    return nodes, results


def _result(
    names: NodeNames, item: ItemResult, track: TrackResult | None, file_name: str
) -> tuple[list[Node], list[str]]:
    role = (item.item_id, str(track.track_id) if track else "item")
    finding = track.finding if track else item.finding
    name = names.name("analytic-result", *role)
    facet, classification = (
        names.name(kind, *role) for kind in ("classification-facet", "artifact-classification")
    )
    exhibits = [node for exhibit in (track.exhibits if track else ()) for node in _exhibit(names, exhibit)]
    files = [node["@id"] for node in exhibits if node["@type"] == "uco-observable:File"]
    title = f"Item {item.item_id}, face track {track.track_id}" if track else f"Item {item.item_id}"
    result: Node = {
        "@id": name,
        "@type": "uco-analysis:AnalyticResult",
        "uco-core:name": title,
        "uco-core:hasFacet": [reference(facet)],
        **given(
            {
                "uco-core:statement": _statements(item, track, finding),
                "uco-core:description": [plain(reason) for reason in finding.reasons],
                "uco-analysis:resultContent": references(files),
            }
        ),
    }
    about: Node = {
        "@id": names.name("relationship", *role),
        "@type": "uco-core:Relationship",
        "uco-core:source": reference(name),
        "uco-core:target": reference(file_name),
        "uco-core:kindOfRelationship": "Derived_From",
        "uco-core:isDirectional": True,
    }
    classes: list[Node] = [
        {
            "@id": facet,
            "@type": "uco-analysis:ArtifactClassificationResultFacet",
            "uco-analysis:classification": [reference(classification)],
        },
        {
            "@id": classification,
            "@type": "uco-analysis:ArtifactClassification",
            "uco-analysis:class": finding.verdict.value,
        },
    ]
    return [result, about, *classes, *exhibits], [name]


def _exhibit(names: NodeNames, exhibit: Exhibit) -> list[Node]:
    file_name = exhibit.file.rpartition("/")[2]
    return file_node(names, "exhibit", exhibit.file, file_name, (("when written", exhibit.sha256),))


def _statements(item: ItemResult, track: TrackResult | None, finding: Finding) -> list[str]:
    """Every number of a finding as "name = value", so that a program can read it back."""
    values: list[tuple[str, object]] = [("verdict", finding.verdict.value)]
    if finding.score is not None:
        values.append(("score", finding.score))
    if finding.interval is not None:
        values += [("score_low", finding.interval[0]), ("score_high", finding.interval[1])]
    if finding.log10_lr is not None:
        values += [("log10_lr", finding.log10_lr), ("lr_is_bounded", str(finding.lr_is_bounded).lower())]
    if finding.lr_term is not None:
        values.append(("lr_term", finding.lr_term.value))
    if finding.lr_note:
        values.append(("lr_note", finding.lr_note))
    if track is not None:
        times = [reading.time_s for reading in track.readings]
        values.append(("n_readings", len(track.readings)))
        values += [("first_time_s", min(times)), ("last_time_s", max(times))] if times else []
    if item.counts is not None:
        values += [("frames_in_stream", item.counts.n_in_stream), ("frames_used", item.counts.n_used),
                   ("frames_failed", item.counts.n_failed)]  # fmt: skip
    statements = [plain(f"{name} = {value}") for name, value in values]
    return [*statements, _SCORE_NOTE] if finding.score is not None else statements
