"""One call in a hundred takes 15 ms, on the same connection: what the others' p99 becomes. Open loop, 5,000 calls a second."""

from collections.abc import Iterator

from ..figures import Figure, at_most, interleave
from ..peers import OURS, Bench

RATE = 5_000


def measure(bench: Bench) -> Iterator[Figure]:
    with bench.serving(OURS) as (server,):
        runs = interleave(
            bench.rounds,
            {
                "with": lambda: bench.load(OURS, server, rate=RATE, slowevery=100),
                "without": lambda: bench.load(OURS, server, rate=RATE),
            },
        )
    figure = runs.ratio("one slow call in 100/p99 µs of the others", "with", "without", "p99_us")
    # Unchanged within noise: by no more than the same measurement differs from itself.
    figure.target = at_most(1 + figure.spread)
    yield figure
