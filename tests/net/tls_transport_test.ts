import assert from "node:assert/strict";
import { joined } from "../../src/base/octets.ts";
import { TlsTransport } from "../../src/net/transport.ts";
import { makeTlsPair } from "../support/h2_pair.ts";

/** What a transport says, in order. */
class Listener {
  readonly calls: string[] = [];
  readonly chunks: Uint8Array[] = [];
  error: Error | undefined;
  #onCall: (() => void) | undefined;

  onData(octets: Uint8Array): void {
    this.chunks.push(octets.slice());
    this.#call("data");
  }

  onDrain(): void {
    this.#call("drain");
  }

  onEnd(): void {
    this.#call("end");
  }

  onClose(error: Error | undefined): void {
    this.error = error;
    this.#call("close");
  }

  get octets(): Uint8Array {
    return joined(this.chunks);
  }

  until(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onCall = () => done() ? resolve() : undefined;
      this.#onCall();
    });
  }

  #call(name: string): void {
    if (this.calls.at(-1) !== name) this.calls.push(name);
    this.#onCall?.();
  }
}

const numbered = (size: number) =>
  Uint8Array.from({ length: size }, (_, at) => at % 251);

/** What follows a type and a version that TLS 1.3 knows. */
const FORGED: [what: string, octets: number[]][] = [
  ["a record that nobody sealed", [0x17, 3, 3, 0, 32, ...Array(32).fill(7)]],
  ["a record longer than any", [0x17, 3, 3, 0xff, 0xff, ...Array(32).fill(7)]],
  ["no record", [...new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")]],
];

for (const [what, forged] of FORGED) {
  Deno.test(`TlsTransport closes for ${what}, and passes nothing of it on`, async () => {
    await using tls = await makeTlsPair();
    await using other = await makeTlsPair();
    const [listener, bystander] = [new Listener(), new Listener()];
    new TlsTransport(tls.server).attach(listener);
    new TlsTransport(other.server).attach(bystander);
    tls.client.write(numbered(10));
    await listener.until(() => listener.octets.length === 10);
    tls.client.on("error", () => {}); // it is told why
    tls.tcp.client.write(Uint8Array.from(forged));
    await listener.until(() => listener.calls.includes("close"));
    assert.deepEqual(listener.octets, numbered(10));
    assert.ok(listener.error instanceof Error);
    other.client.write(numbered(10));
    await bystander.until(() => bystander.octets.length === 10);
  });
}
