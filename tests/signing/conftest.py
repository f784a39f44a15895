"""A certified PDF to look at from all sides."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.signing import pki


@pytest.fixture(scope="session")
def authority() -> pki.Holder:
    return pki.make_authority()


@pytest.fixture(scope="session")
def stamp_authority() -> pki.Holder:
    return pki.make_authority("Stamp root")


@pytest.fixture(scope="session")
def examiner(authority: pki.Holder) -> pki.Holder:
    return pki.make_signer(authority)


@pytest.fixture(scope="session")
def stamper(stamp_authority: pki.Holder) -> pki.Holder:
    return pki.make_time_stamper(stamp_authority)


@pytest.fixture(scope="session")
def plain_pdf() -> bytes:
    """Two pages, drawn as reports are."""
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=True)
    for text in ("First page", "Second page"):
        canvas.drawString(72, 720, text)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.fixture
def key_file(examiner: pki.Holder, tmp_path: Path) -> Path:
    return examiner.p12(tmp_path / "examiner.p12")
