"""Nodes of a CASE/UCO graph: deterministic names, typed literals, and the facets that files share.

The vocabulary is that of CASE 1.x / UCO 1.x (https://caseontology.org); in the tests `case_validate` holds the
graph against the shapes of CASE 1.5.0.
"""

from __future__ import annotations

import uuid
from typing import Any

Node = dict[str, Any]

CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "kb": "urn:lae-forensics:kb:",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-analysis": "https://ontology.unifiedcyberontology.org/uco/analysis/",
    "uco-configuration": "https://ontology.unifiedcyberontology.org/uco/configuration/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


class NodeNames:
    """Names of nodes: a kind and a UUID (RFC 9562, version 5) made of the run's own and the node's role.

    The same results give the same names, and no two runs share one.

    Args:
        run_id: the run's UUID.

    Raises:
        ValueError: it is none.
    """

    def __init__(self, run_id: str) -> None:
        self._run = uuid.UUID(run_id)

    def name(self, kind: str, *role: str) -> str:
        """The name of the node of this kind that has this role in the run."""
        # A NUL stands in no path and in no number.
        return f"kb:{kind}-{uuid.uuid5(self._run, chr(0).join((kind, *map(plain, role))))}"


def plain(text: str) -> str:
    """Text that UTF-8 can hold: undecodable bytes of a file's name, lone surrogates here, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def reference(name: str) -> Node:
    """A link to a node."""
    return {"@id": name}


def references(names: list[str]) -> list[Node]:
    """Links to nodes."""
    return [reference(name) for name in names]


def moment(iso_utc: str) -> Node:
    """An ISO 8601 time as xsd:dateTime."""
    return {"@type": "xsd:dateTime", "@value": iso_utc}


def given(properties: Node) -> Node:
    """The properties that have a value; an empty text, list or None is left out."""
    return {name: value for name, value in properties.items() if value not in ("", None, [], ())}


def file_node(
    names: NodeNames,
    role: str,
    path: str,
    file_name: str,
    hashes: tuple[tuple[str, str], ...],
    *,
    n_bytes: int | None = None,
    modified_utc: str = "",
    mime_type: str = "",
) -> list[Node]:
    """A file with a FileFacet, and a ContentDataFacet where its content is known.

    Args:
        role: what the file is to the run; with the path it makes the node's name.
        hashes: (description, SHA-256) of the content, for example before and after it was read.
    """
    name = names.name("file", role, path)
    facets = [names.name("file-facet", role, path)]
    nodes: list[Node] = [
        {
            "@id": facets[0],
            "@type": "uco-observable:FileFacet",
            **given(
                {
                    "uco-observable:fileName": plain(file_name),
                    "uco-observable:filePath": plain(path),
                    "uco-observable:sizeInBytes": n_bytes,
                    "uco-observable:modifiedTime": moment(modified_utc) if modified_utc else None,
                }
            ),
        }
    ]
    if hashes:
        facets.append(names.name("content-data-facet", role, path))
        hashed = [(names.name("hash", role, path, sha256), sha256) for sha256 in dict(hashes).values()]
        hashed = list(dict.fromkeys(hashed))
        nodes.append(
            {
                "@id": facets[1],
                "@type": "uco-observable:ContentDataFacet",
                **given(
                    {
                        "uco-observable:sizeInBytes": n_bytes,
                        "uco-observable:mimeType": mime_type,
                        "uco-observable:hash": references([hash_name for hash_name, _ in hashed]),
                    }
                ),
            }
        )
        nodes += [_hash_node(hash_name, sha256) for hash_name, sha256 in hashed]
    statement = {"@id": name, "@type": "uco-observable:File", "uco-core:hasFacet": references(facets)}
    remarks = [f"SHA-256 {when}: {sha256}" for when, sha256 in hashes]
    return [{**statement, **given({"uco-core:description": remarks})}, *nodes]


def _hash_node(name: str, sha256: str) -> Node:
    return {
        "@id": name,
        "@type": "uco-types:Hash",
        # A plain string: UCO 1.4 gave up the vocabulary's own datatype.
        "uco-types:hashMethod": "SHA256",
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": sha256},
    }
