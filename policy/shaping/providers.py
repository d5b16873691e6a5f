"""Which provider a site belongs to: by recipient domain, or by the end of its best MX host's name.

Owns   the look-up, a few dictionary questions per domain. Knows no numbers.
The longest suffix wins, so a provider may have a part of another's names. Only the best MX counts: a site with its own
host and a provider's as backup is no site of that provider.
"""

from collections.abc import Mapping, Sequence


class ProviderIndex:
    def __init__(self, by_suffix: Mapping[str, str], by_domain: Mapping[str, str]) -> None:
        """Names in lower case, without a dot at either end."""
        self._by_suffix, self._by_domain = by_suffix, by_domain

    def of_domain(self, domain: str) -> str:
        return self._by_domain.get(domain.lower(), "")

    def of_hosts(self, mx_hosts: Sequence[str]) -> str:
        """Best preference first; "" when no rule names the first of them."""
        name = mx_hosts[0].lower().rstrip(".") if mx_hosts else ""
        while name:
            if provider := self._by_suffix.get(name):
                return provider
            name = name.partition(".")[2]
        return ""
