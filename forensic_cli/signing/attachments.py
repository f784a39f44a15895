"""Files inside a PDF: associated files (ISO 32000-2, 14.13) that the signature covers with the pages."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

from forensic_cli.errors import UsageError, VerificationError

_NAME_ENTRIES = ("/F", "/UF", "/DOS", "/Mac", "/Unix")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to put into a PDF.

    Attributes:
        name: as a reader shows it, without folders.
        content: its bytes.
        mime_type: for example "application/json".
        description: one line for the reader's list of attachments.
    """

    name: str
    content: bytes
    mime_type: str
    description: str


def attach(pdf: bytes, attachments: tuple[Attachment, ...]) -> bytes:
    """Puts files into a PDF; the pages stay as they are.

    Args:
        pdf: of a report, without attachments and without signature.

    Returns:
        The whole PDF, written anew. The same input gives the same bytes.

    Raises:
        UsageError: it cannot be read, is encrypted, or holds attachments or a form already.
    """
    import pikepdf

    buffer = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            if document.attachments or "/AcroForm" in document.Root or document.is_encrypted:
                raise UsageError(
                    "The PDF is signed, encrypted, or holds attachments or a form already.",
                    "Give the report as `lae-forensics scan` or `lae-forensics report` wrote it.",
                )
            specs = []
            for attachment in attachments:
                document.attachments[attachment.name] = pikepdf.AttachedFileSpec(
                    document,
                    attachment.content,
                    description=attachment.description,
                    filename=attachment.name,
                    mime_type=attachment.mime_type,
                    creation_date="",
                    mod_date="",
                )
                spec = document.attachments[attachment.name].obj
                spec.AFRelationship = pikepdf.Name.Data
                specs.append(spec)
            document.Root.AF = document.make_indirect(pikepdf.Array(specs))
            document.save(buffer, deterministic_id=True, min_version="1.7")
    except pikepdf.PdfError as error:
        raise UsageError(f"The PDF cannot be read: {error}.", "Draw the report again.") from error
    return buffer.getvalue()


def read_attachments(pdf: bytes) -> Mapping[str, bytes]:
    """The files inside a PDF, by name.

    Raises:
        VerificationError: the PDF or a file in it cannot be read, or one name stands for several files.
    """
    import pikepdf

    files: dict[str, bytes] = {}
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            for key, spec in document.attachments.items():
                # A file specification may hold other contents for other systems: /F, /UF, /Mac ...
                contents = {bytes(stream.read_bytes()) for stream in spec.obj.EF.as_dict().values()}
                names = {key, *(str(spec.obj[entry]) for entry in _NAME_ENTRIES if entry in spec.obj)}
                if len(contents) != 1 or len(names) != 1:
                    raise VerificationError(f"The attachment {key} stands for several names or contents.")
                files[key] = contents.pop()
    except (pikepdf.PdfError, AttributeError, KeyError, ValueError, TypeError) as error:
        raise VerificationError(f"The attachments cannot be read: {error}.") from error
    return files
