"""Other people's DKIM verifiers, each behind one question: what do you say of this message?

dkimpy judges inside this process; Mail::DKIM (Perl) and mailauth (node) are child processes that look the keys up in a
real DNS server on loopback (fakes.txt_server).
"""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import dkim

_SCRIPTS = Path(__file__).parent / "judges"
_VERDICT = re.compile(r"([^=;]*)=(\w+) \(([^;]*)\)")


class Judge(Protocol):
    def results(self, message: bytes) -> dict[str, str]:
        """Selector to "pass", or to what went wrong."""
        ...


class Dkimpy:
    def __init__(self, records: dict[str, str]) -> None:
        self._records = records

    def results(self, message: bytes) -> dict[str, str]:
        found: dict[str, str] = {}
        index = 0
        while True:
            judge = dkim.DKIM(message)
            try:
                passed = judge.verify(idx=index, dnsfunc=self._record)
            except dkim.DKIMException as error:
                passed = str(error)
            if judge.domain is None:  # no such signature
                return found
            found[judge.selector.decode()] = "pass" if passed is True else f"fail {passed}"
            index += 1

    def _record(self, name: bytes, timeout: float = 0) -> bytes | None:
        content = self._records.get(name.decode().rstrip("."))
        return None if content is None else content.encode()


class ChildJudge:
    """A script of `judges/` that answers a line for each message."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child

    def results(self, message: bytes) -> dict[str, str]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(b"%d\n" % len(message))
        self._child.stdin.write(message)
        self._child.stdin.flush()
        line = self._child.stdout.readline().decode("utf-8", "replace")
        assert line.endswith("\n"), "the judge died"
        return {
            selector: "pass" if result == "pass" else f"{result} {detail}"
            for selector, result, detail in _VERDICT.findall(line)
        }


@contextmanager
def child_judge(command: Sequence[str], script: str, dns: tuple[str, int], **environment: str) -> Iterator[ChildJudge]:
    arguments = [*command, str(_SCRIPTS / script), dns[0], str(dns[1])]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
    ) as child:
        try:
            yield ChildJudge(child)
        finally:
            assert child.stdin is not None
            child.stdin.close()
