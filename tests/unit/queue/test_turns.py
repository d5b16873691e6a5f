"""Turns: shares are fair within one item, nobody starves, and who may not go now keeps the place."""

from collections import Counter, deque
from collections.abc import Callable, Iterator

from hypothesis import given, strategies as st
from youtong.queue.lanes.turns import Turns

Item = tuple[str, int]  # whose, and its cost


class Costs:
    """A line of items, first come first served."""

    def __init__(self) -> None:
        self.items: deque[Item] = deque()

    @property
    def is_empty(self) -> bool:
        return not self.items

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def take(self, may: Callable[[Item], bool]) -> tuple[Item, int] | None:
        if not may(self.items[0]):
            return None
        item = self.items.popleft()
        return item, item[1]

    def remove(self, goes: Callable[[Item], bool]) -> list[Item]:
        gone = [each for each in self.items if goes(each)]
        self.items = deque(each for each in self.items if not goes(each))
        return gone


def turns(**costs: list[int]) -> Turns[str, Item]:
    made: Turns[str, Item] = Turns(Costs)
    for name, each in costs.items():
        line = made.line(name)
        assert isinstance(line, Costs)
        line.items.extend((name, cost) for cost in each)
    return made


def drawn(of: Turns[str, Item], times: int, blocked: str = "") -> list[str]:
    names: list[str] = []
    for _ in range(times):
        taken = of.take(lambda item: item[0] not in blocked)
        if taken is None:
            break
        names.append(taken[0][0])
    return names


def test_one_with_ten_thousand_and_one_with_fifty_take_turns() -> None:
    names = drawn(turns(a=[1] * 10_000, b=[1] * 50), 100)
    assert names == ["a", "b"] * 50


def test_who_sends_to_many_at_once_waits_until_the_others_had_as_many() -> None:
    names = drawn(turns(a=[10] * 20, b=[1] * 200), 44)
    assert Counter(names) == {"b": 40, "a": 4}
    assert max(len(run) for run in "".join(names).split("a")) <= 10


def test_large_items_of_all_cost_no_turns_of_nobody() -> None:
    assert drawn(turns(a=[100] * 3, b=[70] * 3), 6) == ["a", "b", "b", "a", "b", "a"]


def test_who_may_not_go_keeps_the_place_in_the_round() -> None:
    of = turns(a=[1] * 5, b=[1] * 5, c=[1] * 5)
    assert drawn(of, 3, blocked="a") == ["b", "c", "b"]
    assert drawn(of, 3) == ["a", "c", "b"]


def test_who_goes_and_comes_back_has_no_debts_and_no_savings() -> None:
    of = turns(a=[50], b=[1] * 100)
    assert drawn(of, 2) == ["a", "b"]
    line = of.line("a")
    assert isinstance(line, Costs)
    line.items.extend([("a", 1)] * 3)
    assert drawn(of, 6) == ["b", "a", "b", "a", "b", "a"]


def test_what_is_removed_leaves_the_others_in_their_order() -> None:
    of = turns(a=[1, 2], b=[1], c=[1, 2])
    assert sorted(of.remove(lambda item: item[0] == "b" or item[1] == 2)) == [("a", 2), ("b", 1), ("c", 2)]
    assert drawn(of, 9) == ["a", "c"]
    assert of.is_empty


@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=60), min_size=2, max_size=6), st.integers(1, 200))
def test_shares_differ_by_one_item_while_all_have_something_left(costs: list[list[int]], times: int) -> None:
    of = turns(**{f"n{number}": each for number, each in enumerate(costs)})
    left = {f"n{number}": list(each) for number, each in enumerate(costs)}
    got = Counter(dict.fromkeys(left, 0))
    for name in drawn(of, times):
        got[name] += left[name].pop(0)
        if not all(left.values()):
            return
        largest = max(max(each) for each in costs)
        assert max(got.values()) - min(got.values()) <= largest + 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=60), st.data())
def test_nothing_is_lost_or_served_twice(items: list[Item], data: st.DataObject) -> None:
    of: Turns[str, Item] = Turns(Costs)
    for name, cost in items:
        line = of.line(name)
        assert isinstance(line, Costs)
        line.items.append((name, cost))
    served: list[Item] = []
    while not of.is_empty:
        blocked = data.draw(st.sampled_from(["", "a", "b", "ab", "abc"]))
        taken = of.take(lambda item, blocked=blocked: item[0] not in blocked)
        if taken is not None:
            served.append(taken[0])
        else:
            assert all(item[0] in blocked for item in of), "somebody could have gone"
    assert sorted(served) == sorted(items)
