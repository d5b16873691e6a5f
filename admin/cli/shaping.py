"""`youtong shaping`: which limits hold for a provider, and what a reply would do.

Owns   the verbs show and test.
Knows  no rule: policy.shaping reads and decides. What holds is what the file says now; a running server takes it into
       use with `youtong reload`.
"""

import asyncio
from pathlib import Path

import click
import msgspec

from ...mta.dns.answers import Found, NoData, NoSuchName, Unavailable
from ...mta.dns.resolver import system_resolver
from ...mta.outcome import Stage
from ...policy.limits import TlsDemands
from ...policy.rulefiles.patterns import quoted
from ...policy.shaping import file as shaping_file
from ...policy.shaping.faults import ShapingError
from ...policy.shaping.shaping import Shaping
from ..config import Config
from ..rule_faults import rule_file_words
from ..texts import _
from .dns_server import dns_server_option, servers_to_ask
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_facts, print_json, print_table
from .shaping_output import limits_table, provider_facts, provider_row, provider_table, rule_facts

_STAGES = [str(stage) for stage in Stage if stage not in (Stage.ROUTE, Stage.CONNECT)]


@click.group(
    **teaching(
        _("Shaping rules: how fast each provider is fed, and what its replies change."),
        _("shaping.toml beside the configuration file holds your own rules; without it the shipped ones apply. They "
          "are checked by youtong config check, and put into effect by youtong reload."),
        examples=("youtong shaping show gmail.com", 'youtong shaping test --provider google --reply "421 4.7.28 …"'),
    )
)  # fmt: skip
def shaping() -> None:
    pass


@shaping.command(
    **teaching(
        _("Show the limits of a provider or a domain, each with where it is from."),
        _("Without a name all providers are listed. For a domain that no rule names, its MX hosts are looked up. "
          "What a receiver's reply or an operator changes for a time is shown by youtong explain site."),
        examples=("youtong shaping show", "youtong shaping show google", "youtong shaping show example.com --json"),
    )
)  # fmt: skip
@click.argument("name", required=False, metavar="[PROVIDER|DOMAIN]")
@config_option
@dns_server_option
@json_option
def show(name: str | None, config_file: Path, dns_server: str | None, as_json: bool) -> None:
    config = _config(config_file)
    rules = _rules(config_file, config)
    if name is None:
        _show_all(rules, as_json)
        return
    provider = name if name in rules.file.providers else _provider_of(name, rules, servers_to_ask(dns_server, config))
    limits = rules.limits_for(provider, "")
    if as_json:
        print_json({"name": name, "provider": provider, "limits": msgspec.to_builtins(limits)})
        return
    print_facts(provider_facts(provider, rules))
    limits_table(limits)


@shaping.command(
    **teaching(
        _("Say which rule a reply fits, and what it would do."),
        _("Put the complete reply in quotes, with its code. Nothing is sent or changed."),
        examples=('youtong shaping test --provider qq --reply "550 Ip frequency limited."',),
    )
)  # fmt: skip
@click.option("--provider", default="", help=_("The provider that said it; without one, any site."))
@click.option("--reply", required=True, help=_("What it said."))
@click.option("--stage", type=click.Choice(_STAGES), default=str(Stage.MAIL), help=_("To which command."))
@config_option
@json_option
def test(provider: str, reply: str, stage: str, config_file: Path, as_json: bool) -> None:
    rules = _rules(config_file, _config(config_file))
    if provider and provider not in rules.file.providers:
        raise click.ClickException(_("There is no provider “{name}” in the rules.").format(name=provider))
    try:
        rule = rules.rule_for(provider, quoted(reply), Stage(stage))
    except ValueError as error:
        raise click.ClickException(_("A reply starts with a code from 400 to 599, like 421 or 550.")) from error
    if as_json:
        print_json(msgspec.to_builtins(rule, str_keys=True, enc_hook=str) if rule else None)
    elif rule is None:
        click.echo(_("No rule fits: the pace stays as it is."))
    else:
        print_facts(rule_facts(rule))


def _show_all(rules: Shaping, as_json: bool) -> None:
    names = sorted(rules.file.providers)
    if as_json:
        print_json([{"provider": name, "limits": msgspec.to_builtins(rules.limits_for(name, ""))} for name in names])
        return
    print_table(provider_table(), [provider_row(name, rules) for name in ("", *names)])


def _config(config_file: Path) -> Config | None:
    """The rules can be looked at before there is a configuration."""
    return loaded(config_file) if config_file.exists() else None


def _rules(config_file: Path, config: Config | None) -> Shaping:
    try:
        rules = shaping_file.load(shaping_file.beside(config_file))
    except ShapingError as error:
        raise click.ClickException(rule_file_words(error)) from error
    demands = TlsDemands(config.delivery.require_tls, config.delivery.verify_tls) if config else TlsDemands()
    return Shaping(rules, clock, demands)


def _provider_of(domain: str, rules: Shaping, servers: list[str]) -> str:
    """By its name, else by its MX hosts; a domain without any is its own host (RFC 5321 §5.1)."""
    if provider := rules.provider_of(domain, ()):
        return provider
    hosts = asyncio.run(_mx_hosts(domain, servers))
    return rules.provider_of(domain, hosts) or ",".join(sorted(hosts))


async def _mx_hosts(domain: str, servers: list[str]) -> tuple[str, ...]:
    match await system_resolver(servers, clock).mx(domain):
        case Found(records=records) if all(each.host for each in records):
            return tuple(host for _preference, host in sorted((each.preference, each.host) for each in records))
        case NoData():
            return (domain,)
        case Found():
            why = _("it accepts no mail")
        case NoSuchName():
            why = _("there is no such domain")
        case Unavailable(why=why):
            pass
    raise click.ClickException(_("The MX hosts of {domain} cannot be looked up: {why}.").format(domain=domain, why=why))
