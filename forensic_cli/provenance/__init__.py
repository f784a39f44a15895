"""Hashes, manifests and the facts of a run."""
