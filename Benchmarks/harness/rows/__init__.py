"""The rows, in the order in which they are measured and told."""

from . import allocations, codec, connections, echo, grpc_cpp, list_call, memory, overload, slow_calls, streams, wire_bytes

ROWS = {
    "echo": echo.measure,
    "list": list_call.measure,
    "connections": connections.measure,
    "codec": codec.measure,
    "wire": wire_bytes.measure,
    "allocations": allocations.measure,
    "memory": memory.measure,
    "overload": overload.measure,
    "slow": slow_calls.measure,
    "streams": streams.measure,
    "grpc-cpp": grpc_cpp.measure,
}
