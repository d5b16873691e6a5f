"""What was written by someone who knew neither readers nor rules: floors, below which nothing may fall."""

from fakes.bounce_samples import blind_samples
from fakes.bounce_score import score
from youtong.mta.reports.reading import read_report
from youtong.policy.bounces.classifying import classify
from youtong.policy.bounces.loading import load_rules


def test_messages_written_blind_are_read_at_least_as_well_as_we_said() -> None:
    sums = score(blind_samples(), read_report)
    assert sums.recall >= 0.97, sums.misses
    assert sums.invention < 0.02, sums.misses
    assert sums.false_alarms <= 1, sums.misses


def test_kinds_of_messages_written_blind_are_right_where_decisions_say_which() -> None:
    rules, wrong, decided = load_rules(None), list[str](), 0
    for sample in blind_samples():
        got = {each.recipient.casefold(): each.kind for each in classify(read_report(sample.octets), rules)}
        decided += len(sample.kinds)
        wrong += [f"{sample.name}: {who} is {kind}" for who, kind in sample.kinds.items() if got.get(who) != kind]
    assert len(wrong) <= decided * 0.05, wrong


def test_what_is_said_of_one_recipient_marks_no_other_in_the_same_paragraph() -> None:
    sample = next(each for each in blind_samples() if each.name == "sendmail_8_alias.eml")
    found = {each.recipient: each.category for each in classify(read_report(sample.octets), load_rules(None))}
    assert found["archiv@amt.example"] != "no-such-user"
    assert found["leitung@amt.example"] == "no-such-user"
