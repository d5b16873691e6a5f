"""Metrics for Prometheus: every name, its help and labels, and how each is read off a panorama.

Owns   the table METRICS (docs/metrics.md says the same, a test compares), and the text that is exposed.
Knows  no listener (metrics_listener) and no owner: a Panorama and the sizes of files are given.

Invariants
    Labels are bounded: a provider has its own label when a shaping rule names it or much mail went to it
    (queue.figures), at most MAX_PROVIDERS of them; the others are "other". Counters only grow while the owner lives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric as Family
from prometheus_client.registry import Collector

from ..policy.suppression import Reason
from ..queue.figures import OTHER
from ..queue.returns.fates import Fate
from .figures import OwnerFigures
from .panorama import Panorama, ProviderRow

MAX_PROVIDERS = 200
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FILES = ("queue.db", "queue.db-wal", "archive.db", "app.db", "app.db-wal")
Samples = Iterable[tuple[tuple[str, ...], float]]


class Scene(msgspec.Struct, frozen=True):
    """What a scrape sees."""

    panorama: Panorama
    file_bytes: Mapping[str, int]
    fates: Mapping[Fate, int] = {}
    suppressed: Mapping[Reason, int] = {}
    unread_inbound: int | None = None

    @property
    def owner(self) -> OwnerFigures | None:
        return self.panorama.owner


class Metric(msgspec.Struct, frozen=True):
    """One metric. A histogram has no samples of this kind."""

    name: str
    kind: str  # counter, gauge, histogram
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Scene], Samples]


def file_sizes(data_dir: Path) -> dict[str, int]:
    """Of the files there are."""
    return {name: (data_dir / name).stat().st_size for name in _FILES if (data_dir / name).exists()}


# -- one function for each metric -------------------------------------------------------------------------------------


def _up(scene: Scene) -> Samples:
    return [((), float(scene.owner is not None))]


def _of_owner(read: Callable[[OwnerFigures], float]) -> Callable[[Scene], Samples]:
    return lambda scene: [((), read(scene.owner))] if scene.owner is not None else []


def _accepted(scene: Scene) -> Samples:
    return [((mail_class,), n) for mail_class, n in scene.owner.accepted.items()] if scene.owner else []


def _refused(scene: Scene) -> Samples:
    return [((code,), n) for code, n in scene.owner.sessions.refused.items()] if scene.owner else []


def _outcomes(scene: Scene) -> Samples:
    if scene.owner is None:
        return []
    found = (((each.provider or "none", each.mail_class, each.came), each.count) for each in scene.owner.totals)
    return _summed(found)


def _waiting(scene: Scene) -> Samples:
    label = _labels(scene)
    return _summed(((label(each.provider), each.mail_class), each.waiting) for each in scene.panorama.classes)


def _lanes(read: Callable[[ProviderRow], float]) -> Callable[[Scene], Samples]:
    def samples(scene: Scene) -> Samples:
        label = _labels(scene)
        rows = [row for row in scene.panorama.providers if row.sources]
        return _summed(((label(row.provider),), read(row)) for row in rows)

    return samples


def _commits(scene: Scene) -> Samples:
    return []


def _suspensions(scene: Scene) -> Samples:
    if scene.owner is None:
        return []
    stops = sum(each.stop for each in scene.owner.suspensions)
    return [(("stop",), stops), (("slow",), len(scene.owner.suspensions) - stops)]


def _look_ups(scene: Scene) -> Samples:
    return [((kind,), n) for kind, n in scene.owner.look_ups.items()] if scene.owner else []


def _files(scene: Scene) -> Samples:
    return [((name,), size) for name, size in scene.file_bytes.items()]


def _fates(scene: Scene) -> Samples:
    return [((fate.value,), n) for fate, n in scene.fates.items()]


def _suppressed(scene: Scene) -> Samples:
    return [((reason.value,), n) for reason, n in scene.suppressed.items()]


def _unread(scene: Scene) -> Samples:
    return [((), scene.unread_inbound)] if scene.unread_inbound is not None else []


def _labels(scene: Scene) -> Callable[[str], str]:
    """From a provider to its label, the same as in the totals."""
    named = frozenset(scene.owner.names[:MAX_PROVIDERS] if scene.owner is not None else ())
    return lambda provider: provider if provider in named else OTHER if provider else "none"


def _summed(samples: Samples) -> Samples:
    """Samples with the same labels are one."""
    found: dict[tuple[str, ...], float] = {}
    for labels, value in samples:
        found[labels] = found.get(labels, 0) + value
    return found.items()


METRICS: tuple[Metric, ...] = (
    Metric("youtong_up", "gauge", "1 while the owner process answers.", (), _up),
    Metric(
        "youtong_uptime_seconds", "gauge", "Since the owner began; counters begin with it.", (),
        _of_owner(lambda owner: owner.uptime_seconds),
    ),
    Metric(
        "youtong_accepted_recipients_total", "counter", "Recipients accepted with a 250, by class of mail.",
        ("class",), _accepted,
    ),
    Metric(
        "youtong_refused_replies_total", "counter", "Replies 4yz and 5yz to clients, by code.", ("code",), _refused
    ),
    Metric(
        "youtong_outcomes_total", "counter",
        "What came of recipients; provider none: no attempt was made.", ("provider", "class", "outcome"), _outcomes,
    ),
    Metric(
        "youtong_waiting_recipients", "gauge", "Scheduled recipients, due or not.", ("provider", "class"), _waiting
    ),
    Metric(
        "youtong_ready_recipients", "gauge", "Recipients that wait in memory for a slot.", ("provider",),
        _lanes(lambda row: row.ready),
    ),
    Metric(
        "youtong_in_flight_transactions", "gauge", "Transactions leased to a delivery process.", ("provider",),
        _lanes(lambda row: row.in_flight),
    ),
    Metric(
        "youtong_connections", "gauge", "Open outbound connections.", ("provider",),
        _lanes(lambda row: row.connections),
    ),
    Metric(
        "youtong_connections_limit", "gauge", "Connections allowed now, over all sources.", ("provider",),
        _lanes(lambda row: row.max_connections),
    ),
    Metric(
        "youtong_suspensions", "gauge", "Stops and slowings in force.", ("kind",), _suspensions
    ),
    Metric(
        "youtong_commit_seconds", "histogram", "How long commits of queue.db took.", (), _commits
    ),
    Metric(
        "youtong_longest_operation_seconds", "gauge",
        "The longest that one transaction's statements kept the owner busy, since it began.", (),
        _of_owner(lambda owner: owner.commits.longest_operation_seconds),
    ),
    Metric("youtong_file_bytes", "gauge", "Sizes of databases and their logs.", ("file",), _files),
    Metric(
        "youtong_sessions", "gauge", "Submission sessions open now.", (),
        _of_owner(lambda owner: owner.sessions.sessions),
    ),
    Metric(
        "youtong_session_memory_bytes", "gauge", "Memory that messages being received hold.", (),
        _of_owner(lambda owner: owner.sessions.memory_bytes),
    ),
    Metric(
        "youtong_look_ups_total", "counter", "Questions to the name system: asked, and answered from memory.",
        ("kind",), _look_ups,
    ),
    Metric(
        "youtong_workers", "gauge", "Delivery processes alive.", (), _of_owner(lambda owner: owner.workers)
    ),
    Metric(
        "youtong_worker_deaths_total", "counter", "Delivery processes that ended unasked.", (),
        _of_owner(lambda owner: owner.worker_deaths),
    ),
    Metric(
        "youtong_ended_recipients", "gauge", "Recipients that have ended, by what they count as now.", ("fate",),
        _fates,
    ),
    Metric(
        "youtong_suppressions", "gauge", "Entries that keep mail from addresses, by reason.", ("reason",), _suppressed
    ),
    Metric(
        "youtong_unread_inbound_messages", "gauge", "Messages that came in and that nobody has read yet.", (), _unread
    ),
)  # fmt: skip


# -- exposing ---------------------------------------------------------------------------------------------------------


def exposition(scene: Scene) -> bytes:
    """All metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_SceneCollector(scene))
    return generate_latest(registry)


class _SceneCollector(Collector):
    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def collect(self) -> Iterator[Family]:
        return (_family(metric, self._scene) for metric in METRICS)


def _family(metric: Metric, scene: Scene) -> Family:
    if metric.kind == "histogram":
        return _histogram(metric, scene)
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in metric.samples(scene):
        family.add_metric(labels, value)
    return family


def _histogram(metric: Metric, scene: Scene) -> Family:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    if scene.owner is not None:
        commits = scene.owner.commits
        buckets = [*((f"{bound:g}", n) for bound, n in commits.buckets), ("+Inf", commits.count)]
        family.add_metric((), buckets, commits.seconds)
    return family
