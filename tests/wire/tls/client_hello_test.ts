import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { Buffer } from "node:buffer";
import { connect } from "node:tls";
import fc from "fast-check";
import { readClientHello } from "../../../src/wire/tls/client_hello.ts";

/** The first octets of another author's TLS client. */
async function helloOf(servername: string | undefined): Promise<Uint8Array> {
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      resolve(new Uint8Array(chunk));
      done();
    },
  });
  const name = servername === undefined ? {} : { servername };
  const client = connect({ socket: wire, ...name });
  client.on("error", () => {});
  const hello = await promise;
  client.destroy();
  wire.destroy();
  return hello;
}

const hello = await helloOf("Web.Example.ORG");

Deno.test("readClientHello() finds the name that a client asks for", async () => {
  assert.deepEqual(readClientHello(hello), { serverName: "web.example.org" });
  const nameless = readClientHello(await helloOf(undefined));
  assert.deepEqual(nameless, { serverName: undefined });
});

Deno.test("readClientHello() waits for the whole message", () => {
  for (let length = 0; length < hello.length; length++) {
    assert.equal(readClientHello(hello.subarray(0, length)), undefined);
  }
});

Deno.test("readClientHello() puts records together", () => {
  const [head, message] = [hello.subarray(0, 3), hello.subarray(5)];
  const record = (part: Uint8Array) => [
    ...head,
    part.length >> 8,
    part.length & 255,
    ...part,
  ];
  const parts = [message.subarray(0, 3), message.subarray(3, 90)];
  const octets = [...parts, message.subarray(90)].flatMap(record);
  assert.deepEqual(readClientHello(Uint8Array.from([...octets, 20, 3, 3])), {
    serverName: "web.example.org",
  });
});

Deno.test("readClientHello() finds nothing in what is no ClientHello", () => {
  for (const text of ["GET / HTTP/1.1\r\n", "\x16\x03\x01\0\x04\x02\0\0\0"]) {
    const octets = Uint8Array.from(text, (char) => char.charCodeAt(0));
    assert.deepEqual(readClientHello(octets), { serverName: undefined });
  }
});

Deno.test("readClientHello() takes any octets, and only names", () => {
  fc.assert(
    fc.property(
      fc.nat(hello.length - 1),
      fc.uint8Array({ maxLength: 40 }),
      (at, noise) => {
        const broken = Uint8Array.from(hello);
        broken.set(noise.subarray(0, broken.length - at), at);
        const name = readClientHello(broken)?.serverName;
        assert.match(name ?? "-", /^[a-z0-9._-]+$/);
      },
    ),
  );
});
