"""Each fuzz target holds its invariant for the inputs that are kept, and for some new ones.

SOAK_SHARE scales the number of new ones. `make fuzz` searches for an hour, guided by coverage, and keeps what it finds.
"""

import importlib
import os
from pathlib import Path
from types import ModuleType

import pytest
from fuzz import corpus_file
from hypothesis import given, settings, strategies as st

TARGETS = sorted(path.stem for path in Path(__file__).with_name("targets").glob("*.py"))
EXAMPLES = max(50, int(20_000 * float(os.environ.get("SOAK_SHARE", "0.01"))))


def _module(target: str) -> ModuleType:
    return importlib.import_module(f"fuzz.targets.{target}")


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_says_its_invariant_on_its_first_line(target: str) -> None:
    assert (_module(target).__doc__ or "").startswith("Invariant: ")


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_inputs_hold(target: str) -> None:
    module, kept = _module(target), corpus_file.load(target)
    assert kept, "no inputs are kept"
    for octets in [b"", *kept]:
        module.check(octets)


@pytest.mark.parametrize("target", TARGETS)
def test_new_inputs_hold(target: str) -> None:
    module = _module(target)
    pieces = st.sampled_from(module.TOKENS) | st.binary(max_size=6)

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.lists(pieces, max_size=24).map(b"".join))
    def hold(octets: bytes) -> None:
        module.check(octets)

    hold()
