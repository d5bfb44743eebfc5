"""Connections that said Hello, were answered, and then say nothing."""

import socket
import ssl
import struct
from pathlib import Path

from .peers import SERVER_NAME

# Envelope { hello: { version: 1, min_version: 1, peer: "idle/1@1" } }
HELLO = bytes.fromhex("120e" "0801" "1001" "520869646c652f314031")


class IdleConnections:
    """Opens so many, and closes them at the end; with the authority's certificate under TLS."""

    def __init__(self, port: int, count: int, authority: Path | None = None):
        self.port = port
        self.count = count
        self.context = None
        if authority is not None:
            self.context = ssl.create_default_context(cafile=str(authority))
            self.context.set_alpn_protocols(["zhicheng/1"])
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> "IdleConnections":
        for _ in range(self.count):
            self.sockets.append(self.open())
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.sockets:
            each.close()

    def open(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        # The handshake's end and the Hello are two small writes: with Nagle each connection would wait 40 ms in between.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        each = self.context.wrap_socket(plain, server_hostname=SERVER_NAME) if self.context else plain
        each.sendall(struct.pack(">I", len(HELLO)) + HELLO)
        # The server's Hello: it is at work on this connection.
        (length,) = struct.unpack(">I", self.exactly(each, 4))
        self.exactly(each, length)
        return each

    @staticmethod
    def exactly(source: socket.socket, count: int) -> bytes:
        got = b""
        while len(got) < count:
            part = source.recv(count - len(got))
            if not part:
                raise ConnectionError("the server closed an idle connection")
            got += part
        return got
