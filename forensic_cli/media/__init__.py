"""Finding, probing and decoding of images and videos.

`open_media` and `read_media` read one file; `forensic_cli.media.discover` finds the files. The decoders are
loaded when they are needed, so that listing a folder costs no import of PyAV or Pillow.
"""

from forensic_cli.media.open import MediaSource, open_media, read_media

__all__ = ["MediaSource", "open_media", "read_media"]
