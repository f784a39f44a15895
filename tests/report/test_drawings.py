import io
import itertools

import cv2
import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from reportlab.pdfgen.canvas import Canvas

from forensic_cli.report.axes import Axis, nice_step, ticks
from forensic_cli.report.flow import Drawn
from forensic_cli.report.fonts import REGULAR, register_text_fonts
from forensic_cli.report.language import Language
from forensic_cli.report.model import Mark, ScorePlot, Thresholds
from forensic_cli.report.scales import AttentionScale, ScoreBar, inferno
from forensic_cli.report.styles import TEXT_WIDTH
from forensic_cli.report.symbols import draw_symbol
from forensic_cli.report.timeline import Timeline
from forensic_cli.types import Verdict

register_text_fonts()
ENGLISH = Language("en")


def open_page(draw: object) -> pypdfium2.PdfPage:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(520, 220), initialFontName=REGULAR)
    if isinstance(draw, Drawn):
        draw.canv = canvas
        draw.draw()
    else:
        draw(canvas)  # type: ignore[operator]
    canvas.showPage()
    canvas.save()
    return pypdfium2.PdfDocument(buffer.getvalue())[0]


def pixels(draw: object) -> NDArray[np.uint8]:
    return np.asarray(open_page(draw).render(scale=2).to_pil().convert("L"))


def words(draw: object) -> str:
    return " ".join(str(open_page(draw).get_textpage().get_text_bounded()).split())


def make_plot(points: list[tuple[float, float]], **changes: object) -> ScorePlot:
    values: dict[str, object] = {
        "points": tuple(points),
        "marks": (),
        "thresholds": Thresholds(0.25, -0.05),
        "duration_s": 10.0,
        "score": 0.4,
        "interval": (0.3, 0.5),
        "description": "",
    }
    return ScorePlot(**{**values, **changes})  # type: ignore[arg-type]


def test_findings_differ_by_shape_without_any_colour() -> None:
    shapes = {
        verdict: pixels(lambda canvas, verdict=verdict: draw_symbol(canvas, verdict, 100, 100, 24))
        for verdict in Verdict
    }
    for first, second in itertools.combinations(Verdict, 2):
        differing = np.abs(shapes[first].astype(int) - shapes[second]) > 128
        assert differing.sum() > 60, (first, second)


def test_the_scale_has_opencvs_colours() -> None:
    levels = np.arange(256, dtype=np.uint8)[:, None]
    expected = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[:, 0, ::-1].astype(float)
    drawn = np.array([inferno(level / 255).rgb() for level in range(256)]) * 255
    assert np.abs(drawn - expected).max() < 4


def test_the_scale_names_its_ends() -> None:
    assert words(AttentionScale(0.8, ENGLISH)) == "0 0.4 0.8"


@given(st.floats(1e-3, 1e6), st.integers(2, 12))
def test_steps_are_round_and_few(span: float, n_steps: int) -> None:
    step = nice_step(span, n_steps)
    assert span / step <= n_steps * 1.001
    mantissa = step / 10 ** np.floor(np.log10(step) + 1e-9)
    assert min(abs(mantissa - nice) for nice in (1, 2, 5)) < 1e-6


def test_ticks_lie_inside() -> None:
    assert list(ticks(-0.13, 0.5, 0.25)) == [0.0, 0.25, 0.5]


def test_an_axis_never_leaves_its_frame() -> None:
    axis = Axis(0, 10, 100, 200)
    assert [axis(value) for value in (-5, 0, 5, 99)] == [100, 100, 150, 200]


def test_a_timeline_names_thresholds_band_and_marks() -> None:
    marks = (Mark(2.0, 0.4, "A"), Mark(2.05, 0.41, "B"))
    text = words(Timeline(make_plot([(n * 0.5, 0.4) for n in range(20)], marks=marks), ENGLISH))
    for part in (
        "likely forged",
        "from +0.250",
        "inconclusive",
        "below −0.050",
        "no support",
        "A",
        "B",
        "0:10",
    ):
        assert part in text
    assert "frame shown below, by letter" in text


def test_a_long_video_has_hours_on_its_axis() -> None:
    text = words(Timeline(make_plot([(n * 60.0, 0.1) for n in range(120)], duration_s=7200.0), ENGLISH))
    assert "1:00:00" in text
    assert "h:mm:ss" in text


def test_a_face_seen_briefly_fills_the_axis() -> None:
    brief = Timeline(make_plot([(100 + n * 0.5, 0.1) for n in range(6)], duration_s=7200.0), ENGLISH)
    assert brief.x.low > 99
    assert brief.x.high < 104


@pytest.mark.parametrize(
    "points",
    [
        [(0.0, 0.1), (0.0, 0.1)],
        [(0.0, -5.0), (9.0, 80.0)],
        [(n * 0.04, 0.01 * (n % 9)) for n in range(20_000)],
    ],
)
def test_extreme_tracks_can_be_drawn(points: list[tuple[float, float]]) -> None:
    assert (pixels(Timeline(make_plot(points, duration_s=points[-1][0]), ENGLISH)) < 128).sum() > 100


def places(draw: Drawn) -> dict[str, tuple[float, float, float, float]]:
    """(left, bottom, right, top) of each piece of text on the page."""
    page = open_page(draw).get_textpage()
    boxes = [page.get_rect(index) for index in range(page.count_rects())]
    return {page.get_text_bounded(*box).strip(): box for box in boxes}


def test_thresholds_that_coincide_keep_their_labels_apart() -> None:
    plot = make_plot([(0.0, 0.2), (1.0, 0.3)], thresholds=Thresholds(0.25, 0.25))
    found = places(Timeline(plot, ENGLISH))
    assert found["from +0.250"][1] > found["below +0.250"][3]


@pytest.mark.parametrize("score", [-3.0, 0.1, 3.0])
def test_the_labels_of_a_score_bar_never_overlap(score: float) -> None:
    found = places(
        ScoreBar(make_plot([(0.0, score)], thresholds=Thresholds(0.11, 0.1), interval=None), ENGLISH)
    )
    assert found["no support, below +0.100"][2] + 5 < found["from +0.110, likely forged"][0]
    assert found["no support, below +0.100"][0] >= -0.5
    assert found["from +0.110, likely forged"][2] <= TEXT_WIDTH + 0.5


def test_a_single_score_stands_between_named_thresholds() -> None:
    plot = make_plot([(0.0, -0.22)], marks=(Mark(0.0, -0.22, "A"),), interval=None, score=-0.22)
    text = words(ScoreBar(plot, ENGLISH))
    for part in ("A −0.220", "no support, below −0.050", "inconclusive", "from +0.250, likely forged"):
        assert part in text
