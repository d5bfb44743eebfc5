import BenchmarkEcho
import Logging
import RPC
import RPCTransport
import ServiceLifecycle
