"""A client in another language, from PROTOCOL.md and `protoc --python_out` alone.

usage: list_tasks.py CA_FILE IDENTITY_PORT TASKS_PORT ACCOUNT PASSWORD
Signs in, reads every page of the pending list, prints one JSON line a task, and signs out.
"""

import json
import os
import socket
import ssl
import struct
import sys

import common_pb2
import identity_pb2
import tasks_pb2
import wire_pb2

MAX_FRAME = (4 << 20) + (64 << 10)


class CallFailed(Exception):
    """A Response with a code."""


class Connection:
    """One call after the other over one connection."""

    def __init__(self, ca_file: str, service: str, port: int):
        context = ssl.create_default_context(cafile=ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.set_alpn_protocols(["zhicheng/1"])
        self.socket = context.wrap_socket(
            socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname=service
        )
        self.next_id = 1
        self.send(wire_pb2.Envelope(hello=wire_pb2.Hello(version=1, min_version=1, peer="list-tasks/1@1")))
        hello = self.receive().hello
        assert hello.version == 1, hello

    def send(self, envelope: wire_pb2.Envelope) -> None:
        body = envelope.SerializeToString()
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive(self) -> wire_pb2.Envelope:
        (length,) = struct.unpack(">I", self.exactly(4))
        assert 0 < length <= MAX_FRAME, length
        return wire_pb2.Envelope.FromString(self.exactly(length))

    def exactly(self, count: int) -> bytes:
        parts = []
        while count > 0:
            part = self.socket.recv(count)
            if not part:
                raise ConnectionError("the service closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def call(self, method: str, request, reply_type, session: bytes = b"", change: bool = False):
        call_id, self.next_id = self.next_id, self.next_id + 2
        head = wire_pb2.Request(method=method, timeout_us=10_000_000, payload=request.SerializeToString())
        if session:
            head.metadata.add(key="session", value=session)
        if change:
            head.idempotency_key = os.urandom(16)
        self.send(wire_pb2.Envelope(id=call_id, request=head))
        while True:
            envelope = self.receive()
            if envelope.HasField("ping") and not envelope.ping.ack:
                envelope.ping.ack = True
                self.send(envelope)
            elif envelope.id == call_id and envelope.HasField("response"):
                response = envelope.response
                if response.code:
                    raise CallFailed(f"{method}: code {response.code}, {response.message}")
                return reply_type.FromString(response.payload)


def main() -> None:
    ca_file, identity_port, tasks_port, account, password = sys.argv[1:]
    identity = Connection(ca_file, "identity-service", int(identity_port))
    signed_in = identity.call(
        "identity.v1.Identity/SignIn",
        identity_pb2.SignInRequest(account=account, password=password),
        identity_pb2.SignInReply,
        change=True,
    )
    tasks = Connection(ca_file, "task-aggregator", int(tasks_port))
    cursor = b""
    while True:
        page = tasks.call(
            "tasks.v1.TaskCentre/List",
            tasks_pb2.ListTasksRequest(view=tasks_pb2.TASK_VIEW_PENDING, page=common_pb2.PageRequest(size=3, cursor=cursor)),
            tasks_pb2.ListTasksReply,
            session=signed_in.session,
        )
        for task in page.tasks:
            print(json.dumps({"id": task.id, "kind": task.kind, "applicant": task.applicant_name}, ensure_ascii=False))
        cursor = page.next_cursor
        if not cursor:
            break
    identity.call(
        "identity.v1.Identity/SignOut", identity_pb2.SignOutRequest(), identity_pb2.SignOutReply, session=signed_in.session, change=True
    )


if __name__ == "__main__":
    main()
