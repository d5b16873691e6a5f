"""Fifty receivers of mixed temper, and what must become of mail to each: for runs with much mail and many deaths.

tests/scenario/receivers.toml shows every behaviour once; here are the common ones, many times and under load. Every
provider says in `expect` what becomes of which recipients.
"""

from collections.abc import Callable
from itertools import chain, islice

from fakes.expected import Case, cases_of
from fakes.posting import Letter
from youtong.mta.simulator.behaviours import Counted, Deed, Expectation, NameBehaviour, Stage, StartTls
from youtong.mta.simulator.settings import (
    Dialog,
    Greylist,
    Limits,
    MxHost,
    ProviderSettings,
    Rule,
    Servers,
    Settings,
    Window,
)

DELIVERED, BOUNCED, WAITING = {"u*": Expectation.DELIVERED}, {"u*": Expectation.BOUNCED}, {"u*": Expectation.WAITING}
STRANGERS = {"u*": Expectation.DELIVERED, "unknown*": Expectation.BOUNCED}
_UNKNOWN = Rule(Stage.RCPT, reply="550 5.1.1 User unknown", recipients=("unknown*",))
SENDERS = "load.test"
_PER_LETTER = 10

_Make = Callable[[str, str], ProviderSettings]


def fifty_receivers(keep_log: int) -> Settings:
    kinds = chain(
        *([make] * number for make, number in (
            (_accepts, 10), (_knows_not_all, 6), (_defers, 6), (_greylists, 5), (_slow, 4), (_with_tls, 3),
            (_broken_tls, 2), (_closes_often, 2), (_cuts, 6), (_few_connections, 2), (_refuses_content, 1), (_dead, 1),
            (_hangs, 1), (_no_mail, 1),
        ))
    )  # fmt: skip
    providers = [make(f"s{at:02}", f"127.110.{at}.1") for at, make in enumerate(kinds)]
    assert len(providers) == 50
    home = ProviderSettings("home", (SENDERS,), (MxHost("mx.load.test", "127.110.200.1"),))
    servers = Servers(dns="127.0.0.1:0", port=0, control="", keep_messages=10, keep_log=keep_log)
    return Settings(servers, (*providers, home))


def crowd(settings: Settings, recipients: int) -> tuple[list[Letter], dict[str, Case]]:
    """Letters to so many recipients, equally many for each expectation, ten in a letter; and what to expect of each.

    Who waits for ever has letters of its own: a notice about others would wait for it.
    """
    cases = cases_of(settings)
    expected = {
        case.address(number): case for number in range(-(-recipients // len(cases))) for case in cases
    }  # fmt: skip
    chosen = dict(islice(expected.items(), recipients))
    waits = {each: case.expectation is Expectation.WAITING for each, case in chosen.items()}
    letters: list[Letter] = []
    for kind in (False, True):
        addresses = iter([each for each in chosen if waits[each] is kind])
        while together := tuple(islice(addresses, _PER_LETTER)):
            letters.append(Letter(f"c{len(letters)}", together, reverse_path=f"c{len(letters)}@{SENDERS}"))
    return letters, chosen


def _site(name: str, address: str, **more: object) -> ProviderSettings:
    settings: dict[str, object] = {"expect": DELIVERED, **more}
    return ProviderSettings(name, (f"{name}.test",), (MxHost(f"mx.{name}.test", address),), **settings)  # type: ignore[arg-type]


def _accepts(name: str, address: str) -> ProviderSettings:
    return _site(name, address)


def _knows_not_all(name: str, address: str) -> ProviderSettings:
    return _site(name, address, expect=STRANGERS, rule=(_UNKNOWN,))


def _defers(name: str, address: str) -> ProviderSettings:
    stage = (Stage.MAIL, Stage.RCPT, Stage.DOT)[int(name[1:]) % 3]
    return _site(name, address, rule=(Rule(stage, reply="451 4.3.0 Come back later", times=20),))


def _greylists(name: str, address: str) -> ProviderSettings:
    return _site(name, address, expect=STRANGERS, rule=(_UNKNOWN,), greylist=Greylist(seconds=1.0))


def _slow(name: str, address: str) -> ProviderSettings:
    stage = (Stage.DOT, Stage.GREETING)[int(name[1:]) % 2]
    return _site(name, address, rule=(Rule(stage, Deed.WAIT, seconds=0.15),))


def _with_tls(name: str, address: str) -> ProviderSettings:
    required = int(name[1:]) % 2 == 0
    return _site(name, address, dialog=Dialog(starttls=StartTls.GOOD, starttls_required=required))


def _broken_tls(name: str, address: str) -> ProviderSettings:
    how = (StartTls.GARBAGE, StartTls.REFUSED)[int(name[1:]) % 2]
    return _site(name, address, dialog=Dialog(starttls=how))


def _closes_often(name: str, address: str) -> ProviderSettings:
    return _site(name, address, limits=Limits(close_after_messages=3))


def _cuts(name: str, address: str) -> ProviderSettings:
    stages = (Stage.GREETING, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT)
    return _site(name, address, rule=(Rule(stages[int(name[1:]) % 6], Deed.DROP, times=8),))


def _few_connections(name: str, address: str) -> ProviderSettings:
    window = Window(Counted.MESSAGES, 40, 1.0, "450 4.7.1 Slow down")
    return _site(name, address, limits=Limits(connections_at_once=2), window=(window,))


def _refuses_content(name: str, address: str) -> ProviderSettings:
    return _site(name, address, expect=BOUNCED, rule=(Rule(Stage.DOT, reply="554 5.6.0 Not this text"),))


def _dead(name: str, address: str) -> ProviderSettings:
    host = MxHost(f"mx.{name}.test", address, dead=True)
    return ProviderSettings(name, (f"{name}.test",), (host,), expect=WAITING)


def _hangs(name: str, address: str) -> ProviderSettings:
    return _site(name, address, expect=WAITING, rule=(Rule(Stage.CONNECT, Deed.HANG),))


def _no_mail(name: str, address: str) -> ProviderSettings:
    return ProviderSettings(name, (f"{name}.test",), dns=NameBehaviour.NULL_MX, expect=BOUNCED)
