"""The time budget: stops what it should, and touches nothing else."""

import asyncio
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest
import uvloop
from youtong.policy.deadline import Deadline, HookTimeout

BUDGET = 0.02


def endless(_: object) -> None:
    while True:
        pass


def runaway_expression(_: object) -> object:
    return re.match(r"(a+)+$", "a" * 40 + "b")


def asleep(_: object) -> None:
    time.sleep(60)


def swallows_exceptions(_: object) -> None:
    while True:
        try:
            endless(None)
        except Exception:  # noqa: BLE001 - what a careless hook does
            pass


def swallows_everything_twice(_: object) -> None:
    for _attempt in range(2):
        try:
            endless(None)
        except BaseException:  # noqa: BLE001 - what a very careless hook does
            pass
    endless(None)


@pytest.mark.parametrize(
    "function", [endless, runaway_expression, asleep, swallows_exceptions, swallows_everything_twice]
)
def test_a_call_that_does_not_end_is_stopped(function: Callable[[object], object]) -> None:
    with pytest.raises(HookTimeout):
        Deadline().call(BUDGET, function, None)


def test_a_quick_call_returns_its_value_and_leaves_no_timer_of_ours() -> None:
    timer_before = signal.getitimer(signal.ITIMER_REAL)[1]
    assert Deadline().call(BUDGET, str.upper, "value") == "VALUE"
    assert signal.getitimer(signal.ITIMER_REAL)[1] == timer_before


@pytest.fixture
def quiet_alarm() -> Iterator[None]:
    """Nobody else listens to SIGALRM, not even the test runner's own timeout."""
    timer_before = signal.setitimer(signal.ITIMER_REAL, 0)
    handler_before = signal.signal(signal.SIGALRM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGALRM, handler_before)
    signal.setitimer(signal.ITIMER_REAL, *timer_before)


@pytest.mark.usefixtures("quiet_alarm")
def test_an_exception_of_the_call_comes_through_and_disarms() -> None:
    with pytest.raises(ZeroDivisionError):
        Deadline().call(BUDGET, lambda _: 1 // 0, None)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    signal.raise_signal(signal.SIGALRM)  # no HookTimeout here: nothing is armed


@pytest.mark.usefixtures("quiet_alarm")
def test_an_alarm_after_a_call_does_not_raise() -> None:
    Deadline().call(BUDGET, str, "")
    signal.raise_signal(signal.SIGALRM)


def test_an_alarm_that_comes_as_the_call_ends_is_not_raised_in_our_own_frame() -> None:
    """The handler is given the frame of `call` itself, as if the signal came between hook and disarming."""
    deadline = Deadline()

    def alarm_in_the_frame_of_call(_: object) -> str:
        deadline._on_alarm(signal.SIGALRM, sys._getframe(1))
        return "unharmed"

    assert deadline.call(10, alarm_in_the_frame_of_call, None) == "unharmed"


@pytest.mark.usefixtures("quiet_alarm")
def test_another_timer_is_set_again_with_its_handler() -> None:
    rang: list[int] = []
    signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
    signal.setitimer(signal.ITIMER_REAL, 500)
    Deadline().call(BUDGET, str, "")
    assert 490 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
    signal.raise_signal(signal.SIGALRM)
    assert rang == [signal.SIGALRM]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_call_is_stopped_inside_an_event_loop_which_then_goes_on(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def scenario() -> tuple[int, int]:
        deadline = Deadline()
        ready, stopped, later = asyncio.Event(), 0, 0
        for _ in range(3):
            try:
                deadline.call(BUDGET, endless, None)
            except HookTimeout:
                stopped += 1
            asyncio.get_running_loop().call_later(0.001, ready.set)
            later += await asyncio.wait_for(ready.wait(), 10)
            ready.clear()
        return stopped, later

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(scenario()) == (3, 3)
