import assert from "node:assert/strict";
import { TLS_AHEAD_MAX } from "../../src/net/limits.ts";
import {
  TLS_WRITE_MAX,
  type TlsHandle,
  type TlsWriteRequest,
} from "../../src/net/tls_handle.ts";
import { TlsWriter } from "../../src/net/tls_writer.ts";

/** The runtime's TLS, which says when it is done as a test wants it. */
class ScriptedTls {
  readonly written: Uint8Array[] = [];
  #request: TlsWriteRequest | undefined;

  get handle(): TlsHandle {
    return {
      onread: null,
      readStart: () => 0,
      useUserBuffer: () => {},
      receive: () => {},
      emitEof: () => {},
      writeBuffer: (request, octets) => {
        this.#request = request;
        this.written.push(octets.slice());
        return 0;
      },
    };
  }

  get length(): number {
    return this.written.reduce((sum, { length }) => sum + length, 0);
  }

  complete(status = 0): void {
    this.#request?.oncomplete(status);
  }
}

/** A writer, and what it told of. */
function writerOf(tls: ScriptedTls | undefined) {
  const told: string[] = [];
  const writer = new TlsWriter(tls?.handle, {
    onRoom: () => told.push("room"),
    onFailed: (status) => told.push(`failed ${status}`),
  });
  return { writer, told };
}

const numbered = (size: number, first: number) =>
  Uint8Array.from({ length: size }, (_, at) => (first + at) % 251);

Deno.test("TlsWriter gives TLS no more at once than it takes, and keeps order", () => {
  const tls = new ScriptedTls();
  const { writer } = writerOf(tls);
  const chunks = [numbered(300_000, 0), numbered(10, 7), numbered(90_000, 3)];
  writer.write(chunks);
  assert.ok(tls.length <= TLS_AHEAD_MAX + TLS_WRITE_MAX);
  while (writer.queued > 0) tls.complete();
  assert.ok(tls.written.every(({ length }) => length <= TLS_WRITE_MAX));
  assert.deepEqual(
    new Uint8Array(tls.written.flatMap((part) => [...part])),
    new Uint8Array(chunks.flatMap((chunk) => [...chunk])),
  );
});

Deno.test("TlsWriter writes several small chunks as one", () => {
  const tls = new ScriptedTls();
  const { writer } = writerOf(tls);
  writer.write([numbered(9, 0), numbered(20, 9)]);
  assert.deepEqual(tls.written, [numbered(29, 0)]);
});

Deno.test("TlsWriter says when chunks may change, and not before", () => {
  const tls = new ScriptedTls();
  const { writer, told } = writerOf(tls);
  writer.write([numbered(10, 0)], () => told.push("taken"));
  assert.deepEqual(told, ["taken"]);
  writer.write([numbered(TLS_AHEAD_MAX, 0)]);
  writer.write([numbered(10, 0)], () => told.push("taken late"));
  assert.deepEqual(told, ["taken"]);
  tls.complete();
  assert.deepEqual(told, ["taken", "taken late", "room"]);
});

Deno.test("TlsWriter.whenEmpty() waits until everything is out", () => {
  const tls = new ScriptedTls();
  const { writer, told } = writerOf(tls);
  writer.write([numbered(TLS_AHEAD_MAX + 1, 0), numbered(JOINED_NOT, 0)]);
  writer.whenEmpty(() => told.push("empty"));
  tls.complete();
  assert.deepEqual(told, ["room"]);
  tls.complete();
  assert.deepEqual(told, ["room", "empty", "room"]);
  writer.whenEmpty(() => told.push("at once"));
  assert.equal(told.at(-1), "at once");
});

/** Too much to be copied together with others. */
const JOINED_NOT = 100_000;

Deno.test("TlsWriter tells of a write that failed, and nothing once it is closed", () => {
  const tls = new ScriptedTls();
  const { writer, told } = writerOf(tls);
  writer.write([numbered(10, 0)]);
  tls.complete(-32);
  assert.deepEqual(told, ["failed -32"]);
  writer.close();
  tls.complete(-125);
  writer.write([numbered(10, 0)]);
  assert.deepEqual(told, ["failed -32"]);
  assert.equal(tls.written.length, 1);
});

Deno.test("TlsWriter of a connection that is gone writes nothing", () => {
  const { writer, told } = writerOf(undefined);
  writer.write([numbered(10, 0)]);
  assert.deepEqual(told, []);
});
