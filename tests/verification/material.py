"""A small case on disk: evidence, results as a scan writes them, a report beside them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from forensic_cli.evidence.output import add_report
from forensic_cli.model.weights import ModelCard
from forensic_cli.provenance.files import hash_evidence
from forensic_cli.types import (
    CropReading,
    Evidence,
    Exhibit,
    Finding,
    FrameCounts,
    ItemResult,
    LatentActivation,
    TrackResult,
    Verdict,
)
from tests.evidence.saved import result_of, saved


@dataclass(frozen=True)
class MadeCase:
    """Where everything lies.

    Attributes:
        evidence: the folder of two files, `a.mp4` and `sub/b.jpg`.
        results: the results folder, with one exhibit.
        report: the PDF beside it.
    """

    evidence: Path
    results: Path
    report: Path

    @property
    def exhibit(self) -> Path:
        return self.results / "exhibits" / "0001.png"


def draw_pdf(text: str = "Report") -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=True)
    canvas.drawString(72, 720, text)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def reading(frame: int = 0, score: float = 0.7, x: float = 10.0) -> CropReading:
    return CropReading(
        frame, frame * 512, frame / 25, (x, 10, x + 90, 100), (x - 5, 5, x + 95, 105), 1.4, 150.0,
        LatentActivation(1.0, 1.0 + score),
    )  # fmt: skip


def analysed(path: Path, item_id: str, exhibits: tuple[Exhibit, ...] = ()) -> ItemResult:
    state = hash_evidence(path)
    finding = Finding(Verdict.LIKELY_FORGED, ("It reaches the threshold.",), 0.7, (0.6, 0.8))
    track = TrackResult(0, (reading(0), reading(12), reading(24)), finding, exhibits)
    evidence = Evidence(str(path), state.n_bytes, state.mtime_utc, state.sha256, state.sha256)
    return ItemResult(item_id, evidence, finding, counts=FrameCounts(3, 3, 3, 0, 0), tracks=(track,))


def make_case(folder: Path, card: ModelCard) -> MadeCase:
    """Writes evidence, results and a report into an empty folder."""
    case = MadeCase(folder / "evidence", folder / "out-results", folder / "out.pdf")
    (case.evidence / "sub").mkdir(parents=True)
    (case.evidence / "a.mp4").write_bytes(b"first" * 1000)
    (case.evidence / "sub" / "b.jpg").write_bytes(b"second" * 1000)
    picture = b"\x89PNG" + bytes(range(256)) * 8
    case.exhibit.parent.mkdir(parents=True)
    case.exhibit.write_bytes(picture)
    exhibit = Exhibit("exhibits/0001.png", hashlib.sha256(picture).hexdigest(), "heatmap", 0, 0.0, 0.7)
    items = (
        analysed(case.evidence / "a.mp4", "0001", (exhibit,)),
        analysed(case.evidence / "sub" / "b.jpg", "0002"),
    )
    saved(case.results, result_of(card, *items))
    case.report.write_bytes(draw_pdf())
    add_report(case.results, case.report)
    return case


def flip_byte(path: Path, at: float = 0.5) -> None:
    """Changes one byte, at a share of the file's length."""
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 0x01
    path.write_bytes(bytes(content))
