"""The names of the layouts. Standard library only: the command line reads it for its help."""

from __future__ import annotations

from enum import StrEnum


class LayoutName(StrEnum):
    """How the material lies on disk; `AUTO` looks at the folder names."""

    AUTO = "auto"
    PHOTOS = "photos"
    PLAIN = "plain"
    FACEFORENSICS = "ff++"
    CELEB_DF = "celeb-df"
    DFDC = "dfdc"
