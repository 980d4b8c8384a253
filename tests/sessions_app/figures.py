"""The long proofs say what they found: `make prove` shows standard output."""

import sys


def show(line: str) -> None:
    sys.stdout.write(f"\n{line}\n")
