"""The processes that are measured: servers that say READY and their port, load generators that print one line of JSON."""

import contextlib
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .figures import Run

ROOT = Path(__file__).resolve().parent.parent.parent
BENCHMARKS = ROOT / "Benchmarks"
TICKS = os.sysconf("SC_CLK_TCK")
OURS, TLS, GRPC, RAW, GRPC_CPP = "zhicheng", "zhicheng TLS", "grpc-swift-2", "raw C", "gRPC C++"
# The certificates of our server and of our client under TLS.
SERVER_NAME, CLIENT_NAME = "quota-service", "task-aggregator"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def build(package: Path, *products: str, anew: bool) -> Path:
    """Builds in release mode and returns the folder of the executables; not anew: whatever is there."""
    command = ["swift", "build", "--configuration", "release", "--package-path", str(package)]
    if not anew:
        return package / ".build" / "release"
    for product in products:
        say(f"==> Building {product}")
        done = subprocess.run([*command, "--product", product], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            say(done.stdout[-4000:])
            sys.exit("bench: the build failed")
    return Path(subprocess.run([*command, "--show-bin-path"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


class Server:
    """A peer's server: started, asked for its port, its processor time and memory read, ended."""

    def __init__(self, command: list[str], environment: dict[str, str] | None = None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        words = self.process.stdout.readline().split()
        if len(words) != 2 or words[0] != "READY":
            sys.exit(f"bench: {command[0]} did not start")
        self.port = int(words[1])

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field: str = "VmRSS") -> int:
        """Resident bytes now, or with VmHWM at most so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        return 0

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Bench:
    """What a row needs: how long to measure, and the peers."""

    def __init__(self, rounds: int, seconds: float, anew: bool = True):
        self.rounds = rounds
        self.seconds = seconds
        self.product = build(ROOT, "zhicheng-echo-server", "zhicheng", anew=anew)
        self.peers = build(BENCHMARKS, "zhicheng-load", "grpc-swift-peer", "raw-echo", "codec", anew=anew)
        self.scratch = Path(tempfile.mkdtemp(prefix="zhicheng-bench-"))
        self.certificates = self.scratch / "certificates"
        subprocess.run([str(self.product / "zhicheng"), "certs", str(self.certificates)], stdout=subprocess.DEVNULL, check=True)
        # Thousands of connections, in the servers too.
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def close(self) -> None:
        shutil.rmtree(self.scratch)

    def serve_command(self, peer: str) -> list[str]:
        return {
            OURS: [str(self.product / "zhicheng-echo-server")],
            TLS: [str(self.product / "zhicheng-echo-server"), str(self.certificates / SERVER_NAME)],
            GRPC: [str(self.peers / "grpc-swift-peer"), "serve"],
            RAW: [str(self.peers / "raw-echo"), "serve"],
            GRPC_CPP: [str(self.scratch / "grpc-cpp-echo"), "serve"],
        }[peer]

    @contextlib.contextmanager
    def serving(self, *peers: str) -> Iterator[list[Server]]:
        """A server each."""
        servers: list[Server] = []
        try:
            for peer in peers:
                servers.append(Server(self.serve_command(peer)))
            yield servers
        finally:
            for server in servers:
                server.stop()

    def load_command(self, peer: str, port: int, in_flight: int, seconds: float, more: dict[str, object]) -> list[str]:
        if peer in (RAW, GRPC_CPP):
            program = self.peers / "raw-echo" if peer == RAW else self.scratch / "grpc-cpp-echo"
            return [str(program), "load", str(port), str(in_flight), str(seconds), str(more.get("connections", 1))]
        words = {"port": port, "inflight": in_flight, "seconds": seconds, **more}
        if peer == TLS:
            words |= {"tls": self.certificates / CLIENT_NAME, "service": SERVER_NAME}
        program = [str(self.peers / "grpc-swift-peer"), "load"] if peer == GRPC else [str(self.peers / "zhicheng-load")]
        return program + [f"{name}={value}" for name, value in words.items()]

    def run(self, command: list[str], environment: dict[str, str] | None = None) -> Run:
        """A program that prints one line of JSON."""
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, env={**os.environ, **(environment or {})})
        if done.returncode != 0:
            sys.exit(f"bench: {' '.join(command)} failed")
        return json.loads(done.stdout)

    def load(self, peer: str, server: Server, in_flight: int = 1, seconds: float | None = None, **more: object) -> Run:
        """Calls for a while: calls_per_second, p50_us, p99_us, cpu_us_per_call of both sides together."""
        before = server.cpu_seconds()
        result = self.run(self.load_command(peer, server.port, in_flight, seconds or self.seconds, more))
        # The server's share covers the warm-up of 0.3 s as well.
        server_cpu = (server.cpu_seconds() - before) * result["seconds"] / (result["seconds"] + 0.3)
        if result["calls"] == 0:
            result["p50_us"] = result["p99_us"] = math.inf
        calls = max(result["calls"], 1)
        result["calls_per_second"] = calls / result["seconds"]
        result["cpu_us_per_call"] = (result["cpu_seconds"] + server_cpu) / calls * 1e6
        return result
