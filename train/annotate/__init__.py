"""Annotation by a person: the to-annotate folder, the formats of painting tools, and what comes back."""
