"""A finished scan for other programs: CASE/UCO as JSON-LD, and rows for a spreadsheet."""
