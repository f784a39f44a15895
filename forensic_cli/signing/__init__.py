"""Signed reports: PAdES signatures, RFC 3161 time stamps, attachments. Needs the extra `sign`."""
