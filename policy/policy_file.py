"""The operator's policy file: read, checked and turned into one generation of hooks.

Owns   finding, compiling and running `policy.py`; which names in it are hooks; its settings; and PolicyError, which
       says file, line and problem in one sentence.
Knows  nothing of when hooks are called or what their answers do.

Invariants
    Q7  A broken file is refused whole; `ActivePolicy` then keeps the generation that it has.
    A file runs under a time budget also while it is loaded.
    A hook is a plain function with one parameter, so that the time budget works inside it. A handler that would
    swallow the end of the budget (`except:`, `except BaseException:` that does not raise again, or a jump out of
    `finally`) is refused while reading.
"""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, TracebackType
from typing import Any

import msgspec

from .deadline import Deadline, HookTimeout
from .hooks import (
    ConnectionFacts,
    MailFacts,
    MessageAnswer,
    MessageFacts,
    OutcomeAnswer,
    OutcomeFacts,
    RecipientFacts,
    SessionAnswer,
)

SHIPPED = Path(__file__).resolve().parent.parent / "conf" / "policy.py"
MODULE_NAME = "youtong_policy_file"
LOAD_SECONDS = 5.0
HOOK_NAMES = ("connection", "mail_from", "recipient", "message", "outcome")
_NEAR = 0.6  # of difflib


class PolicyError(Exception):
    """The file cannot be used; str() is "file:line: problem"."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
        self.line = line
        self.problem = problem


class OnFault(StrEnum):
    """What becomes of the message at hand when a hook is faulty."""

    ACCEPT = "accept"  # as if the hook had no opinion
    DEFER = "defer"  # 451 4.3.0, the client tries again


class Settings(msgspec.Struct, frozen=True):
    """The upper-case names of the file."""

    on_fault: OnFault = OnFault.DEFER
    budget_ms: int = 50
    message_budget_ms: int = 200
    faults_until_off: int = 5


class Stray(msgspec.Struct, frozen=True):
    """A function that looks like a hook and is none, because its name is not quite one."""

    name: str
    line: int
    nearest: str


class PolicyFile(msgspec.Struct, frozen=True):
    """One generation: the hooks that the file defines, None where it defines none."""

    path: Path
    source: bytes = b""  # what the file said
    settings: Settings = Settings()
    strays: tuple[Stray, ...] = ()
    connection: Callable[[ConnectionFacts], SessionAnswer] | None = None
    mail_from: Callable[[MailFacts], SessionAnswer] | None = None
    recipient: Callable[[RecipientFacts], SessionAnswer] | None = None
    message: Callable[[MessageFacts], MessageAnswer] | None = None
    outcome: Callable[[OutcomeFacts], OutcomeAnswer] | None = None

    @classmethod
    def load(cls, path: Path, deadline: Deadline, source: bytes | None = None) -> "PolicyFile":
        """Read the file, or `source` in its place. Raises PolicyError, and then nothing of it is in use."""
        source = _read(path) if source is None else source
        names = _run(path, _compile(path, source), deadline)
        hooks = {name: names[name] for name in HOOK_NAMES if names.get(name) is not None}
        for name, hook in hooks.items():
            _check_hook(path, name, hook)
        strays = tuple(_strays(names))
        return cls(path=path, source=source, settings=_settings(path, names), strays=strays, **hooks)

    def defined(self) -> tuple[str, ...]:
        """The names of the hooks that exist, in the order of a message's life."""
        return tuple(name for name in HOOK_NAMES if getattr(self, name) is not None)


def beside(config_file: Path) -> Path:
    """The policy file that belongs to a configuration: the one beside it, or the shipped one, which decides nothing."""
    own = config_file.resolve().parent / "policy.py"
    return own if own.exists() else SHIPPED


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(path, 0, f"cannot be read: {error.strerror}") from error


