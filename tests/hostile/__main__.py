"""Makes a corpus of damaged files, scans it, and prints the counts.

    python -m tests.hostile --n 500 --seed 20200
    python -m tests.hostile --n 500 --keep ./hostile    # the corpus, results and report stay there

Run in the repository. The exit code is 0 where no file led to a traceback or a hang, none was changed,
and every one is accounted for.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from skimage.data import astronaut

from tests.hostile.corpus import count, digest, scan_corpus, write_corpus
from tests.hostile.originals import make_originals


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hostile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--n", type=int, default=500, help="files")
    parser.add_argument("--seed", type=int, default=20200, help="of the damage")
    parser.add_argument("--keep", type=Path, help="a new folder for the corpus and what the scan writes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-") as temporary:
        place = given.keep or Path(temporary) / "place"
        originals = Path(temporary) / "originals"
        place.mkdir()
        originals.mkdir()
        write_corpus(
            place / "corpus",
            make_originals(originals, np.ascontiguousarray(astronaut())),
            given.n,
            given.seed,
        )
        (place / "scan").mkdir()
        scanned = scan_corpus(place / "corpus", place / "scan")
        (place / "stderr.txt").write_text(scanned.stderr)
        counts = count(scanned)
        print(f"seed {given.seed}, corpus {digest(place / 'corpus')}\n{counts.table()}")  # noqa: T201
    return int(not counts.is_clean)


if __name__ == "__main__":
    sys.exit(main())
