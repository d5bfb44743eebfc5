"""One server stream, its messages encoded and decoded: small ones by number, large ones by bytes. Without targets."""

from collections.abc import Iterator

from ..figures import Figure, interleave
from ..peers import OURS, Bench

SMALL, LARGE = 98, 64 << 10


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.serving(OURS) as (server,):
        runs = interleave(
            bench.rounds,
            {size: lambda size=size: bench.load(OURS, server, call="stream", bytes=size) for size in (SMALL, LARGE)},
        )
    yield runs.own("stream/messages of 100 B a second", SMALL, "calls_per_second")
    figure = runs.own("stream/MB a second in messages of 64 KiB", LARGE, "calls_per_second")
    figure.value = figure.ours = figure.value * LARGE / 1e6
    yield figure
