"""Metrics: what is exposed is what docs/metrics.md says, bounded, and served."""

import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fakes.panoramas import owner_figures, panorama
from prometheus_client.parser import text_string_to_metric_families
from youtong.admin.metrics import MAX_PROVIDERS, METRICS, Scene, exposition
from youtong.admin.metrics_listener import KEEP_SECONDS, MetricsListener, Scraped
from youtong.policy.suppression import Reason
from youtong.queue.figures import Total
from youtong.queue.histogram import Histogram
from youtong.queue.returns.fates import Fate

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
_ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def scene(providers: int = 3) -> Scene:
    return Scene(
        panorama(providers), {"queue.db": 4096}, {Fate.DELIVERED: 5, Fate.HARD_LATE: 1}, {Reason.COMPLAINT: 7}, 3
    )


def exposed(seen: Scene) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels."""
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(exposition(seen).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


# -- what is said of them ---------------------------------------------------------------------------------------------


def test_the_document_says_what_the_table_says() -> None:
    written = [
        (name, kind, re.findall(r"`(\w+)`", labels), text)
        for name, kind, labels, text in _ROW.findall(DOCUMENT.read_text())
    ]
    assert written == [(each.name, each.kind, list(each.labels), each.help) for each in METRICS]


def test_what_is_exposed_is_what_the_document_says() -> None:
    families = {family.name: family for family in text_string_to_metric_families(exposition(scene()).decode())}
    rows = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)), text)
        for name, kind, labels, text in _ROW.findall(DOCUMENT.read_text())
    }
    assert {name.removesuffix("_total") for name in rows} == set(families)
    for name, (kind, labels, text) in rows.items():
        family = families[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (kind, text)
        assert family.samples, f"{name} has no sample in a scene that has everything"
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == labels, name


def test_names_and_kinds_keep_the_conventions() -> None:
    for metric in METRICS:
        assert metric.name.startswith("youtong_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.help.endswith(".")


# -- what they say ----------------------------------------------------------------------------------------------------


def test_suppressions_and_unread_mail_are_told() -> None:
    found = exposed(scene())
    assert found["youtong_suppressions"] == {(("reason", "complaint"),): 7}
    assert found["youtong_unread_inbound_messages"] == {(): 3}


def test_outcomes_waiting_and_commits_are_told() -> None:
    found = exposed(scene())
    outcome = (("class", "bulk"), ("outcome", "delivered"), ("provider", "provider1"))
    assert found["youtong_outcomes_total"][outcome] == 90
    assert found["youtong_waiting_recipients"][("class", "bulk"), ("provider", "provider1")] == 70
    assert found["youtong_waiting_recipients"][("class", "people"), ("provider", "other")] == 3
    assert found["youtong_waiting_recipients"][("class", "bulk"), ("provider", "none")] == 1
    assert found["youtong_commit_seconds_bucket"][(("le", "0.05"),)] == 49
    assert found["youtong_commit_seconds_bucket"][(("le", "+Inf"),)] == 50
    assert found["youtong_refused_replies_total"][(("code", "550"),)] == 2
    assert found["youtong_file_bytes"][(("file", "queue.db"),)] == 4096
    assert found["youtong_ended_recipients"] == {(("fate", "delivered"),): 5, (("fate", "hard-late"),): 1}


def test_providers_without_a_name_of_their_own_are_one_label() -> None:
    found = exposed(scene(3))["youtong_ready_recipients"]
    assert found == {(("provider", "provider1"),): 3, (("provider", "provider2"),): 6, (("provider", "other"),): 9}


def test_labels_are_bounded_whatever_the_owner_says() -> None:
    seen = panorama(1000)
    assert seen.owner is not None
    names = tuple(f"provider{number}" for number in range(1000))
    owner = msgspec.structs.replace(seen.owner, names=names)
    found = exposed(Scene(msgspec.structs.replace(seen, owner=owner), {}))
    assert len(found["youtong_connections"]) == MAX_PROVIDERS + 1 - 1  # provider0 has no lane


def test_without_an_owner_it_says_so_and_what_waits() -> None:
    seen = Scene(msgspec.structs.replace(panorama(2), owner=None), {"queue.db": 1})
    found = exposed(seen)
    assert found["youtong_up"] == {(): 0}
    assert "youtong_outcomes_total" not in found
    assert sum(found["youtong_waiting_recipients"].values()) == 74


def test_totals_with_the_same_labels_are_one_sample() -> None:
    owner = msgspec.structs.replace(
        owner_figures(()), totals=(Total("", "bulk", "expired", 1), Total("none", "bulk", "expired", 2))
    )
    found = exposed(Scene(msgspec.structs.replace(panorama(1), owner=owner), {}))
    assert list(found["youtong_outcomes_total"].values()) == [3]


def test_a_histogram_counts_at_most_so_long() -> None:
    times = Histogram((0.01, 0.1))
    for seconds in (0.01, 0.05, 7.0):
        times.add(seconds)
    assert times.buckets() == ((0.01, 1), (0.1, 2))
    assert (times.count, times.seconds) == (3, 7.06)


# -- how they are served ----------------------------------------------------------------------------------------------


class Maker:
    def __init__(self) -> None:
        self.made, self.now, self.fault = 0, 100.0, False

    def __call__(self) -> bytes:
        self.made += 1
        if self.fault:
            raise OSError("no disk")
        return b"youtong_up 1.0\n"


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def listener(maker: Maker) -> Iterator[MetricsListener]:
    served = MetricsListener("127.0.0.1", 0, Scraped(maker, lambda: maker.now))
    served.start()
    yield served
    served.stop()


def _get(listener: MetricsListener, path: str = "/metrics") -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{listener.port}{path}", timeout=20) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def test_a_scrape_gets_the_text(listener: MetricsListener) -> None:
    status, kind, body = _get(listener)
    assert (status, body) == (200, b"youtong_up 1.0\n")
    assert kind.startswith("text/plain; version=")
    assert _get(listener, "/")[0] == 404


def test_the_owner_is_asked_once_a_second_however_often_somebody_scrapes(
    listener: MetricsListener, maker: Maker
) -> None:
    for _ in range(5):
        _get(listener)
    assert maker.made == 1
    maker.now += KEEP_SECONDS
    _get(listener)
    assert maker.made == 2


def test_a_fault_is_a_500_and_the_next_scrape_is_answered(listener: MetricsListener, maker: Maker) -> None:
    maker.fault = True
    assert _get(listener)[0] == 500
    maker.fault = False
    assert _get(listener)[0] == 200


def test_a_client_that_leaves_in_the_middle_is_no_trouble(listener: MetricsListener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        client.sendall(b"GET /met")
    assert _get(listener)[0] == 200
