import assert from "node:assert/strict";
import { DialError, IdentityError, TunnelError } from "../../src/net/errors.ts";
import { StreamResetError } from "../../src/net/h2_stream.ts";
import {
  cancelFailure,
  type Failure,
  outboundFailure,
  policyFailure,
  relayFailure,
  tunnelFailure,
  upstreamFailure,
} from "../../src/proxy/failure.ts";
import { H2Code } from "../../src/wire/h2/mod.ts";

const REFUSED = "Connection refused (os error 111)";
const refused = new DialError("10.0.0.1:80", "refused", REFUSED);
const timeout = new DialError("10.0.0.1:80", "timeout", "deadline has elapsed");

const rows: [name: string, failure: Failure, flag: string, error: RegExp][] = [
  [
    "a refused connection",
    outboundFailure(refused),
    "CONNECT",
    /^io error: Connection refused \(os error 111\)$/,
  ],
  [
    "a connection that took too long, outside a tunnel",
    outboundFailure(timeout),
    "CONNECT",
    /^io error: deadline has elapsed$/,
  ],
  [
    "a tunnel's connection that took too long",
    tunnelFailure(timeout),
    "NETWORK_POLICY",
    /^connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: deadline has elapsed$/,
  ],
  [
    "a tunnel's refused connection",
    tunnelFailure(refused),
    "CONNECT",
    /^io error: Connection refused/,
  ],
  [
    "a peer that is somebody else",
    tunnelFailure(new IdentityError("wrong SAN")),
    "CONNECT",
    /^wrong SAN$/,
  ],
  [
    "no certificate of our own",
    tunnelFailure(new IdentityError("no certificate", "own")),
    "IDENTITY_ERROR",
    /^no certificate$/,
  ],
  [
    "a TLS handshake that failed",
    tunnelFailure(new TunnelError("tls", "io error: eof")),
    "CONNECT",
    /^io error: eof$/,
  ],
  [
    "HTTP/2 that failed",
    tunnelFailure(new TunnelError("http2", "h2 failed: preface")),
    "H2_HANDSHAKE_FAILURE",
    /^h2 failed: preface$/,
  ],
  [
    "a stream that was refused",
    tunnelFailure(new StreamResetError(H2Code.REFUSED_STREAM)),
    "H2_HANDSHAKE_FAILURE",
    /^h2 failed: stream reset by peer: REFUSED_STREAM$/,
  ],
  [
    "a CONNECT that was answered with no",
    tunnelFailure(
      new TunnelError("connect", "http status: 401 Unauthorized", 401),
    ),
    "CONNECT",
    /^http status: 401 Unauthorized$/,
  ],
  [
    "anything else",
    outboundFailure("a surprise"),
    "CONNECT",
    /^a surprise$/,
  ],
  [
    "an application that does not listen",
    upstreamFailure(refused),
    "CONNECT",
    /^connection failed: Connection refused \(os error 111\)$/,
  ],
  [
    "an application that cannot be dialled for another reason",
    upstreamFailure(new Error("no descriptor")),
    "CONNECT",
    /^connection failed: no descriptor$/,
  ],
  [
    "a policy that denies",
    policyFailure("explicitly denied by: ns1/no"),
    "DENY",
    /^connection closed due to policy rejection: explicitly denied by: ns1\/no$/,
  ],
  [
    "a policy that changed",
    cancelFailure("policy"),
    "DENY",
    /^connection closed due to policy change$/,
  ],
  [
    "a drain",
    cancelFailure("drain"),
    "-",
    /^connection closed due to connection drain$/,
  ],
  [
    "a pod that was removed",
    cancelFailure("pod-removed"),
    "-",
    /^connection closed due to connection drain$/,
  ],
];
for (const [name, failure, flag, error] of rows) {
  Deno.test(`${name} is told as ${flag}`, () => {
    assert.equal(failure.flag, flag);
    assert.match(failure.error, error);
  });
}

const coded = (code: string) => Object.assign(new Error(code), { code });
const everyday: [name: string, end: Parameters<typeof relayFailure>[0]][] = [
  ["both ends done", { how: "complete" }],
  ["a cut of ours", { how: "cut" }],
  ["a reset without an error", { how: "reset" }],
  ...["ECONNRESET", "EPIPE", "ENOTCONN", "ECONNABORTED"].map((code) =>
    [code, { how: "reset", error: coded(code) }] as [
      string,
      { how: "reset"; error: Error },
    ]
  ),
  [
    "NO_ERROR",
    { how: "reset", error: new StreamResetError(H2Code.NO_ERROR) },
  ],
  [
    "CONNECT_ERROR",
    { how: "reset", error: new StreamResetError(H2Code.CONNECT_ERROR) },
  ],
];
for (const [name, end] of everyday) {
  Deno.test(`relayFailure() finds nothing wrong with ${name}`, () => {
    assert.equal(relayFailure(end), undefined);
  });
}

const brokenOff: [code: keyof typeof H2Code, by: "a" | "b", text: string][] = [
  ["CANCEL", "a", "receive: io error: broken pipe"],
  ["CANCEL", "b", "send: io error: broken pipe"],
  ["STREAM_CLOSED", "b", "send: io error: broken pipe"],
];
for (const [code, by, text] of brokenOff) {
  Deno.test(`relayFailure() tells of ${code} by end ${by} as ztunnel does`, () => {
    const error = new StreamResetError(H2Code[code]);
    assert.deepEqual(relayFailure({ how: "reset", error, by }), {
      flag: "CONNECT",
      error:
        `while closing connection: ${text} (stream reset by peer: ${code})`,
    });
  });
}

const faults: [name: string, error: Error, text: string][] = [
  ["ETIMEDOUT", coded("ETIMEDOUT"), "receive: ETIMEDOUT"],
  [
    "an HTTP/2 error",
    new StreamResetError(H2Code.INTERNAL_ERROR),
    "h2 failed: stream reset by peer: INTERNAL_ERROR",
  ],
  [
    "a lost tunnel",
    new TunnelError("http2", "HBONE ping timeout"),
    "receive: HBONE ping timeout",
  ],
];
for (const [name, error, text] of faults) {
  Deno.test(`relayFailure() tells of ${name}`, () => {
    assert.deepEqual(relayFailure({ how: "reset", error }), {
      flag: "CONNECT",
      error: text,
    });
  });
}
