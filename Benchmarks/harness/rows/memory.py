"""Resident memory of the server for each of 5,000 idle connections, plain and under TLS; of fewer where a process may not have
so many files open, which is said. The kernel's socket buffers are not in it."""

import resource
from collections.abc import Iterator

from ..figures import Figure, at_most
from ..idle import IdleConnections
from ..peers import OURS, TLS, Bench, say

MOST_CONNECTIONS = 5_000
# Files that the two processes have open besides.
OTHER_FILES = 100


def measure(bench: Bench) -> Iterator[Figure]:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = min(MOST_CONNECTIONS, files - OTHER_FILES)
    if connections < MOST_CONNECTIONS:
        say(f"memory: {connections:,} connections instead of {MOST_CONNECTIONS:,}: a process may have {files:,} files open here (ulimit -Hn)")
    for peer, authority in ((OURS, None), (TLS, bench.certificates / "ca.pem")):
        with bench.serving(peer) as (server,):
            # What the first connections bring, code that is touched for the first time, is not theirs.
            with IdleConnections(server.port, 10, authority):
                before = server.memory()
            with IdleConnections(server.port, connections, authority):
                each = (server.memory() - before) / connections / 1024
        yield Figure(f"KiB an idle connection, {connections:,} of them/{peer}", each, each, target=at_most(16))
