"""Each item is decoded, and its faces are found, in a process of its own that has little to lose.

The program (the *host*) starts a *nursery* afresh: an interpreter with a cleaned environment that loads the
decoders, opens no evidence, and makes *workers* of itself for each item: one that finds the faces, and one
that reads the media facts meanwhile. A worker has limits on memory and files, holds the one descriptor of its
item, and ends with its errand. What it sends back is checked and never executed: see `messages`. The model
runs in the host.
"""

from forensic_cli.isolation.choice import describe_isolation, make_reader
from forensic_cli.isolation.stream import FaceReader, FaceReading, FaceStream, FrameFaces

__all__ = ["FaceReader", "FaceReading", "FaceStream", "FrameFaces", "describe_isolation", "make_reader"]
