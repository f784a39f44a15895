"""`python -m forensic_cli.cli`: the same as `lae-forensics`."""

from forensic_cli.cli.app import main

main()
