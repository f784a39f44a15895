"""lae-forensics: find forged faces in videos and images, and report what was measured."""

__version__ = "0.1.0"
