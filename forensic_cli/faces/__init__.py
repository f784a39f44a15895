"""Finding, following and cropping faces."""
