import assert from "node:assert/strict";
import fc from "fast-check";
import { readGreeting, readRequest } from "../../../src/wire/socks5/mod.ts";

const domain = (name: string) => [
  ...[5, 1, 0, 3, name.length],
  ...new TextEncoder().encode(name),
  ...[0, 80],
];

const greetings: [octets: number[], want: string | number][] = [
  [[], "more"],
  [[5], "more"],
  [[5, 2, 0], "more"],
  [[5, 1, 0], 3],
  [[5, 2, 2, 0, 9], 4],
  [[4, 1, 0], "version 4"],
  [[5, 0], "no offer to go without authentication"],
  [[5, 1, 2], "no offer to go without authentication"],
];
for (const [octets, want] of greetings) {
  Deno.test(`readGreeting() of [${octets}] is ${want}`, () => {
    const parsed = readGreeting(Uint8Array.from(octets));
    assert.equal(short(parsed), want);
  });
}

const requests: [octets: number[], want: string | object][] = [
  [[5, 1, 0], "more"],
  [[5, 1, 0, 1, 10, 0, 0, 1, 31], "more"],
  [[5, 1, 0, 1, 10, 0, 0, 1, 31, 144], { ip: "10.0.0.1", port: 8080 }],
  [
    [5, 1, 0, 4, 0xfd, ...Array(14).fill(0), 1, 0, 80, 7],
    { ip: "fd00::1", port: 80 },
  ],
  [domain("web.shop"), { domain: "web.shop", port: 80 }],
  [domain("web.shop").slice(0, -1), "more"],
  [[5, 1, 0, 3], "more"],
  [[5, 1, 0, 3, 0, 0, 80], "an empty domain"],
  [[5, 2], "command 2"],
  [[5, 3, 0, 1], "command 3"],
  [[5, 1, 0, 9], "address type 9"],
  [[71, 69, 84], "version 71"],
];
for (const [octets, want] of requests) {
  Deno.test(`readRequest() of [${octets}] is ${JSON.stringify(want)}`, () => {
    const parsed = readRequest(Uint8Array.from(octets));
    const found = parsed.kind === "done" ? parsed.value : short(parsed);
    assert.deepEqual(found, want);
  });
}

type Parsed = ReturnType<typeof readGreeting> | ReturnType<typeof readRequest>;

function short(parsed: Parsed): string | number {
  if (parsed.kind === "refuse") return parsed.why;
  return parsed.kind === "done" ? parsed.size : "more";
}

Deno.test("readRequest() never throws, nor wants more than a request can be", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => {
    const parsed = readRequest(octets);
    if (octets.length >= 262) assert.notEqual(parsed.kind, "more");
    if (parsed.kind === "done") assert.ok(parsed.size <= octets.length);
  }));
});
