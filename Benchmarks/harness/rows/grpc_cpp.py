"""gRPC C++, asynchronous, of the system's libgrpc++: unary echo of 100 bytes. Only with --with-grpc-cpp."""

import shlex
import subprocess
import sys
from collections.abc import Iterator

from ..figures import Figure, at_least, interleave
from ..peers import BENCHMARKS, GRPC_CPP, OURS, ROOT, Bench, say

AGAINST_GRPC_CPP = {1: 1.5, 16: 2, 64: 4}


def measure(bench: Bench) -> Iterator[Figure]:
    compile_echo(bench)
    peers = (OURS, GRPC_CPP)
    with bench.serving(*peers) as servers:
        runs = interleave(
            bench.rounds,
            {
                (peer, calls): lambda peer=peer, server=server, calls=calls: bench.load(peer, server, calls)
                for calls in AGAINST_GRPC_CPP
                for peer, server in zip(peers, servers)
            },
        )
    for calls, target in AGAINST_GRPC_CPP.items():
        yield runs.ratio(f"echo/{calls}/calls a second/{GRPC_CPP}", (OURS, calls), (GRPC_CPP, calls), "calls_per_second", at_least(target))


def compile_echo(bench: Bench) -> None:
    say("==> Building grpc-cpp-echo")
    subprocess.run(["bash", "-c", ". Scripts/setup; need_packages libgrpc++-dev pkg-config g++"], cwd=ROOT, stdout=sys.stderr, check=True)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "grpc++"], stdout=subprocess.PIPE, text=True, check=True).stdout
    source, program = BENCHMARKS / "grpc-cpp-echo.cc", bench.scratch / "grpc-cpp-echo"
    subprocess.run(["g++", "-O2", "-std=c++17", "-o", str(program), str(source), *shlex.split(flags)], check=True)
