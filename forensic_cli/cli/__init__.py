"""The command line: parse, configure, call once, print."""
