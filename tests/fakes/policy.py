"""A policy file from a string, and the facts that sessions hand to it."""

from pathlib import Path
from textwrap import dedent

from youtong.mta.envelope import Domain, Envelope, ForwardPath
from youtong.mta.submission.ports import Client, Origin
from youtong.policy.active import ActivePolicy
from youtong.policy.deadline import Deadline

IMPORTS = "from youtong.policy.hooks import *\n"
CLIENT = Client("192.0.2.1", 40_000, "laptop.example")
ORIGIN = Origin("anna", 7, 1, "people")
ENVELOPE = Envelope("anna@example.org", (ForwardPath("bob@example.net", Domain("example.net")),))
HEAD = b"From: anna@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n to all\r\n\r\n"


def write_policy(folder: Path, source: str) -> Path:
    path = folder / "policy.py"
    path.write_text(IMPORTS + dedent(source), encoding="utf-8")
    return path


def active_policy(folder: Path, source: str) -> ActivePolicy:
    return ActivePolicy(write_policy(folder, source), Deadline())
