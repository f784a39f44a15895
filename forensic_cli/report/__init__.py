"""From saved results to a PDF, without torch."""
