"""Bytes on the wire of a unary call by method id, timings included, over its payloads; counted between the two sides."""

from collections.abc import Iterator

from ..figures import Figure, at_most
from ..peers import OURS, Bench
from ..relay import Relay

PAYLOADS = 100 + 100
# The field of the Request: tag, length, 25 bytes. Every call of ours has it.
TRACE = 27


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.serving(OURS) as (server,):
        # An echo is answered within a microsecond or two; a call that works and waits has longer times to tell.
        for call in ("echo", "work"):
            with Relay(server.port) as relay:
                bench.run(bench.load_command(OURS, relay.port, 64, 1.0, {"call": call}))
                over = relay.bytes / relay.calls - PAYLOADS
            yield Figure(f"bytes over the payload/{call}, with trace", over, over, target=at_most(68))
            yield Figure(f"bytes over the payload/{call}, less the trace", over - TRACE, over - TRACE, target=at_most(40))
