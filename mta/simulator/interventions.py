"""A provider's rules at work: what happens at a stage in place of the ordinary step.

Owns   obeying rules one after the other: waits go on to the next rule, everything else takes the step over.
Knows  nothing of what the ordinary step is; it is given as `proceed`.
"""

from collections.abc import Callable, Iterator
from typing import Literal, assert_never

from .behaviours import Deed, Stage
from .provider import Provider
from .settings import Rule
from .voice import Voice
from .wire import Wire

_Act = Literal[Deed.REPLY, Deed.OCTETS, Deed.DROP, Deed.RESET, Deed.HALF_CLOSE, Deed.HANG]


def _nothing() -> None:
    pass


class Interventions:
    """One connection's; `answered` is told of a stage whose step was answered otherwise than ordinarily."""

    def __init__(
        self, wire: Wire, voice: Voice, provider: Provider, hostname: str, answered: Callable[[Stage], None]
    ) -> None:
        self._wire = wire
        self._voice = voice
        self._provider = provider
        self._hostname = hostname
        self._answered = answered

    def at(
        self,
        stage: Stage,
        addresses: list[str],
        proceed: Callable[[], None],
        keep: Callable[[], object] = _nothing,
    ) -> None:
        """Let the rules of this stage act on whom it is about, or `proceed`; `keep` takes the message nevertheless."""
        if stage not in self._provider.ruled_stages:
            proceed()
        else:
            self._obey(self._provider.matching(stage, self._hostname, self._wire.client, addresses), proceed, keep)

    def _obey(self, rules: Iterator[Rule], proceed: Callable[[], None], keep: Callable[[], object]) -> None:
        for rule in rules:
            if rule.do is Deed.WAIT:
                return self._wire.wait(rule.seconds, lambda: self._obey(rules, proceed, keep))
            if rule.keep:
                keep()
            return self._act(rule, rule.do)
        return proceed()

    def _act(self, rule: Rule, do: _Act) -> None:
        match do:
            case Deed.REPLY:
                self._answered(rule.at)
                self._voice.refuse(rule.reply, close=rule.at is Stage.BODY)  # what follows can be no command
            case Deed.OCTETS:
                self._answered(rule.at)
                self._wire.say(rule.octets.encode("latin-1"))
            case Deed.DROP:
                self._wire.drop()
            case Deed.RESET:
                self._wire.reset()
            case Deed.HALF_CLOSE:
                self._wire.half_close()
            case Deed.HANG:
                self._wire.hang()
            case _:
                assert_never(do)
