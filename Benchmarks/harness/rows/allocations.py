"""Allocations of a unary echo, client and server together: calls of malloc, calloc, realloc and memalign, counted by malloc-count.c.

Two runs of different length; what they differ by, over the calls that they differ by. So what a process
allocates once is not in it.
"""

import subprocess
import sys
from collections.abc import Iterator

from ..figures import Figure, at_most
from ..peers import BENCHMARKS, OURS, Bench, Server


def measure(bench: Bench) -> Iterator[Figure]:
    library = bench.scratch / "malloc-count.so"
    done = subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(BENCHMARKS / "malloc-count.c")])
    if done.returncode != 0:
        sys.exit("bench: malloc-count.c does not compile")

    def counting(name: str) -> dict[str, str]:
        return {"LD_PRELOAD": str(library), "MALLOC_COUNT": str(bench.scratch / name)}

    def counted(name: str) -> int:
        return int.from_bytes((bench.scratch / name).read_bytes(), sys.byteorder)

    server = Server(bench.serve_command(OURS), counting("server"))
    try:
        for in_flight in (1, 64):
            points = []
            for seconds in (0.2, 1.2):
                client = f"client-{in_flight}-{seconds}"
                before = counted("server")
                result = bench.run(bench.load_command(OURS, server.port, in_flight, seconds, {}), counting(client))
                points.append((result["all_calls"], counted(client), counted("server") - before))
            calls, ours, theirs = (late - early for early, late in zip(*points))
            both = (ours + theirs) / calls
            yield Figure(f"allocations a call/{in_flight} in flight", both, both, target=at_most(30))
            yield Figure(f"allocations a call/{in_flight} in flight, server", theirs / calls, theirs / calls)
    finally:
        server.stop()
