# SPDX-License-Identifier: Apache-2.0
"""Stores a blob, reads it back, lists it and meets a conflict, with nothing but the proto files.

usage: tintype_example.py HOST:PORT    (a coordinator; ends with 1 where anything is not as it should be)
"""

import importlib
import os
import pathlib
import sys
import tempfile

import google_crc32c
import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from grpc_tools import protoc

FRAME_BYTES = 256 * 1024
PROTOS = pathlib.Path(__file__).resolve().parents[3] / "proto/src/main/proto"


def stubs():
    """Makes Python of the proto files in a temporary folder and imports it."""
    out = tempfile.mkdtemp(prefix="tintype-proto-")
    files = [str(file) for file in sorted((PROTOS / "tintype/v1").glob("*.proto"))]
    args = ["protoc", f"-I{PROTOS}", f"--python_out={out}", f"--grpc_python_out={out}", *files]
    if protoc.main(args) != 0:
        sys.exit("the proto files could not be compiled")
    sys.path.insert(0, out)
    names = ["blob_pb2", "upload_pb2", "upload_pb2_grpc", "retrieval_pb2", "retrieval_pb2_grpc"]
    return [importlib.import_module(f"tintype.v1.{name}") for name in names]


blob_pb2, upload_pb2, upload_grpc, retrieval_pb2, retrieval_grpc = stubs()


def crc32c(data):
    return google_crc32c.value(data)


def put(uploads, user, name, data, **header):
    """Header, frames and finish; what has an id applies once, however often it is sent."""

    def messages():
        first = upload_pb2.PutHeader(user=user, name=name, request_id=request_id, size=len(data), **header)
        for offset in range(0, max(len(data), 1), FRAME_BYTES):
            part = data[offset : offset + FRAME_BYTES]
            message = upload_pb2.PutRequest()
            if part:
                message.frame.CopyFrom(blob_pb2.DataFrame(offset=offset, data=part, crc32c=crc32c(part)))
            if offset == 0:
                message.header.CopyFrom(first)
            if offset + FRAME_BYTES >= len(data):
                message.finish.CopyFrom(upload_pb2.PutFinish(size=len(data), crc32c=crc32c(data)))
            yield message

    request_id = os.urandom(16)
    return uploads.Put(messages(), timeout=60)


def get(retrieval, user, name):
    """Reads a blob and checks every frame and the whole."""
    head, data = None, bytearray()
    for message in retrieval.Get(retrieval_pb2.GetRequest(user=user, name=name), timeout=60):
        if message.HasField("head"):
            head = message.head
        if message.HasField("frame"):
            check(message.frame.offset == len(data), "frames come in order")
            check(crc32c(message.frame.data) == message.frame.crc32c, "a frame's checksum is right")
            data += message.frame.data
    check(crc32c(bytes(data)) == head.crc32c, "the whole's checksum is right")
    return head, bytes(data)


def error_info(error):
    """The reason of a failed call, which programs branch on."""
    for detail in rpc_status.from_call(error).details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info
    return None


def check(holds, what):
    if not holds:
        sys.exit(f"WRONG: {what}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with grpc.insecure_channel(sys.argv[1]) as channel:
        uploads = upload_grpc.BlobUploadStub(channel)
        retrieval = retrieval_grpc.BlobRetrievalStub(channel)
        user = "python-" + os.urandom(4).hex()

        for name, size in [("empty", 0), ("small.jpg", 10_000), ("large.tiff", 3_000_000)]:
            data = os.urandom(size)
            stored = put(uploads, user, name, data, content_type="image/jpeg")
            check(stored.head.crc32c == crc32c(data), "the cluster stored what was sent")
            head, back = get(retrieval, user, name)
            check(back == data and head.version == stored.head.version, f"{name} came back as it was")
            print(f"stored and read back {name}: {size} bytes, version {head.etag}, on {list(stored.replicas)}")

        listed = retrieval.List(retrieval_pb2.ListRequest(user=user), timeout=30)
        names = [entry.blob.name for entry in listed.entries]
        check(names == ["empty", "large.tiff", "small.jpg"], f"the listing is {names}")
        print(f"listed {names}")

        try:
            put(uploads, user, "small.jpg", b"", condition=blob_pb2.Condition(absent=True))
            check(False, "a condition that does not hold is refused")
        except grpc.RpcError as error:
            info = error_info(error)
            check(info is not None and info.domain == "tintype.io", "failures carry an ErrorInfo")
            check(info.reason == "VERSION_CONFLICT", f"the reason is {info.reason}")
            print(f"refused: {info.reason}, current version {info.metadata['current_version']}")


if __name__ == "__main__":
    main()
