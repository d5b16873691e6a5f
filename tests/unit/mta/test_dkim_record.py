"""The published record against the key."""

import pytest
from fakes.dkim_keys import ed25519_key, rsa_key
from youtong.mta.dkim.key import public_record
from youtong.mta.dkim.record import RecordFault, faults_of

RECORD = public_record(rsa_key())
P = rsa_key().public_key_text()


def test_the_record_that_we_tell_people_to_publish_has_no_fault() -> None:
    for key in (rsa_key(), ed25519_key()):
        assert faults_of(key, [public_record(key).encode()]) == []


@pytest.mark.parametrize(
    "content",
    [
        f"p={P}",
        f"v=DKIM1;p={P};",
        f" v = DKIM1 ; k=rsa; n=note; p={P[:100]} {P[100:]}; ",
        f"v=DKIM1; h=sha1:sha256; s=email; t=s; p={P}",
    ],
)
def test_other_ways_to_write_it_have_no_fault(content: str) -> None:
    assert faults_of(rsa_key(), [content.encode()]) == []


@pytest.mark.parametrize(
    ("contents", "faults"),
    [
        ([], [RecordFault.MISSING]),
        ([RECORD, RECORD], [RecordFault.SEVERAL]),
        (["v=spf1 -all"], [RecordFault.NO_RECORD]),
        (["v=DKIM1; k=rsa"], [RecordFault.NO_RECORD]),
        ([f"k=rsa; v=DKIM1; p={P}"], [RecordFault.NO_RECORD]),
        ([f'"{RECORD}"'], [RecordFault.NO_RECORD]),
        ([f"v=DKIM1\\; k=rsa\\; p={P}"], [RecordFault.NO_RECORD]),
        (["v=DKIM1; k=rsa; p="], [RecordFault.REVOKED]),
        ([RECORD[:255]], [RecordFault.TRUNCATED]),
        ([RECORD.replace(P, "A" + P[1:])], [RecordFault.OTHER_KEY]),
        ([RECORD.replace("k=rsa", "k=ed25519")], [RecordFault.OTHER_TYPE]),
        ([public_record(ed25519_key())], [RecordFault.OTHER_KEY, RecordFault.OTHER_TYPE]),
        ([RECORD + "; h=sha1"], [RecordFault.HASH_REFUSED]),
        ([RECORD + "; s=tlsrpt"], [RecordFault.NOT_FOR_MAIL]),
        ([RECORD + "; t=y:s"], [RecordFault.TESTING]),
        (["v=spf1 -all", RECORD], [RecordFault.SEVERAL]),
        (["\udc80"], [RecordFault.NO_RECORD]),
    ],
)
def test_what_a_receiver_would_stumble_over_is_named(contents: list[str], faults: list[RecordFault]) -> None:
    assert faults_of(rsa_key(), [content.encode("utf-8", "surrogateescape") for content in contents]) == faults
