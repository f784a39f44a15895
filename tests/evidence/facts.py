"""Media facts of two plain items."""

from forensic_cli.types import MediaFacts, MediaKind

VIDEO = MediaFacts(MediaKind.VIDEO, "MP4/QuickTime", "h264", 640, 480, 640, 480)
IMAGE = MediaFacts(MediaKind.IMAGE, "JPEG", "RGB", 640, 480, 640, 480)
