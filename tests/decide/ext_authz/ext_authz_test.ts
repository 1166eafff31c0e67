import assert from "node:assert/strict";
import {
  bodyToCheck,
  refusedBody,
} from "../../../src/decide/ext_authz/ext_authz.ts";
import { request } from "../../support/http_samples.ts";

const octets = (text: string) => new TextEncoder().encode(text);

const LIMIT = { sizeMax: 3, allowPartial: true, asOctets: false };
const bodies: [
  text: string,
  isWhole: boolean,
  kept: string,
  partial: boolean,
][] = [
  ["", true, "", false],
  ["abc", true, "abc", false],
  ["abcd", true, "abc", true],
  ["abc", false, "abc", true],
];
for (const [text, isWhole, kept, isPartial] of bodies) {
  Deno.test(`bodyToCheck() keeps "${kept}" of "${text}", whole: ${isWhole}`, () => {
    const expected = { octets: octets(kept), isPartial };
    assert.deepEqual(bodyToCheck(LIMIT, octets(text), isWhole), expected);
    const strict = { ...LIMIT, allowPartial: false };
    assert.deepEqual(
      bodyToCheck(strict, octets(text), isWhole),
      isPartial ? undefined : expected,
    );
  });
}

const faults = [
  ["oversized", 413, "Payload Too Large"],
  ["late", 408, "Request Timeout"],
] as const;
for (const [fault, status, body] of faults) {
  Deno.test(`refusedBody() of one that is ${fault} answers ${status}`, () => {
    const plain = refusedBody(request(), fault).reply;
    assert.equal(plain.status, status);
    assert.deepEqual(plain.body, octets(body));
    const headers = [["content-type", "application/grpc"]] as const;
    const grpc = refusedBody(request({ headers }), fault).reply;
    assert.equal(grpc.status, 200);
    assert.equal(grpc.body.length, 0);
  });
}
