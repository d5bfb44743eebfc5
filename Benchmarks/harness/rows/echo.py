"""Unary echo of 100 bytes over one connection: against grpc-swift-2, the raw C echo, and ours under TLS against plain."""

from collections.abc import Iterator

from ..figures import Figure, at_least, at_most, interleave
from ..peers import GRPC, OURS, RAW, TLS, Bench

IN_FLIGHT = (1, 16, 64)
AGAINST_GRPC = {1: 8, 16: 25, 64: 45}


def measure(bench: Bench) -> Iterator[Figure]:
    peers = (OURS, TLS, GRPC, RAW)
    with bench.serving(*peers) as servers:
        runs = interleave(
            bench.rounds,
            {
                (peer, calls): lambda peer=peer, server=server, calls=calls: bench.load(peer, server, calls)
                for calls in IN_FLIGHT
                for peer, server in zip(peers, servers)
            },
        )
    rate, cpu = "calls_per_second", "cpu_us_per_call"
    for calls in IN_FLIGHT:
        ours, tls, grpc, raw = ((peer, calls) for peer in peers)
        yield runs.ratio(f"echo/{calls}/calls a second/{GRPC}", ours, grpc, rate, at_least(AGAINST_GRPC[calls]))
        yield runs.ratio(f"echo/{calls}/CPU µs a call/{GRPC}", ours, grpc, cpu, at_most(1 / 60) if calls == 64 else None)
        yield runs.ratio(f"echo/{calls}/calls a second/{RAW}", ours, raw, rate)
        yield runs.ratio(f"echo/{calls}/p50 µs/{RAW}", ours, raw, "p50_us", at_most(1.3) if calls == 1 else None)
        yield runs.ratio(f"echo/{calls}/calls a second/TLS to plain", tls, ours, rate, at_least(0.8))
        yield runs.ratio(f"echo/{calls}/CPU µs a call/TLS to plain", tls, ours, cpu, at_most(1.25))