def _compile(path: Path, source: bytes) -> CodeType:
    try:
        tree = ast.parse(source, filename=str(path))
    except SyntaxError as error:
        raise PolicyError(path, error.lineno or 0, f"syntax error: {error.msg}") from error
    except ValueError as error:  # a NUL in the file
        raise PolicyError(path, 0, str(error)) from error
    for line, problem in _traps(tree):
        raise PolicyError(path, line, problem)
    return compile(tree, str(path), "exec")


def _run(path: Path, code: CodeType, deadline: Deadline) -> dict[str, Any]:
    """The file's names after it ran. It stays in sys.modules, where dataclasses and pickle look it up."""
    module = ModuleType(MODULE_NAME)
    module.__file__ = str(path)
    before = sys.modules.get(MODULE_NAME)
    sys.modules[MODULE_NAME] = module
    try:
        deadline.call(LOAD_SECONDS, lambda names: exec(code, names), module.__dict__)  # noqa: S102 - the operator's own file
    except KeyboardInterrupt:
        _restore(before)
        raise
    except BaseException as error:
        _restore(before)
        raise PolicyError(path, line_in(path, error.__traceback__), describe(error)) from error
    return module.__dict__


def _restore(module: ModuleType | None) -> None:
    if module is None:
        sys.modules.pop(MODULE_NAME, None)
    else:
        sys.modules[MODULE_NAME] = module


def describe(error: BaseException) -> str:
    """A fault of foreign code in one line."""
    if isinstance(error, HookTimeout):
        return "took longer than its time budget"
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def line_in(path: Path, traceback: TracebackType | None) -> int:
    """The innermost line of the file on a traceback; 0 when there is none."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def _check_hook(path: Path, name: str, hook: object) -> None:
    if not isinstance(hook, FunctionType):
        raise PolicyError(path, 0, f"{name} is a hook and must be a function made with def")
    line = hook.__code__.co_firstlineno
    if inspect.iscoroutinefunction(hook) or inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook):
        raise PolicyError(path, line, f"the hook {name} must be a plain function: no async, no yield")
    try:
        inspect.signature(hook).bind(None)
    except TypeError as error:
        raise PolicyError(path, line, f"the hook {name} takes one argument, its facts") from error


def _strays(names: dict[str, Any]) -> Iterator[Stray]:
    """Public functions made in the file, near to a hook's name that no function has."""
    free = [name for name in HOOK_NAMES if names.get(name) is None]
    for name, value in names.items():
        is_own = isinstance(value, FunctionType) and value.__module__ == MODULE_NAME and value.__name__ == name
        if is_own and not name.startswith("_") and name not in HOOK_NAMES:
            for nearest in get_close_matches(name.lower(), free, n=1, cutoff=_NEAR):
                yield Stray(name, value.__code__.co_firstlineno, nearest)


def _settings(path: Path, names: dict[str, Any]) -> Settings:
    given = {field: names[field.upper()] for field in Settings.__struct_fields__ if field.upper() in names}
    try:
        settings = msgspec.convert(given, Settings)
    except msgspec.ValidationError as error:
        raise PolicyError(path, 0, f"a setting is wrong ({', '.join(sorted(given)).upper()}): {error}") from error
    if min(settings.budget_ms, settings.message_budget_ms, settings.faults_until_off) < 1:
        raise PolicyError(path, 0, "budgets and FAULTS_UNTIL_OFF must be at least 1")
    return settings


def _traps(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where the file could swallow the end of its time budget, and so loop for ever."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node.type) and not _raises_again(node):
            yield node.lineno, "this catches everything, also the end of the time budget: write `except Exception:`"
        if isinstance(node, ast.Try):
            for jump in _jumps(node.finalbody):
                yield jump.lineno, "a jump out of `finally` would swallow the end of the time budget"


def _catches_everything(caught: ast.expr | None) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or (isinstance(name, ast.Name) and name.id == "BaseException") for name in names)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _jumps(body: list[ast.stmt]) -> list[ast.stmt]:
    return [node for stmt in body for node in ast.walk(stmt) if isinstance(node, ast.Return | ast.Break | ast.Continue)]
