"""The bounce rules of the jobs process: those of the snapshot, anew when a reload has changed it.

Owns   when they are read again.
Knows  no rule.
"""

import logging
from pathlib import Path

from ...mta.outcome import Stage
from ...mta.reply import reply_line
from ...policy.bounces.loading import load_rules
from ...policy.bounces.meaning import BounceKind
from ...policy.bounces.ruling import BounceRules
from ...policy.bounces.said import Said
from ...policy.rulefiles.faults import RuleFileError
from ...queue.journal import Facts

_STAGES = frozenset(Stage)
_FILES = ("bounces.toml", "shaping.toml")
_log = logging.getLogger("youtong.jobs")


class RulesInForce:
    """Of one configuration file; the rule files beside it count, or the shipped ones."""

    def __init__(self, config_file: Path) -> None:
        self.config_file = config_file
        self._read = self._stamps()
        self.rules = rules_of(config_file)

    def have_changed(self) -> bool:
        """Whether the files are others than at the last look; then they were read again."""
        stamps = self._stamps()
        if stamps == self._read:
            return False
        self._read, self.rules = stamps, rules_of(self.config_file)
        return True

    def kind_of(self, facts: Facts) -> BounceKind:
        """Whether what ended a recipient in the dialogue, or before it, was hard or soft."""
        if not facts.code:
            return self.rules.of_category(facts.category).kind
        stage = Stage(facts.stage) if facts.stage in _STAGES else None
        text = reply_line(facts.code, facts.enhanced, facts.text)
        said = Said(facts.code, facts.enhanced, text, facts.provider or facts.site, stage)
        return self.rules.meaning(said).kind

    def _stamps(self) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for name in _FILES:
            try:
                about = self.config_file.with_name(name).stat()
            except OSError:  # none, or none that we may read: load_rules says what that means
                found.append((0, 0))
            else:
                found.append((about.st_mtime_ns, about.st_size))
        return found


def rules_of(config_file: Path) -> BounceRules:
    """The shipped ones while a file is broken, which a reload would have refused."""
    try:
        return load_rules(config_file)
    except (RuleFileError, OSError) as error:
        _log.error("the shipped bounce rules are used error=%s", error)
        return load_rules()
