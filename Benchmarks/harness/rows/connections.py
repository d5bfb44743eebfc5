"""Many connections: 64 with one call each against the raw C echo, and one busy one beside 999 idle ones."""

from collections.abc import Iterator

from ..figures import Figure, at_least, interleave
from ..idle import IdleConnections
from ..peers import OURS, RAW, Bench

IDLE = 999


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.serving(OURS, RAW, OURS) as (ours, raw, crowded), IdleConnections(crowded.port, IDLE):
        runs = interleave(
            bench.rounds,
            {
                "each": lambda: bench.load(OURS, ours, 64, connections=64),
                "raw each": lambda: bench.load(RAW, raw, 64, connections=64),
                "alone": lambda: bench.load(OURS, ours, 64),
                "crowded": lambda: bench.load(OURS, crowded, 64),
                "all": lambda: bench.load(OURS, ours, 1000, connections=1000),
            },
        )
    rate = "calls_per_second"
    yield runs.ratio(f"64 connections, a call each/{RAW}", "each", "raw each", rate, at_least(0.6))
    yield runs.ratio("64 in flight beside 999 idle connections/alone", "crowded", "alone", rate, at_least(0.8))
    yield runs.ratio("1,000 connections, a call each/64 of them", "all", "each", rate)
