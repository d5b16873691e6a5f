import pytest
from youtong.mta.smtp.server_phases import AFTER_SUCCESS, ALLOWED, Phase, after_rset, out_of_order
from youtong.mta.submission.session import COMMANDS


def test_the_table_names_exactly_the_commands_there_are() -> None:
    assert set(ALLOWED) == set(COMMANDS)
    assert set(AFTER_SUCCESS) <= set(ALLOWED)


@pytest.mark.parametrize("verb", list(ALLOWED))
@pytest.mark.parametrize("phase", list(Phase))
def test_every_command_out_of_order_has_a_reply(verb: str, phase: Phase) -> None:
    refusal = out_of_order(verb, phase)
    assert (refusal is None) == (phase in ALLOWED[verb])
    assert refusal is None or (refusal.code, refusal.enhanced) == (503, "5.5.1")


def test_rset_keeps_the_greeting_and_invents_none() -> None:
    assert [after_rset(phase) for phase in Phase] == [Phase.CONNECTED] + [Phase.READY] * 4
