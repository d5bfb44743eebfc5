"""Overload: ten times of what the server can do, open loop, over 50 connections. The handler passes through a resource
of known capacity: 1,000 calls a second, 4 at once, 4 ms each."""

from collections.abc import Iterator

from ..figures import Figure, at_least, at_most, interleave
from ..peers import OURS, Bench, Server
from ..figures import Run

CAPACITY = 1_000


def measure(bench: Bench) -> Iterator[Figure]:
    seconds = max(bench.seconds, 2.0)

    def overloaded(server: Server) -> Run:
        before = server.memory()
        result = bench.load(OURS, server, call="work", rate=10 * CAPACITY, connections=50, timeout=1000, seconds=seconds)
        result["goodput"] = (result["calls"] - result["late"]) / seconds
        result["growth_mib"] = (server.memory("VmHWM") - before) / (1 << 20)
        return result

    def peak(server: Server) -> Run:
        # As many as the resource takes at once: those that wait for it are what the limit refuses.
        result = bench.load(OURS, server, 4, call="work", seconds=seconds)
        result["goodput"] = result["calls_per_second"]
        return result

    with bench.serving(OURS) as (server,):
        runs = interleave(
            bench.rounds,
            {
                "unloaded": lambda: bench.load(OURS, server, 1, call="work", seconds=seconds),
                "peak": lambda: peak(server),
                "overload": lambda: overloaded(server),
            },
        )
    yield runs.ratio("overload 10 times/goodput to peak", "overload", "peak", "goodput", at_least(0.9))
    yield runs.ratio("overload 10 times/p99 µs of answered to unloaded", "overload", "unloaded", "p99_us", at_most(5))
    growth = max(run["growth_mib"] for run in runs.runs["overload"])
    yield Figure("overload 10 times/MiB that the server grew by", growth, growth, target=at_most(64))
