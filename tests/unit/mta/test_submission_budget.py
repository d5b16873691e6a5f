import asyncio

import pytest
from youtong.mta.submission.budget import MemoryBudget


async def test_what_is_taken_is_given_back_once() -> None:
    budget = MemoryBudget(100_000)
    reservation = budget.reserve(0)
    assert reservation.cover_now(20_000)
    assert budget.free == 100_000 - 32 * 1024
    assert await reservation.cover(5)
    reservation.release()
    reservation.release()
    assert budget.free == 100_000


async def test_more_than_there_is_is_not_given() -> None:
    budget = MemoryBudget(10)
    assert not await budget.take(11, 0)
    assert budget.free == 10


async def test_waiters_are_served_in_their_order_and_small_ones_do_not_pass() -> None:
    budget = MemoryBudget(10)
    assert budget.take_now(10)
    large = asyncio.ensure_future(budget.take(8, 60))
    small = asyncio.ensure_future(budget.take(2, 60))
    await asyncio.sleep(0)
    budget.give_back(3)
    assert not budget.take_now(1)
    await asyncio.sleep(0)
    assert (large.done(), small.done()) == (False, False)
    budget.give_back(7)
    assert (await large, await small, budget.free) == (True, True, 0)


async def test_a_waiter_that_gives_up_lets_the_next_one_go() -> None:
    budget = MemoryBudget(10)
    assert budget.take_now(9)
    large = asyncio.ensure_future(budget.take(8, 60))
    small = asyncio.ensure_future(budget.take(1, 60))
    await asyncio.sleep(0)
    large.cancel()
    with pytest.raises(asyncio.CancelledError):
        await large
    assert await small
    assert budget.free == 0
