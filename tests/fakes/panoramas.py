"""Panoramas of many providers, made of numbers."""

from youtong.admin.figures import (
    CeilingSeen,
    CommitFigures,
    LaneFigures,
    OwnerFigures,
    RateSeen,
    SessionFigures,
)
from youtong.admin.panorama import ClassWaiting, FlowLine, Panorama, provider_rows
from youtong.queue.figures import Total
from youtong.queue.pace.ceiling import CeilingKind
from youtong.queue.pace.suspensions import Suspension, SuspensionScope
from youtong.queue.storage.backlog_reads import WaitingSum

AT_MS = 1_795_000_000_000
STOP = Suspension(
    7,
    SuspensionScope.PROVIDER,
    "provider3",
    since_ms=AT_MS - 60_000,
    until_ms=AT_MS + 1_800_000,
    rule="google-rate",
    reply="421 4.7.28 unusual rate of mail",
)
_CEILINGS = (
    CeilingSeen(),
    CeilingSeen(CeilingKind.MESSAGE_RATE, 20, 60.0, "shaping.toml:41 [provider.google] message_rate", 12.4),
    CeilingSeen(CeilingKind.CONNECTIONS, 5, because="default"),
    CeilingSeen(CeilingKind.SUSPENDED, because="google-rate", suspension=STOP),
)


def lane_figures(number: int, tick: int = 0) -> LaneFigures:
    rate = RateSeen(20, 60.0, "shaping.toml:41 [provider.google] message_rate")
    return LaneFigures(
        provider=f"provider{number}",
        source="default",
        ready=number * 3,
        in_flight=number % 5,
        cap=40,
        connections=(number + tick) % 6,
        max_connections=5,
        connections_because="default",
        rates=(rate,),
        mails_10s=(number + tick) % 7,
        mails_1m=number % 21,
        delivered_1m=number % 20,
        deferred_1m=number % 7,
        bounced_1m=number % 3,
        ceiling=_CEILINGS[number % 4],
        worker_pid=4000,
    )


def owner_figures(lanes: tuple[LaneFigures, ...]) -> OwnerFigures:
    return OwnerFigures(
        uptime_seconds=3600.0,
        delivers=True,
        workers=2,
        worker_deaths=1,
        in_flight=sum(lane.in_flight for lane in lanes),
        ready=sum(lane.ready for lane in lanes),
        lanes=lanes,
        more_lanes=0,
        names=("provider1", "provider2"),
        totals=(Total("provider1", "bulk", "delivered", 90), Total("other", "people", "deferred", 4)),
        accepted={"people": 12, "bulk": 300},
        commits=CommitFigures(50, 0.5, ((0.005, 30), (0.05, 49), (1.0, 50)), 0.004),
        sessions=SessionFigures(3, 2048, {"550": 2, "451": 1}),
        look_ups={"asked": 7},
    )


def panorama(providers: int, tick: int = 0) -> Panorama:
    """`tick`: some seconds later."""
    lanes = tuple(lane_figures(number, tick) for number in range(1, providers + 1))
    sums = [WaitingSum(f"provider{number}", 1 + number % 3, "bulk", 100 * number) for number in range(1, providers + 1)]
    flows = (
        FlowLine(1, "shop@example.org", "bulk", "autumn letter", "news.example.org", 120_000, 40),
        FlowLine(2, "邮通公司@例子.中国", "bulk", "秋季通讯", "例子.中国", 9_000, 12),
        FlowLine(3, "ann@example.org", "people", "", "example.org", 2, 2),
    )
    rows = tuple(provider_rows(sums, lanes))
    classes = (ClassWaiting("provider1", "bulk", 70), ClassWaiting("nobody", "people", 3), ClassWaiting("", "bulk", 1))
    return Panorama(AT_MS + tick * 1000, owner_figures(lanes), rows, flows, classes)
