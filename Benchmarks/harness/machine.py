"""What the figures were measured on."""

import json
import os
import platform
import subprocess
import time
from pathlib import Path

from .peers import BENCHMARKS


def described() -> dict[str, str]:
    swift = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    pins = json.loads((BENCHMARKS / "Package.resolved").read_text())["pins"]
    versions = {pin["identity"]: pin["state"].get("version", "?") for pin in pins}
    names = ("grpc-swift-2", "grpc-swift-nio-transport", "swift-protobuf", "swift-nio")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "system": platform.platform(),
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "load before": f"{os.getloadavg()[0]:.1f}",
        "swift": swift[0] if swift else "?",
        "peers": ", ".join(f"{name} {versions.get(name, '?')}" for name in names),
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
