import { deepEqual, equal } from "node:assert/strict";
import { parseSocketAddress } from "../../../src/model/address.ts";
import {
  decodeForwarded,
  encodeForwarded,
  FORWARDED_TEXT_MAX,
} from "../../../src/wire/baggage/mod.ts";

const address = (text: string) => parseSocketAddress(text)!;

Deno.test("encodeForwarded() quotes the address and not the host", () => {
  const client = address("10.0.1.5:40112");
  equal(encodeForwarded({ for: client }), 'for="10.0.1.5:40112"');
  equal(
    encodeForwarded({ for: address("[::1]:80"), host: "cart.shop.svc" }),
    'for="[::1]:80";host=cart.shop.svc',
  );
});

const read: [header: string, client: string | undefined, host?: string][] = [
  ['for="10.0.1.5:40112";host=cart', "10.0.1.5:40112", "cart"],
  ['For="[::1]:80" ; Host="cart"', "[::1]:80", "cart"],
  ["host=cart;for=10.0.0.1:1", "10.0.0.1:1", "cart"],
  ["for=unknown;host=", undefined],
  ["for=10.0.0.1", undefined],
  ['host=""', undefined],
  ["proto=http;by=x;nonsense", undefined],
  ["", undefined],
];
for (const [header, client, host] of read) {
  Deno.test(`decodeForwarded() reads ${header}`, () => {
    deepEqual(decodeForwarded(header), {
      ...(client && { for: address(client) }),
      ...(host && { host }),
    });
  });
}

const refused: [why: string, header: string][] = [
  ["several elements", "for=10.0.0.1:1, for=10.0.0.2:1"],
  ["a parameter said twice", "for=10.0.0.1:1;for=10.0.0.2:1"],
  ["text that is not ASCII", "host=é"],
  ["a line feed", "host=a\nb"],
  ["too much text", `host=${"a".repeat(FORWARDED_TEXT_MAX)}`],
];
for (const [why, header] of refused) {
  Deno.test(`decodeForwarded() refuses ${why}`, () => {
    equal(decodeForwarded(header), undefined);
  });
}
