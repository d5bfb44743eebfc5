"""Bytes on the wire of a unary call by method id, timings included, over its payloads; counted between the two sides."""

from collections.abc import Iterator

from ..figures import Figure, at_most
from ..peers import OURS, Bench
from ..relay import Relay

PAYLOADS = 100 + 100
# The field of the Request: tag, length, 25 bytes.
TRACE = 27


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.serving(OURS) as (server,):
        # An echo is answered within a microsecond or two; a call that works and waits has longer times to tell.
        for call in ("echo", "work"):
            with Relay(server.port) as relay:
                bench.run(bench.load_command(OURS, relay.port, 64, 1.0, {"call": call}))
            # The relay has counted everything when it has ended.
            bare = (relay.bytes - relay.traced * TRACE) / relay.calls - PAYLOADS
            yield Figure(f"bytes over the payload/{call}, without trace", bare, bare, target=at_most(40))
            yield Figure(f"bytes over the payload/{call}, with trace", bare + TRACE, bare + TRACE, target=at_most(68))
