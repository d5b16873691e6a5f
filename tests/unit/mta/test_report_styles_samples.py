"""Every style against every sample: who is named, what is told apart, however the octets arrive."""

import os

import pytest
from fakes.bounce_samples import Sample, flufl_samples, is_held_out, own_samples
from fakes.bounce_score import SPEAKS_OF_RECIPIENTS, named, score
from youtong.mta.reports.reading import read_report, report_of
from youtong.mta.reports.report import ReportSort
from youtong.mta.reports.tree import read_tree


@pytest.mark.parametrize("sample", own_samples(), ids=lambda sample: sample.name)
def test_each_sample_is_what_its_label_says(sample: Sample) -> None:
    report = read_report(sample.octets)

    assert (report.sort, named(report)) == (sample.sort, sample.recipients)
    if report.sort is ReportSort.MOVED:
        assert [recipient.new_address for recipient in report.recipients] == [sample.new_address]


def test_every_recipient_of_a_notice_bears_the_action_that_its_sort_means() -> None:
    actions = {ReportSort.BOUNCE: "failed", ReportSort.DELAY: "delayed", ReportSort.SUCCESS: "delivered"}
    for sample in own_samples():
        report = read_report(sample.octets)
        if report.sort in SPEAKS_OF_RECIPIENTS:
            assert {recipient.action for recipient in report.recipients} <= {actions[report.sort]}


def test_what_the_remote_host_said_is_found_where_a_style_gives_it() -> None:
    reports = {sample.name: read_report(sample.octets) for sample in own_samples()}

    gmail, qmail, domino = (reports[name].recipients[0] for name in ("gmail-zh.eml", "qmail-two.eml", "domino.eml"))
    assert (gmail.code, gmail.status) == (550, "5.1.1")
    assert qmail.diagnostic.startswith("550 5.1.1 <anna@example.org>: Recipient address rejected")
    assert (domino.code, "not listed in Domino Directory" in domino.words) == (0, True)


def test_line_ends_change_nothing() -> None:
    for sample in own_samples():
        lines = sample.octets.replace(b"\r\n", b"\n")
        expected = read_report(lines)
        assert read_report(lines.replace(b"\n", b"\r\n")) == expected
        assert read_report(lines.replace(b"\n", b"\r")) == expected


def test_no_beginning_of_a_sample_raises() -> None:
    for sample in own_samples() if "SOAK" in os.environ else own_samples()[::6]:
        for end in range(0, len(sample.octets), 50):
            report_of(read_tree(sample.octets[:end]))


def test_the_samples_of_flufl_bounce_are_read_at_least_as_well_as_we_said() -> None:
    seen = score((sample for sample in flufl_samples() if not is_held_out(sample.name)), read_report)

    assert seen.recall == 1.0, seen.misses
    assert seen.invention < 0.02, seen.misses
    assert seen.false_alarms == 0, seen.misses


def test_the_samples_that_nobody_looked_at_are_read_nearly_as_well() -> None:
    held = score((sample for sample in flufl_samples() if is_held_out(sample.name)), read_report)

    assert held.recall >= 0.85, held.misses
    assert held.false_alarms == 0, held.misses
