"""A list call: 100 bytes ask for 50 rows of 8.7 kB, encoded and decoded on both sides, over one connection."""

from collections.abc import Iterator

from ..figures import Figure, at_least, interleave
from ..peers import GRPC, OURS, Bench

AGAINST_GRPC = {1: 6, 16: 6, 64: 7}


def measure(bench: Bench) -> Iterator[Figure]:
    peers = (OURS, GRPC)
    with bench.serving(*peers) as servers:
        runs = interleave(
            bench.rounds,
            {
                (peer, calls): lambda peer=peer, server=server, calls=calls: bench.load(peer, server, calls, call="list")
                for calls in AGAINST_GRPC
                for peer, server in zip(peers, servers)
            },
        )
    for calls, target in AGAINST_GRPC.items():
        yield runs.ratio(f"list/{calls}/calls a second/{GRPC}", (OURS, calls), (GRPC, calls), "calls_per_second", at_least(target))
