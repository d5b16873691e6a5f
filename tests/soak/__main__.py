"""`python -m soak MINUTES`: the soak of `make soak`; plot and samples go to build/soak. Exit code 1: a fault."""

import asyncio
import sys
import tempfile
from pathlib import Path

from soak.soaking import soak, write

_PLOTS = Path(__file__).parents[2] / "build/soak"
_PER_SECOND, _KILL_EVERY = 100.0, 20.0


def main() -> int:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory(prefix="youtong-soak-") as folder:
        result = asyncio.run(soak(Path(folder), minutes * 60, per_second=_PER_SECOND, kill_every=_KILL_EVERY))
    write(result, _PLOTS)
    print(f"{result.accepted} letters accepted, {result.enqueued} of a stream, {len(result.deaths)} deaths")
    print(f"plot in {_PLOTS / 'soak.svg'}")
    for fault in result.faults:
        print(f"FAULT {fault}")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
