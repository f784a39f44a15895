"""Checking finished results: files against the manifest, the audit log, signatures, a second analysis."""
