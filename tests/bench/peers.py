"""Measuring other mail systems, and us beside them, with one outside tool: peer.sh.

Owns   how peer.sh is called for a case, the script with which it starts us, and reading its results.
Knows  nothing of how a mail system is set up; peer.sh does, in network namespaces of its own, which need root.

Its contract: `peer.sh PEER METRIC … --n N --runs 1 --out FILE` appends one line of JSON to FILE. As peer `custom` it
runs `--start COMMAND` with BENCH_SPOOL (an empty folder on a real disk), BENCH_LISTEN, BENCH_DNS, BENCH_DKIM (1 or 0),
BENCH_DKIM_KEY and BENCH_HOLD (1 or 0).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import server
from bench.cases import Case
from bench.figures import Figures

OURSELVES = "custom"
_LISTEN = "127.0.0.1:2525"
_MORE = {"opensmtpd": ("--extra", "mta limit conn-delay-route 0")}  # else it waits 5 s between connections of a route
_LIMIT_SECONDS = 900
_START = """\
#!/bin/sh
set -e
cd "$BENCH_SPOOL"
delivers=true
[ "$BENCH_HOLD" = 1 ] && delivers=false
cat > youtong.toml <<END
{config}END
[ "$BENCH_DKIM" = 1 ] && cat >> youtong.toml <<END
{dkim}END
exec {python} {youtong} serve --config youtong.toml
"""


class CannotMeasure(Exception):
    """The tool cannot run here; str() is one sentence for a person."""


def check(tool: Path) -> None:
    """Raises CannotMeasure."""
    if not os.access(tool, os.X_OK):
        raise CannotMeasure(f"{tool} is not a program; give PEER the path of peer.sh")
    if os.geteuid() != 0:
        raise CannotMeasure("PEER needs root: peer.sh runs each mail system in network namespaces of its own")


def write_start_script(folder: Path) -> Path:
    """The command that runs us as `custom`."""
    config = server.CONFIG.format(
        data_dir="$BENCH_SPOOL/data", listen="$BENCH_LISTEN", delivers="$delivers", mx_port=25, dns="$BENCH_DNS"
    )
    python = Path(sys.executable)
    script = folder / "start.sh"
    script.write_text(
        _START.format(
            config=config,
            dkim=server.DKIM.format(key_file="$BENCH_DKIM_KEY"),
            python=python,
            youtong=python.with_name("youtong"),
        )
    )
    script.chmod(0o755)
    return script


def measure(tool: Path, peer: str, case: Case, messages: int, folder: Path) -> Figures:
    """One run of one case by `peer`."""
    out = folder / f"{peer}.{case.key}.jsonl"
    out.unlink(missing_ok=True)
    command = [tool, peer, *case.peer_arguments, "--n", str(case.copies(messages)), "--runs", "1", "--out", out]
    command += _MORE.get(peer, ())
    if peer == OURSELVES:
        command += ["--listen", _LISTEN, "--cwd", folder, "--start", f"exec {folder / 'start.sh'}"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)
    if not out.exists():
        raise CannotMeasure(f"{peer} {case.key} gave no result: {(said.stderr or said.stdout).strip()[-500:]}")
    return _figures(case, json.loads(out.read_text("utf-8").splitlines()[-1]))


def _figures(case: Case, result: dict[str, Any]) -> Figures:
    return Figures(
        rate=result["ingest_rate"] * case.recipients if case.held else result["e2e_rate"],
        cpu_ms=result["cpu_ms_per_msg"],
        p50_ms=result["acc_p50_ms"],
        p99_ms=result["acc_p99_ms"],
        pss_mib=result["peak_pss_mib"],
        fault=_fault(case, result),
    )


def _fault(case: Case, result: dict[str, Any]) -> str:
    faults: list[str] = []
    if result["errors"]:
        faults.append(f"{result['errors']} errors, first: {result['first_error']}")
    if not case.held and (result["delivered"] != result["expected"] or result["dups"]):
        faults.append(f"delivered {result['delivered']} of {result['expected']}, {result['dups']} more than once")
    return ", ".join(faults)
