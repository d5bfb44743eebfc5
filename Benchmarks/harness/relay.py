"""A relay between a client and a server that counts what passes, frame by frame."""

import socket
import struct
import threading

# Tag and length of a Request's trace, which stands before its payload.
TRACE = bytes((9 << 3 | 2, 25))


class Relay:
    """Takes one connection. The first frame each way is a Hello and is not counted."""

    def __init__(self, server_port: int):
        self.server_port = server_port
        self.bytes = 0
        self.calls = 0
        # Requests that carry a trace context.
        self.traced = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.accept, daemon=True)]

    def __enter__(self) -> "Relay":
        self.threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        for thread in self.threads:
            thread.join()

    def accept(self) -> None:
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.server_port))
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        counts: list[tuple[int, int, int]] = []
        answers = threading.Thread(target=lambda: counts.append(self.pass_on(server, client)))
        answers.start()
        requests = self.pass_on(client, server)
        answers.join()
        self.calls = counts[0][0]
        self.bytes = requests[1] + counts[0][1]
        self.traced = requests[2]

    @staticmethod
    def pass_on(source: socket.socket, sink: socket.socket) -> tuple[int, int, int]:
        """Until the source ends. Returns frames, bytes and frames with a trace, without the first frame's."""
        unread, frames, total, traced = b"", -1, 0, 0
        while True:
            got = source.recv(1 << 18)
            if not got:
                try:
                    sink.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                return frames, total, traced
            sink.sendall(got)
            unread += got
            start = 0
            while len(unread) - start >= 4:
                (length,) = struct.unpack_from(">I", unread, start)
                if len(unread) - start < 4 + length:
                    break
                start += 4 + length
                if frames >= 0:
                    total += 4 + length
                    traced += TRACE in unread[start - length : start - length + 40]
                frames += 1
            unread = unread[start:]
