"""Makes the report's fonts from the Debian packages that carry them.

    apt-get download fonts-noto-core fonts-noto-extra fonts-noto-mono fonts-droid-fallback fonts-nanum
    for package in *.deb; do dpkg -x "$package" unpacked; done
    python scripts/subset_fonts.py unpacked forensic_cli/report/fonts

Hinting, layout tables and scripts that the report does not set are left out, which takes the
five families from 12 MB to 5 MB. The result depends on the input alone, so that a second run
writes the same bytes. Needs fontTools, which the program itself does not.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

PLUS, MINUS = 0x002B, 0x2212
LATIN_GREEK_CYRILLIC = (
    *range(0x0020, 0x007F),
    *range(0x00A0, 0x0300),
    *range(0x0370, 0x0530),
    *range(0x1E00, 0x2070),
    *range(0x2070, 0x2300),
    *range(0x25A0, 0x2600),
    *range(0xFB00, 0xFB03),
)
IDEOGRAPHS_AND_KANA = (
    *range(0x2E80, 0xA000),
    *range(0xF900, 0xFB00),
    *range(0xFE30, 0xFE50),
    *range(0xFF00, 0xFFF0),
)
HANGUL_SYLLABLES = range(0xAC00, 0xD7A4)

# NanumSquare's licence reserves its name for the unmodified font, hence the other one here.
JOBS: tuple[tuple[str, str, Iterable[int], str], ...] = (
    ("NotoSans-Light.ttf", "NotoSans-Light.ttf", LATIN_GREEK_CYRILLIC, ""),
    ("NotoSans-Regular.ttf", "NotoSans-Regular.ttf", LATIN_GREEK_CYRILLIC, ""),
    ("NotoSans-SemiBold.ttf", "NotoSans-SemiBold.ttf", LATIN_GREEK_CYRILLIC, ""),
    ("NotoSansMono-Regular.ttf", "NotoSansMono-Regular.ttf", LATIN_GREEK_CYRILLIC, ""),
    ("DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", IDEOGRAPHS_AND_KANA, ""),
    ("NanumSquareR.ttf", "ReportHangul.ttf", HANGUL_SYLLABLES, "ReportHangul"),
)


def add_minus(font: TTFont) -> None:
    """Gives Noto Sans the minus sign that it lacks: the plus without its upright.

    Scores need it in the weight and the width of the figures beside it.
    """
    plus = font.getBestCmap()[PLUS]
    corners = list(font["glyf"][plus].coordinates)
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    bar = sorted(y for x, y in corners if x == left)
    pen = TTGlyphPen(None)
    pen.moveTo((left, bar[0]))
    for corner in ((left, bar[-1]), (right, bar[-1]), (right, bar[0])):
        pen.lineTo(corner)
    pen.closePath()
    font.setGlyphOrder([*font.getGlyphOrder(), "minus"])
    glyph = pen.glyph()
    glyph.recalcBounds(font["glyf"])
    font["glyf"]["minus"] = glyph
    font["hmtx"]["minus"] = (font["hmtx"][plus][0], left)
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[MINUS] = "minus"


def make_font(source: Path, target: Path, code_points: Iterable[int], new_name: str) -> None:
    """Writes `target` with those of `code_points` that `source` has."""
    options = subset.Options()
    options.hinting = False
    options.layout_features = []
    options.drop_tables += [
        "GDEF",
        "GPOS",
        "GSUB",
        "vhea",
        "vmtx",
        "DSIG",
        "FFTM",
        *(f"TSI{n}" for n in range(6)),
    ]
    options.name_IDs = ["*"]
    options.glyph_names = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    font = subset.load_font(str(source), options)
    covered = font.getBestCmap()
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for code in code_points if code in covered])
    subsetter.subset(font)
    if new_name:
        for record in list(font["name"].names):
            if record.nameID in {1, 3, 4, 6, 16}:
                font["name"].setName(
                    new_name, record.nameID, record.platformID, record.platEncID, record.langID
                )
    if MINUS not in font.getBestCmap() and PLUS in font.getBestCmap():
        add_minus(font)
    subset.save_font(font, str(target), options)
    print(f"{target.name}: {len(font.getBestCmap())} characters, {target.stat().st_size / 1e3:.0f} kB")


def main() -> None:
    """Reads the two folders from the command line and makes every font."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="folder with the unpacked packages")
    parser.add_argument("target", type=Path, help="folder for the fonts")
    arguments = parser.parse_args()
    for file_name, target_name, code_points, new_name in JOBS:
        found = sorted(arguments.source.rglob(file_name))
        if not found:
            parser.error(f"{file_name} is not below {arguments.source}: unpack the packages named above.")
        make_font(found[0], arguments.target / target_name, code_points, new_name)


if __name__ == "__main__":
    main()
