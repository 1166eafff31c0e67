import assert from "node:assert/strict";
import type { HeaderList } from "../../../../src/model/http.ts";
import { ExchangeError } from "../../../../src/net/http1_session.ts";
import type { AnswerKind } from "../../../../src/net/message_stream.ts";
import {
  CheckedUpgrade,
  ConnectedUpgrade,
} from "../../../../src/proxy/waypoint/upgrade/upstream_switch.ts";
import { FakeMessage } from "../../../support/fake_message.ts";

/** Key and answer of RFC 6455, section 1.3. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const request = (protocol: string): HeaderList => [
  [":method", "GET"],
  ["upgrade", protocol],
  ["sec-websocket-key", KEY],
];

/** What a receiver of answers is told, as text. */
function toldOf(
  Kind: typeof CheckedUpgrade | typeof ConnectedUpgrade,
  protocol = "websocket",
) {
  const backend = new FakeMessage();
  const told: unknown[] = [];
  new Kind(backend, request(protocol)).attach({
    onHeaders: (headers: HeaderList, kind: AnswerKind, end: boolean) =>
      void told.push([...headers.map((field) => field.join("=")), kind, end]),
    onData: (octets) => void told.push(new TextDecoder().decode(octets)),
    onEnd: () => void told.push("end"),
    onDrain: () => void told.push("drain"),
    onClose: (error) => void told.push(error ?? "close"),
  });
  return { backend, told };
}

Deno.test("ConnectedUpgrade makes a 101 of a CONNECT that was taken", () => {
  const { backend, told } = toldOf(ConnectedUpgrade);
  backend.headers([[":status", "103"]], "informational");
  backend.headers([[":status", "200"], ["x", "1"]]);
  backend.data("frames");
  backend.finish();
  backend.close();
  assert.deepEqual(told, [
    [":status=103", "informational", false],
    [
      ":status=101",
      "x=1",
      "upgrade=websocket",
      `sec-websocket-accept=${ACCEPT}`,
      "response",
      false,
    ],
    "frames",
    "end",
    "close",
  ]);
  assert.deepEqual(backend.sent, []);
});

Deno.test("ConnectedUpgrade answers no key for another protocol", () => {
  const { backend, told } = toldOf(ConnectedUpgrade, "other");
  backend.headers([[":status", "200"]]);
  assert.deepEqual(told, [[":status=101", "upgrade=other", "response", false]]);
});

Deno.test("ConnectedUpgrade ends its half of a CONNECT that was refused", () => {
  const { backend, told } = toldOf(ConnectedUpgrade);
  backend.headers([[":status", "403"]], "response", true);
  assert.deepEqual(told, [[":status=403", "response", true]]);
  assert.deepEqual(backend.sent, ["end"]);
});

Deno.test("CheckedUpgrade passes a switch and a refusal", () => {
  for (const status of ["101", "404"]) {
    const { backend, told } = toldOf(CheckedUpgrade);
    backend.headers([[":status", status], ["sec-websocket-accept", ACCEPT]]);
    backend.close();
    assert.deepEqual(told, [
      [
        `:status=${status}`,
        `sec-websocket-accept=${ACCEPT}`,
        "response",
        false,
      ],
      "close",
    ]);
    assert.ok(!backend.wasReset);
  }
});

const misread: [name: string, response: HeaderList][] = [
  ["success without a switch", [[":status", "200"]]],
  ["a switch without an answer to its key", [[":status", "101"]]],
  ["a switch that answers another key", [
    [":status", "101"],
    ["sec-websocket-accept", KEY],
  ]],
];
for (const [name, response] of misread) {
  Deno.test(`CheckedUpgrade gives ${name} up`, () => {
    const { backend, told } = toldOf(CheckedUpgrade);
    backend.headers(response);
    backend.close(new Error("reset"));
    assert.ok(backend.wasReset);
    assert.equal(told.length, 1);
    assert.ok(told[0] instanceof ExchangeError);
    assert.equal(told[0].reason, "refused");
  });
}
