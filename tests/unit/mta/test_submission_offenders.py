from fakes.clock import FakeClock
from youtong.mta.submission.offenders import MAX_ADDRESSES, Offenders


def test_an_address_is_slowed_after_its_failures_and_forgiven_after_two_periods() -> None:
    clock = FakeClock()
    offenders = Offenders(clock, failures_before_slowing=3, slow_greeting_seconds=5)
    for _ in range(3):
        assert offenders.delay_seconds("192.0.2.1") == 0
        offenders.failed("192.0.2.1")
    assert (offenders.delay_seconds("192.0.2.1"), offenders.delay_seconds("192.0.2.2")) == (5, 0)
    clock.advance(601)
    assert offenders.delay_seconds("192.0.2.1") == 5
    clock.advance(600)
    assert offenders.delay_seconds("192.0.2.1") == 0


def test_addresses_without_number_are_not_remembered_without_bound() -> None:
    offenders = Offenders(FakeClock(), failures_before_slowing=1, slow_greeting_seconds=5)
    for number in range(MAX_ADDRESSES + 5):
        offenders.failed(f"2001:db8::{number:x}")
    assert len(offenders._now) == MAX_ADDRESSES
