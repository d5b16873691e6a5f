"""`make bench`: measure the cases and print one table. The Makefile's variables are the options below.

What comes back has programs of its own: CASES=bounces, returned or suppression, each alone.

Alone it needs nothing but the checkout. With --peer it also measures other mail systems by an outside tool, in turn
with us (A B A B …, so that a machine whose speed drifts is as unfair to one as to the other); that needs root.
"""

import argparse
import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bench import own, peers, sink
from bench.cases import Case, chosen
from bench.figures import Figures, median
from bench.table import Row, circumstances, render
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_ROOT = Path(__file__).parents[2]
_BUILD = _ROOT / "build" / "bench"  # in the checkout: a folder for temporary files may lie in memory, not on the disk
_QUICK = 200
OF_WHAT_COMES_BACK = ("bounces", "returned", "suppression")


def main() -> int:
    options = _options()
    if options.cases in OF_WHAT_COMES_BACK:
        print(importlib.import_module(f"bench.{options.cases}").table(is_quick=options.quick))
        return 0
    if options.quick:
        options.messages, options.runs = _QUICK, 1
    before = circumstances(options.messages, options.runs)
    _BUILD.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=_BUILD))
    try:
        cases = chosen(options.cases)
        rows = list(_beside(options, cases, folder) if options.peer else _alone(options, cases, folder))
    except (peers.CannotMeasure, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    print(render(rows, options.peers.split(), before))
    return 1 if any(ours.fault for _, ours, _ in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, metavar="N", help="of the large cases")
    parser.add_argument("--runs", type=int, default=3, help="the table shows their medians")
    parser.add_argument("--cases", default="", help='such as "P1,P3b"; all, when not given')
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} messages, one run: shows that it works")
    parser.add_argument("--peer", default="", metavar="peer.sh", help="measure other mail systems too, by this tool")
    parser.add_argument("--peers", default="postfix", help='such as "postfix exim opensmtpd haraka"')
    return parser.parse_args()


def _alone(options: argparse.Namespace, cases: Sequence[Case], folder: Path) -> Iterator[Row]:
    """Also what is compared with ourselves only, beside others."""
    key_file = folder / "dkim.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    taken: dict[Case, list[Figures]] = {case: [] for case in cases}
    with sink.running() as receiver:
        for number in range(options.runs):
            for case in cases:
                _say(f"run {number + 1} of {options.runs}: {case.key}")
                run = own.measure(case, options.messages, receiver, folder / f"{case.key}.{number}", key_file)
                taken[case].append(run)
    for case, runs in taken.items():
        yield case, median(runs), [None for _ in options.peers.split()]


def _beside(options: argparse.Namespace, cases: Sequence[Case], folder: Path) -> Iterator[Row]:
    tool = Path(options.peer).resolve()
    peers.check(tool)
    peers.write_start_script(folder)
    names = [peers.OURSELVES, *options.peers.split()]
    compared = [case for case in cases if not case.is_own]
    taken: dict[tuple[Case, str], list[Figures]] = {(case, name): [] for case in compared for name in names}
    for number in range(options.runs):
        for case, name in taken:
            _say(f"run {number + 1} of {options.runs}: {case.key} {name}")
            taken[case, name].append(peers.measure(tool, name, case, options.messages, folder))
    for case in compared:
        ours, *theirs = (median(taken[case, name]) for name in names)
        yield case, ours, theirs
    own_cases = [case for case in cases if case.is_own]
    if own_cases:
        yield from _alone(options, [*own_cases, replace(chosen("P1")[0], key="P1-own", wanted=None)], folder)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
