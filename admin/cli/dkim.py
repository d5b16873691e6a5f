"""`youtong dkim`: keys that sign, records to publish, signatures to check.

Owns   the verbs keygen, show, test and verify.
Knows  no rule of DKIM: mta.dkim makes, compares and judges; the sentences for what it finds are in `dkim_texts`.
Works on files and DNS, whether or not the server runs; a running one takes new keys with `youtong reload`.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from ...mta.address import AddressError, normalise_domain
from ...mta.dkim import keyfile
from ...mta.dkim.key import Algorithm, KeyFault, SigningKey, generate, normalise_selector, zone_line
from ...mta.dkim.keyring import KeyFileError, KeyRing
from ...mta.dkim.verify import LookUpFailed, verify as verify_signatures
from ...mta.dns.answers import Found, Unavailable
from ...mta.envelope import Domain
from ..config import Config
from ..texts import _
from .dkim_output import (
    print_records,
    published_faults,
    record_json,
    tested_json,
    tested_row,
    verdict_json,
    verdict_row,
)
from .dns_server import dns_server_option, servers_to_ask, txt_answers
from .frame import clock, config_option, json_option, loaded, teaching
from .output import print_json, print_table

_ALGORITHMS = {
    "rsa": (Algorithm.RSA,),
    "ed25519": (Algorithm.ED25519,),
    "both": (Algorithm.RSA, Algorithm.ED25519),
}
_ED25519_SUFFIX = "-ed"


class DomainParam(click.ParamType[Domain]):
    name = "domain"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Domain:
        try:
            return normalise_domain(value)
        except AddressError:
            self.fail(_("“{value}” is no domain name.").format(value=value), param, ctx)


class SelectorParam(click.ParamType[str]):
    name = "selector"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return normalise_selector(value)
        except KeyFault:
            self.fail(_("“{value}” is not a selector: letters, digits and hyphens.").format(value=value), param, ctx)


domain_argument = click.argument("domain", type=DomainParam(), metavar="DOMAIN")


@click.group(
    **teaching(
        _("DKIM keys: make, publish, test, and verify signatures."),
        _("Receivers trust a message more when it is signed by the domain of its From address. Make a key, publish "
          "its records in the DNS of the domain, test them, and every message from that domain is signed."),
        examples=("youtong dkim keygen example.com", "youtong dkim test example.com"),
    )
)  # fmt: skip
def dkim() -> None:
    pass


@dkim.command(
    **teaching(
        _("Make keys for a domain, and say what to publish."),
        _("The private keys stay in data_dir/dkim, readable by this user only. An existing key is never replaced: for "
          "a change of keys make one with another selector, publish it, and later move the old file away."),
        examples=(
            "youtong dkim keygen example.com",
            "youtong dkim keygen example.com --selector spring --algorithm rsa",
        ),
    )
)  # fmt: skip
@domain_argument
@click.option(
    "--selector", type=SelectorParam(), default=None, metavar="NAME",
    help=_("The name of the key in DNS; by default from the year and month. Ed25519 keys get “-ed” behind it."),
)  # fmt: skip
@click.option(
    "--algorithm", type=click.Choice(list(_ALGORITHMS)), default="both", show_default=True,
    help=_("rsa is understood everywhere, ed25519 is newer and shorter; with both, each message has two signatures."),
)  # fmt: skip
@config_option
def keygen(domain: Domain, selector: str | None, algorithm: str, config_file: Path) -> None:
    folder = _key_folder(loaded(config_file))
    keys = [_new_key(domain, selector, kind) for kind in _ALGORITHMS[algorithm]]
    _refuse_existing(folder, keys)
    for key in keys:
        click.echo(_("The private key is in {file}.").format(file=_written(folder, key)))
    click.echo()
    click.echo(_("Publish in the DNS of {domain}:").format(domain=domain))
    click.echo()
    print_records(keys)
    click.echo()
    click.echo(_("Then check it with: youtong dkim test {domain}").format(domain=domain))
    click.echo(_("A running server signs with it after: youtong reload"))


def _new_key(domain: Domain, selector: str | None, algorithm: Algorithm) -> SigningKey:
    month = datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    name = selector or f"yt{month:%Y%m}"
    return generate(domain, name + (_ED25519_SUFFIX if algorithm is Algorithm.ED25519 else ""), algorithm)


def _refuse_existing(folder: Path, keys: Sequence[SigningKey]) -> None:
    """Before the first file is written, so that a refusal leaves nothing behind."""
    for key in keys:
        if keyfile.path_of(folder, key).exists():
            raise click.ClickException(_exists(keyfile.path_of(folder, key)))


def _written(folder: Path, key: SigningKey) -> Path:
    try:
        return keyfile.write(folder, key)
    except FileExistsError as error:
        raise click.ClickException(_exists(keyfile.path_of(folder, key))) from error
    except OSError as error:
        raise click.ClickException(
            _("The key cannot be written to {file}: {reason}.").format(
                file=keyfile.path_of(folder, key), reason=error.strerror
            )
        ) from error


def _exists(file: Path) -> str:
    return _("There is a key in {file} already; choose another --selector.").format(file=file)


@dkim.command(
    **teaching(
        _("Show the records to publish for a domain."),
        _("One TXT record for each key. Give the value without quotes to a web form; --zone prints lines for a zone "
          "file, cut into the strings that DNS carries."),
        examples=("youtong dkim show example.com", "youtong dkim show example.com --zone"),
    )
)  # fmt: skip
@domain_argument
@click.option("--zone", is_flag=True, help=_("Print lines for a zone file."))
@config_option
@json_option
def show(domain: Domain, zone: bool, config_file: Path, as_json: bool) -> None:
    keys = _keys_of(loaded(config_file), domain)
    if as_json:
        print_json([record_json(key) for key in keys])
    elif zone:
        click.echo("\n".join(zone_line(key) for key in keys))
    else:
        print_records(keys)


@dkim.command(
    **teaching(
        _("Compare what a domain publishes with our keys."),
        _("Looks up the record of each key, and says what differs. Exit code 0 when receivers can verify with all."),
        examples=("youtong dkim test example.com", "youtong dkim test example.com --dns-server 192.0.2.1:53"),
    )
)  # fmt: skip
@domain_argument
@dns_server_option
@config_option
@json_option
@click.pass_context
def test(context: click.Context, domain: Domain, dns_server: str | None, config_file: Path, as_json: bool) -> None:
    config = loaded(config_file)
    keys = _keys_of(config, domain)
    answers = txt_answers([key.record_name for key in keys], servers_to_ask(dns_server, config))
    tested = [(key, answers[key.record_name]) for key in keys]
    if as_json:
        print_json([tested_json(key, answer) for key, answer in tested])
    else:
        print_table((_("Name"), _("Algorithm"), _("Result")), [tested_row(key, answer) for key, answer in tested])
    if any(isinstance(answer, Unavailable) or published_faults(key, answer) for key, answer in tested):
        context.exit(1)


@dkim.command(
    **teaching(
        _("Verify the DKIM signatures of a message."),
        _("FILE is a stored message with its headers, “-” reads standard input. Each signature passes or fails, with "
          "the reason. Exit code 0 when there are signatures and all pass. Needs no configuration."),
        examples=("youtong dkim verify letter.eml", "youtong dkim verify - --dns-server 192.0.2.1:53 < letter.eml"),
    )
)  # fmt: skip
@click.argument("file", type=click.File("rb"), metavar="FILE")
@dns_server_option
@config_option
@json_option
@click.pass_context
def verify(context: click.Context, file: BinaryIO, dns_server: str | None, config_file: Path, as_json: bool) -> None:
    message = re.sub(rb"\r?\n", b"\r\n", file.read())  # files on this system end lines with LF, mail with CRLF
    config = loaded(config_file) if dns_server is None and config_file.exists() else None
    servers = servers_to_ask(dns_server, config)
    verdicts = verify_signatures(message, lambda name: _txt(name, servers))
    if as_json:
        print_json([verdict_json(verdict) for verdict in verdicts])
    else:
        print_table(
            (_("Domain"), _("Selector"), _("Algorithm"), _("Result")),
            [verdict_row(verdict) for verdict in verdicts],
            empty=_("The message has no DKIM signature."),
        )
    if not verdicts or not all(verdict.passed for verdict in verdicts):
        context.exit(1)


def _keys_of(config: Config, domain: Domain) -> tuple[SigningKey, ...]:
    try:
        keys = KeyRing.read(config.dkim, _key_folder(config)).keys_for(domain)
    except KeyFileError as error:
        raise click.ClickException(str(error)) from error
    if not keys:
        raise click.ClickException(
            _("There is no DKIM key for {domain}; make one with: youtong dkim keygen {domain}").format(domain=domain)
        )
    return keys


def _key_folder(config: Config) -> Path:
    return config.server.data_dir / "dkim"


def _txt(name: str, servers: Sequence[str]) -> bytes | None:
    match txt_answers([name], servers)[name]:
        case Found(records=records):
            return records[0]
        case Unavailable(why=why):
            raise LookUpFailed(why)
        case _:
            return None
