"""What finds faces in a picture, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from forensic_cli.types import Face, RgbImage


class FaceDetector(Protocol):
    """What finds faces in a picture. One detector may be called by several threads at once."""

    def detect(self, image: RgbImage) -> list[Face]:
        """Returns every face of an (H, W, 3) uint8 RGB image, the most confident first."""
        ...

    def smallest_face_px(self, width_px: int, height_px: int) -> float:
        """Face side, in pixels, down to which faces are found in a frame of this size."""
        ...

    def at_size(self, min_face_px: float) -> FaceDetector:
        """The same detector, searching for faces from this side on: quicker the larger they are."""
        ...
