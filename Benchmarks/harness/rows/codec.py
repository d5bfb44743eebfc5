"""The codec by itself: the list call's reply of 50 rows against SwiftProtobuf, processor time a message."""

from collections.abc import Iterator

from ..figures import Figure, Runs, at_most
from ..peers import Bench

PEER = "SwiftProtobuf"


def measure(bench: Bench) -> Iterator[Figure]:
    runs = Runs()
    for _ in range(bench.rounds):
        # Both peers take turns within the program.
        result = bench.run([str(bench.peers / "codec")])
        for what in ("decode", "encode"):
            runs.add(("ours", what), {"ns": result[what]})
            runs.add((PEER, what), {"ns": result[f"{what}_peer"]})
        runs.add("in place", {"ns": result["encode_in_place"]})
    yield runs.ratio(f"codec/decode ns/{PEER}", ("ours", "decode"), (PEER, "decode"), "ns", at_most(0.55))
    yield runs.ratio(f"codec/encode ns/{PEER}", ("ours", "encode"), (PEER, "encode"), "ns", at_most(0.70))
    yield runs.ratio(f"codec/encode in place ns/{PEER}", "in place", (PEER, "encode"), "ns")
