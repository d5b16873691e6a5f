"""The composition root of the jobs process: `python -m youtong.admin.serve_jobs SNAPSHOT CONFIG FD`.

Owns   making and running scheduled work (the followers of the journal and of inbound mail), and the listener of
       metrics. Ends when the owner does (EOF on FD).
"""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterable
from functools import partial

from ..mta.clock import SystemClock
from ..mta.dns.resolver import system_resolver
from ..queue.address_keys import open_signer
from . import snapshot
from .config import Config
from .control import Answer, ControlServer, socket_path
from .event_loop import run
from .follower import JournalFollower
from .logs import start_logging
from .metrics_listener import MetricsListener, Scraped, scrape
from .returns.inbound_follower import InboundFollower
from .returns.report_reader import ReportReader
from .returns.rules_in_force import RulesInForce
from .store import AppDatabase
from .suppression.book import trees_of
from .suppression.upkeep import SuppressionUpkeep

Work = Coroutine[None, None, None]
_RULES_SECONDS = 1.0

_log = logging.getLogger("youtong.jobs")


async def _serve(config: Config, fd: int) -> None:
    data_dir = config.server.data_dir
    app = await AppDatabase.open(data_dir / "app.db")
    listeners = _serve_metrics(config)
    control = ControlServer(socket_path(data_dir, "jobs"), partial(_answer, [each.port for each in listeners]))
    await control.start()
    rules = RulesInForce(snapshot.path_of(config))
    reader = ReportReader(str(rules.config_file))
    work = [asyncio.create_task(each) for each in _work(config, app, rules, reader)]
    owner_ends = asyncio.create_task(asyncio.to_thread(os.read, fd, 1))
    await asyncio.wait({*work, owner_ends}, return_when=asyncio.FIRST_COMPLETED)
    for each in work:
        if each.done():  # it never ends by itself: let the owner start this process anew
            _log.error("scheduled work ended", exc_info=each.exception())
            os._exit(1)
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)
    await reader.close()
    for listener in listeners:
        await asyncio.to_thread(listener.stop)
    await control.stop()
    await app.close()


def _work(config: Config, app: AppDatabase, rules: RulesInForce, reader: ReportReader) -> list[Work]:
    """All that is done here; none of it ends by itself."""
    data_dir = config.server.data_dir
    signer = partial(open_signer, data_dir / "keys")
    upkeep = _suppression_upkeep(config, app, rules)
    return [
        JournalFollower(data_dir / "queue.db", app, rules).run(),
        InboundFollower(data_dir, reader, signer, partial(_masters, app), SystemClock()).run(),
        _keep_rules(rules, reader, upkeep),
        upkeep.run(),
    ]


async def _masters(app: AppDatabase, account_ids: Iterable[int]) -> dict[int, int]:
    async with app.reading() as transaction:
        return await trees_of(transaction, account_ids)


def _suppression_upkeep(config: Config, app: AppDatabase, rules: RulesInForce) -> SuppressionUpkeep:
    clock = SystemClock()
    resolver = system_resolver([str(server) for server in config.delivery.dns_servers], clock)
    return SuppressionUpkeep(app, rules.config_file, resolver, clock)


async def _keep_rules(rules: RulesInForce, reader: ReportReader, upkeep: SuppressionUpkeep) -> None:
    """The owner's reload writes them; the reader's process reads them when it starts."""
    while True:
        await asyncio.sleep(_RULES_SECONDS)
        if await asyncio.to_thread(rules.have_changed):
            await reader.close()
            upkeep.hurry()
            _log.info("bounce rules read anew")


def _serve_metrics(config: Config) -> list[MetricsListener]:
    """An address that cannot be bound is said in the log: scheduled work does not wait for it."""
    listeners: list[MetricsListener] = []
    clock, application = SystemClock(), None
    for endpoint in config.metrics.listen if config.metrics else ():
        application = application or Scraped(lambda: scrape(config, clock))
        try:
            listeners.append(MetricsListener(endpoint.host, endpoint.port, application))
        except OSError as error:
            _log.error("metrics cannot be served address=%s error=%s", endpoint, error)
    for listener in listeners:
        listener.start()
    return listeners


async def _answer(metrics_ports: list[int], question: dict[str, object]) -> Answer:
    return {"role": "jobs", "pid": os.getpid(), "metrics": metrics_ports}


def main() -> None:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    configuration, path, fd = sys.argv[1:4]
    start_logging()
    run(_serve(snapshot.read(configuration, path), int(fd)))


if __name__ == "__main__":
    main()
