"""The hooks of a session: each in force, and each of them faulty (Q7)."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.policy import CLIENT, ENVELOPE, HEAD, ORIGIN, active_policy, write_policy
from youtong.mta.envelope import Domain, Envelope
from youtong.mta.reply import reply
from youtong.mta.submission.ports import Accept, Client, MessageVerdict, Origin, Proceed, Refuse, Verdict
from youtong.policy.hooks import Change, MessageFacts, Refusal, change, defer, refuse
from youtong.policy.senders import Sendable, SenderRules
from youtong.policy.session import OUR_FAULT, HookedSessionPolicy

STAGES: dict[str, Callable[[HookedSessionPolicy], Verdict | MessageVerdict]] = {
    "connection": lambda policy: policy.connection(CLIENT),
    "mail_from": lambda policy: policy.mail_from(CLIENT, ORIGIN, "anna@example.org"),
    "recipient": lambda policy: policy.recipient(
        CLIENT, ORIGIN, "anna@example.org", "bob@example.net", Domain("example.net")
    ),
    "message": lambda policy: policy.message(CLIENT, ORIGIN, ENVELOPE, HEAD, 100),
}
FINE = {"connection": Proceed(), "mail_from": Proceed(), "recipient": Proceed(), "message": Accept()}
EVERY_STAGE = pytest.mark.parametrize("stage", STAGES)
FAULTS = {
    "raises": "1 // 0",
    "exits": "raise SystemExit",
    "loops": "\n    while True: pass",
    "nonsense": "return 550",
    "bad-code": 'return refuse(250, "5.7.1", "no")',
    "two-lines": 'return refuse(550, "5.7.1", "no\\r\\n250 yes")',
}


def policy_of(folder: Path, source: str) -> HookedSessionPolicy:
    return HookedSessionPolicy(active_policy(folder, source))


@EVERY_STAGE
def test_a_hook_that_is_not_defined_has_no_objection(tmp_path: Path, stage: str) -> None:
    assert STAGES[stage](policy_of(tmp_path, "")) == FINE[stage]


@EVERY_STAGE
def test_a_hook_without_opinion_has_no_objection(tmp_path: Path, stage: str) -> None:
    assert STAGES[stage](policy_of(tmp_path, f"def {stage}(facts): return None")) == FINE[stage]


@EVERY_STAGE
def test_a_refusal_is_passed_on_word_for_word(tmp_path: Path, stage: str) -> None:
    policy = policy_of(tmp_path, f'def {stage}(facts): return refuse(550, "5.7.1", "Not here")')
    assert STAGES[stage](policy) == Refuse(reply(550, "5.7.1", "Not here"))


@EVERY_STAGE
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_hook_defers_the_message_at_hand_but_never_a_connection(
    tmp_path: Path, stage: str, fault: str
) -> None:
    policy = policy_of(tmp_path, f"BUDGET_MS = MESSAGE_BUDGET_MS = 5\ndef {stage}(facts): {FAULTS[fault]}\n")
    assert STAGES[stage](policy) == (FINE[stage] if stage == "connection" else OUR_FAULT)


@EVERY_STAGE
def test_a_faulty_hook_is_passed_over_when_the_file_says_accept(tmp_path: Path, stage: str) -> None:
    policy = policy_of(tmp_path, f'ON_FAULT = "accept"\ndef {stage}(facts): 1 // 0\n')
    assert STAGES[stage](policy) == FINE[stage]


def test_a_hook_with_faults_in_a_row_is_switched_off_loudly_and_mail_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    active = active_policy(tmp_path, "FAULTS_UNTIL_OFF = 3\ndef message(facts): 1 // 0\n")
    policy = HookedSessionPolicy(active)
    verdicts = [STAGES["message"](policy) for _ in range(5)]
    assert verdicts == [OUR_FAULT] * 3 + [Accept()] * 2
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 3 + [logging.ERROR]
    assert "SWITCHED OFF" in caplog.text
    assert "policy.py:3" in caplog.text
    assert active.current.faults() == {"message": 3}
    assert repr(active.current.message) == "<GuardedHook message off 3 faults>"


def test_a_good_answer_in_between_keeps_a_hook_on(tmp_path: Path) -> None:
    source = """
        FAULTS_UNTIL_OFF = 2
        calls = []
        def connection(facts):
            calls.append(1)
            if len(calls) % 2:
                1 // 0
    """
    active = active_policy(tmp_path, source)
    policy = HookedSessionPolicy(active)
    for _ in range(10):
        policy.connection(CLIENT)
    assert active.current.connection is not None
    assert not active.current.connection.is_off
    assert active.current.faults() == {"connection": 5}


def test_a_reload_switches_a_hook_on_again(tmp_path: Path) -> None:
    active = active_policy(tmp_path, "FAULTS_UNTIL_OFF = 1\ndef message(facts): 1 // 0\n")
    policy = HookedSessionPolicy(active)
    STAGES["message"](policy)
    write_policy(tmp_path, 'def message(facts): return refuse(550, "5.7.1", "repaired")\n')
    active.reload()
    assert STAGES["message"](policy) == Refuse(reply(550, "5.7.1", "repaired"))


def test_a_message_is_changed(tmp_path: Path) -> None:
    source = """
        from datetime import timedelta
        def message(facts):
            return change(add_headers={"X-A": "1", "X-B": "2"}, hold="look", source="two", lifetime=timedelta(hours=1))
    """
    verdict = STAGES["message"](policy_of(tmp_path, source))
    assert verdict == Accept((("X-A", "1"), ("X-B", "2")), "look", "two", 3600)


def test_only_the_message_hook_may_change(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, "def recipient(facts): return change(hold='no')")
    assert STAGES["recipient"](policy) == OUR_FAULT


def test_the_hooks_see_their_facts(tmp_path: Path) -> None:
    source = """
        def show(*words): return refuse(550, "5.7.1", " ".join(map(str, words)))
        def connection(facts): return show(facts.client.address, facts.client.port)
        def mail_from(facts): return show(facts.account, facts.mail_class, facts.reverse_path)
        def recipient(facts): return show(facts.reverse_path, facts.address, facts.domain)
        def message(facts): return show(facts.reverse_path, *facts.recipients, facts.size_bytes, facts.header("From"))
    """
    policy = policy_of(tmp_path, source)
    said = {name: ask(policy).reply.text for name, ask in STAGES.items()}  # type: ignore[union-attr]
    assert said == {
        "connection": "192.0.2.1 40000",
        "mail_from": "anna people anna@example.org",
        "recipient": "anna@example.org bob@example.net example.net",
        "message": "anna@example.org bob@example.net 100 anna@example.org",
    }


def test_a_message_hook_reads_header_fields_unfolded_and_decoded() -> None:
    facts = MessageFacts(CLIENT, "anna", "people", ENVELOPE, HEAD, 100)
    assert facts.header("subject") == "Grüße to all"
    assert facts.header("Date") is None


def test_the_sender_rules_come_first_and_a_hook_cannot_overrule_them(tmp_path: Path) -> None:
    refusal = Refuse(reply(553, "5.7.1", "not yours"))
    active = active_policy(tmp_path, "def mail_from(facts): 1 // 0\ndef message(facts): return change()\n")
    policy = HookedSessionPolicy(active, check_reverse_path=lambda *_: refusal, check_message=lambda *_: refusal)
    assert STAGES["mail_from"](policy) == refusal
    assert STAGES["message"](policy) == refusal
    assert active.current.faults()["mail_from"] == 0


@pytest.mark.parametrize("name", ["From", "Subject", "Date", "Message-ID"])
def test_a_hook_cannot_add_a_second_author_or_subject(tmp_path: Path, name: str) -> None:
    rules = SenderRules(lambda *_: Sendable(everything=True))
    active = active_policy(tmp_path, f'def message(facts): return change(add_headers={{"{name}": "x@y.example"}})\n')
    policy = HookedSessionPolicy(active, check_message=rules.check_message)
    head = b"Date: x\r\nMessage-ID: <1@x>\r\n" + HEAD
    assert policy.message(CLIENT, ORIGIN, ENVELOPE, head, 100) == OUR_FAULT
    assert active.current.faults()["message"] == 1


@pytest.mark.parametrize("words", ["1 // 0", "while True: pass", "raise SystemExit"])
@pytest.mark.parametrize("deed", ["return Odd()", "raise Odd()"])
def test_an_answer_or_error_that_cannot_be_shown_is_a_fault_like_others(tmp_path: Path, deed: str, words: str) -> None:
    source = f"""
        BUDGET_MS = 20
        class Odd(Exception):
            def __repr__(self):
                {words}
            __str__ = __repr__
        def recipient(facts):
            {deed}
    """
    assert STAGES["recipient"](policy_of(tmp_path, source)) == OUR_FAULT


def test_a_fault_in_the_sender_rules_is_temporary(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken_path(origin: Origin, reverse_path: str) -> None:
        raise KeyError(reverse_path)

    def broken_message(origin: Origin, envelope: Envelope, head: bytes) -> None:
        raise KeyError(origin.label)

    active = active_policy(tmp_path, "")
    policy = HookedSessionPolicy(active, check_reverse_path=broken_path, check_message=broken_message)
    assert STAGES["mail_from"](policy) == OUR_FAULT
    assert STAGES["message"](policy) == OUR_FAULT
    assert "KeyError" in caplog.text


LIMITED = pytest.mark.parametrize("stage", ["mail_from", "recipient"])
TOO_MUCH = Refuse(reply(450, "4.7.1", "too much"))


class Limits:
    """Limits on people: everybody has sent too much, unless the rule is broken."""

    def __init__(self) -> None:
        self.asked: list[Origin] = []
        self.is_broken = False

    def check(self, client: Client, origin: Origin) -> Refuse | None:
        self.asked.append(origin)
        if self.is_broken:
            raise KeyError(origin.label)
        return TOO_MUCH


@LIMITED
def test_limits_are_asked_of_what_no_hook_objects_to(tmp_path: Path, stage: str) -> None:
    limits = Limits()
    refusing = active_policy(tmp_path, f'def {stage}(facts): return refuse(550, "5.7.1", "no")\n')
    policy = HookedSessionPolicy(refusing, check_mail=limits.check, check_recipient=limits.check)
    assert STAGES[stage](policy) == Refuse(reply(550, "5.7.1", "no"))
    assert limits.asked == []
    policy = HookedSessionPolicy(active_policy(tmp_path, ""), check_mail=limits.check, check_recipient=limits.check)
    assert STAGES[stage](policy) == TOO_MUCH


@LIMITED
def test_a_fault_in_the_limits_is_temporary_and_trusted_networks_are_never_asked_about(
    tmp_path: Path, stage: str, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits()
    limits.is_broken = True
    policy = HookedSessionPolicy(active_policy(tmp_path, ""), check_mail=limits.check, check_recipient=limits.check)
    assert STAGES[stage](policy) == OUR_FAULT
    assert "rule=limits" in caplog.text
    trusted = Origin("operator", 1, 0, "people")
    assert policy.mail_from(CLIENT, trusted, "anna@example.org") == Proceed()
    assert policy.recipient(CLIENT, trusted, "", "bob@example.net", Domain("example.net")) == Proceed()
    assert {origin.label for origin in limits.asked} == {ORIGIN.label}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: refuse(450, "5.7.1", "x"),
        lambda: refuse(550, "4.7.1", "x"),
        lambda: refuse(550, "5.7", "x"),
        lambda: refuse(550, "5.7.1", "naïve"),
        lambda: refuse(550, "5.7.1", "x" * 500),
        lambda: defer(550, "4.7.1", "x"),
        lambda: change(add_headers={"Bad Name": "x"}),
        lambda: change(add_headers={"X": "a\r\nBcc: b"}),
        lambda: change(hold="a\nb"),
        lambda: Refusal(reply(250, "2.0.0", "taken, and thrown away")),
        lambda: Refusal(reply(550, "5.7.1", "no\r\n250 yes")),
        lambda: Change(add_headers=(("X", "a\r\nBcc: b"),)),
    ],
)
def test_an_impossible_answer_is_refused_where_it_is_made(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        wrong()
