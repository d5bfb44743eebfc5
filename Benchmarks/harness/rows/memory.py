"""Resident memory of the server for each of 5,000 idle connections, plain and under TLS. The kernel's socket buffers are not in it."""

from collections.abc import Iterator

from ..figures import Figure, at_most
from ..idle import IdleConnections
from ..peers import OURS, TLS, Bench

CONNECTIONS = 5_000


def measure(bench: Bench) -> Iterator[Figure]:
    for peer, authority in ((OURS, None), (TLS, bench.certificates / "ca.pem")):
        with bench.serving(peer) as (server,):
            # What the first connections bring, code that is touched for the first time, is not theirs.
            with IdleConnections(server.port, 10, authority):
                before = server.memory()
            with IdleConnections(server.port, CONNECTIONS, authority):
                each = (server.memory() - before) / CONNECTIONS / 1024
        yield Figure(f"KiB an idle connection, {CONNECTIONS:,} of them/{peer}", each, each, target=at_most(16))
