"""`youtong serve` whose workers are `bench.campaign_worker`: run with the same arguments, as `python -m
bench.campaign_server serve --config FILE`."""

import sys
from pathlib import Path

from youtong.admin.cli.main import main
from youtong.admin.serve import OwnerServer

_WORKER = Path(__file__).with_name("campaign_worker.py")
_plain_command = OwnerServer._worker_command


def _command(server: OwnerServer, slot: int, incarnation: int, fd: int) -> list[str]:
    plain = _plain_command(server, slot, incarnation, fd)
    return [sys.executable, "-P", str(_WORKER), *plain[3:]]


if __name__ == "__main__":
    OwnerServer._worker_command = _command
    main()
