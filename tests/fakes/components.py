"""Components that tests need and pip does not bring: other people's programs, asked for by name.

Outside CI a missing one skips the test and says how to get it; where CI=true it fails: a green run there has asked
every judge.
"""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

BUILD = Path(__file__).parents[2] / "build"


def missing(reason: str) -> None:
    """Ends the test: fails under CI, skips elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: nothing may be missing)")
    pytest.skip(reason)


def require_command(name: str, package: str) -> str:
    """The path of a program; `package` is the Debian package that has it."""
    path = shutil.which(name)
    if path is None:
        missing(f"'{name}' is not installed (Debian package {package})")
    return str(path)


def require_file(path: str, package: str) -> Path:
    """A file that a package brings and that is no program of its own."""
    if not Path(path).exists():
        missing(f"{path} is not there (Debian package {package})")
    return Path(path)


def require_perl_module(module: str, package: str) -> str:
    """The path of a perl that has this module."""
    perl = require_command("perl", "perl")
    if subprocess.run([perl, f"-M{module}", "-e", "1"], capture_output=True, check=False).returncode:
        missing(f"perl has no {module} (Debian package {package})")
    return perl


@cache
def _npm_install(package: str, npm: str) -> Path | str:
    """The folder whose node_modules has the package, or why there is none."""
    folder = BUILD / "npm" / package.partition("@")[0]
    if not (folder / "node_modules" / package.partition("@")[0]).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-save", "--prefix", str(folder), package],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        if done.returncode:
            return f"npm could not install {package}: {done.stderr.strip().splitlines()[-1:]}"
    return folder


def require_npm_package(package: str) -> tuple[str, Path]:
    """(node, folder in which `require` finds the package); installed once, into the git-ignored build folder."""
    node, npm = require_command("node", "nodejs"), require_command("npm", "npm")
    folder = _npm_install(package, npm)
    if isinstance(folder, str):
        missing(folder)
    return node, Path(folder)
