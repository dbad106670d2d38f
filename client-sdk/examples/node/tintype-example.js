// SPDX-License-Identifier: Apache-2.0
//
// Stores a blob, reads it back, lists it and meets a conflict, with nothing but the proto files.
// usage: node tintype-example.js HOST:PORT   (a coordinator; ends with 1 where anything is not as it should be)
'use strict';

const assert = require('node:assert');
const { randomBytes } = require('node:crypto');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const FRAME_BYTES = 256 * 1024;
const PROTOS = path.resolve(__dirname, '../../../proto/src/main/proto');

const { v1 } = grpc.loadPackageDefinition(
  protoLoader.loadSync(['tintype/v1/upload.proto', 'tintype/v1/retrieval.proto'], {
    includeDirs: [PROTOS],
    keepCase: true,
    longs: String,
    arrays: true,
    enums: String,
    oneofs: true,
  })
).tintype;

// The standard shape of error details (google.rpc), as far as it is needed here.
const rpc = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
`, { keepCase: true }).root;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

function crc32c(data) {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

// Header, frames and finish. A repeat under the same request id would be applied once.
function put(uploads, header, data) {
  return new Promise((resolve, reject) => {
    const call = uploads.Put((error, answer) => (error ? reject(error) : resolve(answer)));
    const request = { ...header, request_id: randomBytes(16), size: data.length };
    let offset = 0;
    const send = () => {
      for (;;) {
        const part = data.subarray(offset, offset + FRAME_BYTES);
        const message = part.length > 0 ? { frame: { offset, data: part, crc32c: crc32c(part) } } : {};
        if (offset === 0) message.header = request;
        offset += part.length;
        if (offset === data.length) {
          message.finish = { size: data.length, crc32c: crc32c(data) };
          call.write(message);
          call.end();
          return;
        }
        if (!call.write(message)) {
          call.once('drain', send);
          return;
        }
      }
    };
    send();
  });
}

// Reads a blob and checks every frame and the whole.
async function get(retrieval, user, name) {
  let head;
  let length = 0;
  const parts = [];
  for await (const message of retrieval.Get({ user, name })) {
    if (message.head) head = message.head;
    if (message.frame) {
      assert.strictEqual(Number(message.frame.offset ?? 0), length, 'frames come in order');
      assert.strictEqual(crc32c(message.frame.data), message.frame.crc32c ?? 0, "a frame's checksum");
      length += message.frame.data.length;
      parts.push(message.frame.data);
    }
  }
  const data = Buffer.concat(parts);
  assert.strictEqual(crc32c(data), head.crc32c ?? 0, "the whole's checksum");
  return { head, data };
}

function list(retrieval, request) {
  return new Promise((resolve, reject) => {
    retrieval.List(request, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

// The reason of a failed call, which programs branch on.
function errorInfo(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const status = rpc.lookupType('Status').decode(bytes);
  const detail = status.details.find((any) => any.type_url.endsWith('google.rpc.ErrorInfo'));
  return rpc.lookupType('ErrorInfo').decode(detail.value);
}

async function main() {
  if (process.argv.length !== 3) throw new Error('usage: node tintype-example.js HOST:PORT');
  const credentials = grpc.credentials.createInsecure();
  const uploads = new v1.BlobUpload(process.argv[2], credentials);
  const retrieval = new v1.BlobRetrieval(process.argv[2], credentials);
  const user = `node-${randomBytes(4).toString('hex')}`;

  for (const [name, size] of [['empty', 0], ['small.jpg', 10_000], ['large.tiff', 3_000_000]]) {
    const data = randomBytes(size);
    const stored = await put(uploads, { user, name, content_type: 'image/jpeg' }, data);
    assert.strictEqual(stored.head.crc32c ?? 0, crc32c(data), 'the cluster stored what was sent');
    const back = await get(retrieval, user, name);
    assert.ok(back.data.equals(data), `${name} came back as it was`);
    assert.deepStrictEqual(back.head.version, stored.head.version);
    console.log(`stored and read back ${name}: ${size} bytes, version ${back.head.etag}, on ${stored.replicas}`);
  }

  const names = (await list(retrieval, { user })).entries.map((entry) => entry.blob.name);
  assert.deepStrictEqual(names, ['empty', 'large.tiff', 'small.jpg']);
  console.log(`listed ${names}`);

  const refusal = await put(uploads, { user, name: 'small.jpg', condition: { absent: true } }, Buffer.alloc(0)).then(
    () => assert.fail('a condition that does not hold is refused'),
    (error) => error
  );
  const info = errorInfo(refusal);
  assert.strictEqual(info.domain, 'tintype.io');
  assert.strictEqual(info.reason, 'VERSION_CONFLICT');
  console.log(`refused: ${info.reason}, current version ${info.metadata.current_version}`);
}

main().catch((error) => {
  console.error('WRONG:', error.message);
  process.exitCode = 1;
});
