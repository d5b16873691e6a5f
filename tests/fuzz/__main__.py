"""`make fuzz`: search each target for findings, guided by coverage (Atheris), and keep what reaches something new.

    python -m fuzz SECONDS [TARGET…]      SECONDS in all, shared by the targets
    python -m fuzz --one TARGET FOLDER SECONDS    (itself, for one target)

A finding is printed, added to the kept inputs so that `make test` fails with it, and the command ends with 1.
"""

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

from fuzz import corpus_file

_HERE = Path(__file__).parent
_BUILD = _HERE.parents[1] / "build" / "fuzz"
_LARGEST = 4096  # octets of an input
_KEPT = 300  # inputs for each target


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--one"]:
        return _search(arguments[1], Path(arguments[2]), int(arguments[3]))
    targets = arguments[1:] or sorted(path.stem for path in (_HERE / "targets").glob("*.py"))
    seconds = max(1, int(float(arguments[0])) // len(targets))
    found = [target for target in targets if not _holds(target, seconds)]
    print("findings: " + ", ".join(found) if found else f"no finding in {seconds} s for each of {len(targets)} targets")
    return 1 if found else 0


def _holds(target: str, seconds: int) -> bool:
    """Search one target in a process of its own: libFuzzer ends its process."""
    folder = _BUILD / target
    inputs, findings = folder / "inputs", folder / "findings"
    shutil.rmtree(findings, ignore_errors=True)
    for each in (inputs, findings):
        each.mkdir(parents=True, exist_ok=True)
    for number, octets in enumerate(corpus_file.load(target)):
        (inputs / f"kept-{number}").write_bytes(octets)
    print(f"{target}: {seconds} s", flush=True)
    command = [sys.executable, "-P", "-m", "fuzz", "--one", target, str(folder), str(seconds)]
    with open(folder / "log.txt", "wb") as log:
        ended = subprocess.run(command, stdout=log, stderr=log, check=False)
    found = [path.read_bytes() for path in findings.iterdir()]
    _keep(target, inputs, found)
    if ended.returncode:
        print(f"{target}: a finding, see {folder}/log.txt\n" + "\n".join(map(repr, found)), flush=True)
    return ended.returncode == 0


def _keep(target: str, inputs: Path, found: list[bytes]) -> None:
    """The inputs of the smallest set that covers all (`_search` merged them), and every finding."""
    merged = sorted((path.read_bytes() for path in inputs.iterdir()), key=len)
    small = [octets for octets in merged if len(octets) <= _LARGEST][:_KEPT]
    corpus_file.save(target, [*corpus_file.load(target), *found] if len(small) < 2 else [*small, *found])


def _search(target: str, folder: Path, seconds: int) -> int:
    import atheris  # an extra: `make fuzz` installs it

    with atheris.instrument_imports(include=["youtong"]):
        module = importlib.import_module(f"fuzz.targets.{target}")
    words = folder / "words"
    words.write_text("".join(f'"{_quoted(token)}"\n' for token in module.TOKENS), "ascii")
    atheris.Setup(
        [
            "fuzz", f"-max_total_time={seconds}", f"-max_len={_LARGEST}", "-timeout=20", "-rss_limit_mb=2048",
            f"-dict={words}", f"-artifact_prefix={folder}/findings/", "-print_final_stats=1", "-reduce_inputs=1",
            str(folder / "inputs"),
        ],
        module.check,
    )  # fmt: skip
    atheris.Fuzz()
    return 0


def _quoted(token: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in token)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
