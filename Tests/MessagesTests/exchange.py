"""The other side of PythonTests: PyPI's protobuf reads what Swift wrote, and writes it again.

    exchange.py FOLDER INPUT OUTPUT

FOLDER holds protoc's *_pb2.py of every .proto file. Files are sequences of frames: a big-endian
u32 and that many bytes. INPUT has pairs of type name and message. OUTPUT begins with the names of
all types, then has per message what was read (as `told` in Told.swift writes it) and the message
written again.
"""

import importlib
import pathlib
import struct
import sys

from google.protobuf.descriptor import FieldDescriptor


def load(folder):
    """Every message class by its full name."""
    sys.path.insert(0, folder)
    found = {}

    def add(scope, descriptors):
        for name, descriptor in descriptors.items():
            cls = getattr(scope, name)
            found[descriptor.full_name] = cls
            add(cls, descriptor.nested_types_by_name)

    for path in sorted(pathlib.Path(folder).glob("*_pb2.py")):
        module = importlib.import_module(path.stem)
        add(module, module.DESCRIPTOR.message_types_by_name)
    return found


def plain(name):
    return name.lower().replace("_", "")


def told_one(field, value):
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return told(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return f"e{value}"
    if field.type == FieldDescriptor.TYPE_STRING:
        return "t" + value.encode().hex()
    if field.type == FieldDescriptor.TYPE_BYTES:
        return "b" + value.hex()
    if field.type == FieldDescriptor.TYPE_BOOL:
        return "true" if value else "false"
    if field.type == FieldDescriptor.TYPE_DOUBLE:
        return "d%x" % struct.unpack(">Q", struct.pack(">d", value))
    if field.type == FieldDescriptor.TYPE_FLOAT:
        return "f%x" % struct.unpack(">I", struct.pack(">f", value))
    return str(value)


def told_field(message, field):
    value = getattr(message, field.name)
    if field.label == FieldDescriptor.LABEL_REPEATED:
        return "[" + ",".join(told_one(field, one) for one in value) + "]"
    if field.has_presence and not message.HasField(field.name):
        return "-"
    return told_one(field, value)


def told(message):
    parts, seen = [], set()
    for field in sorted(message.DESCRIPTOR.fields, key=lambda field: field.index):
        oneof = field.containing_oneof
        if oneof is None or oneof.name == "_" + field.name:  # the second is `optional`
            parts.append(plain(field.name) + "=" + told_field(message, field))
        elif oneof.name not in seen:
            seen.add(oneof.name)
            chosen = message.WhichOneof(oneof.name)
            text = "-"
            if chosen is not None:
                field = message.DESCRIPTOR.fields_by_name[chosen]
                text = plain(chosen) + ":" + told_field(message, field)
            parts.append(plain(oneof.name) + "=" + text)
    return "{" + ";".join(parts) + "}"


def frames(data):
    position = 0
    while position < len(data):
        (size,) = struct.unpack_from(">I", data, position)
        yield data[position + 4 : position + 4 + size]
        position += 4 + size


def main(folder, source, target):
    types = load(folder)
    with open(target, "wb") as output:

        def write(data):
            output.write(struct.pack(">I", len(data)) + data)

        write(",".join(sorted(types)).encode())
        read = frames(pathlib.Path(source).read_bytes())
        for name, data in zip(read, read):
            message = types[name.decode()].FromString(data)
            # What the schema does not know would otherwise be written again unseen.
            message.DiscardUnknownFields()
            write(told(message).encode())
            write(message.SerializeToString())


main(*sys.argv[1:])
