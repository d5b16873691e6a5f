"""A delivery worker with a stand-in link rewriter (P4): as `youtong.admin.serve_worker`, but templates come out with
every link of their text replaced by one of ours, with a token for (text, link, recipient).

Started by `bench.campaign_server` instead of the real one. The real rewriter comes with campaigns; this one costs what
it will at least: a search, a MAC and a base 32 for each link.
"""

import base64
import hmac
import re

from youtong.admin import serve_worker
from youtong.admin.config import Config
from youtong.queue.contents.content import ContentKind, ContentSource, Personal, Rendered, StoredContent
from youtong.queue.signed_address import AddressSigner

_LINK = re.compile(rb"https://[^\s\"<>]+")
_SECRET = b"a secret of this benchmark"


class Rewriting:
    """A ContentSource around another."""

    def __init__(self, source: ContentSource) -> None:
        self._source = source

    def render(self, content: StoredContent, personal: Personal) -> Rendered:
        made = self._source.render(content, personal)
        number = 0

        def rewritten(_found: re.Match[bytes]) -> bytes:
            nonlocal number
            number += 1
            return b"https://links.sender.test/" + _token(content.id, number, personal.recipient_id)

        return Rendered(made.head, _LINK.sub(rewritten, made.body), shared=False)


def _token(revision: int, link: int, recipient_id: int) -> bytes:
    said = revision.to_bytes(4, "big") + link.to_bytes(2, "big") + recipient_id.to_bytes(6, "big")
    return base64.b32encode(said + hmac.digest(_SECRET, said, "sha256")[:8]).lower()


_plain_sources = serve_worker.content_sources


def _sources(config: Config, names: AddressSigner | None) -> dict[ContentKind, ContentSource]:
    sources = _plain_sources(config, names)
    return {**sources, ContentKind.TEMPLATE: Rewriting(sources[ContentKind.TEMPLATE])}


if __name__ == "__main__":
    serve_worker.content_sources = _sources
    serve_worker.main()
