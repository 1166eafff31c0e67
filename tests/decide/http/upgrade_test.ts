import assert from "node:assert/strict";
import {
  connectedOf,
  connectOfUpgrade,
  protocolOf,
  readSwitch,
  switchOf,
  upgradeOfConnect,
} from "../../../src/decide/http/upgrade.ts";
import type { HeaderList } from "../../../src/model/http.ts";

const TARGET: HeaderList = [
  [":scheme", "http"],
  [":authority", "web"],
  [":path", "/chat?a"],
];
const UPGRADE: HeaderList = [
  [":method", "GET"],
  ...TARGET,
  ["sec-websocket-version", "13"],
  ["upgrade", "websocket"],
  ["sec-websocket-key", "a-key"],
];
const CONNECT: HeaderList = [
  [":method", "CONNECT"],
  [":protocol", "websocket"],
  ...TARGET,
  ["sec-websocket-version", "13"],
];

Deno.test("an upgrade and an extended CONNECT are two forms of one request", () => {
  assert.deepEqual(upgradeOfConnect(CONNECT, "a-key"), UPGRADE);
  assert.deepEqual(connectOfUpgrade(UPGRADE), CONNECT);
});

const upgrades: [name: string, connect: HeaderList, upgrade?: HeaderList][] = [
  ["leaves any other request alone", [[":method", "CONNECT"], ...TARGET]],
  ["asks for no key but a WebSocket's", [
    [":method", "CONNECT"],
    [":protocol", "other"],
    ...TARGET,
  ], [[":method", "GET"], ...TARGET, ["upgrade", "other"]]],
  ["writes a protocol in lower case", [
    [":method", "CONNECT"],
    [":protocol", "WebSocket"],
    ...TARGET,
  ], [
    [":method", "GET"],
    ...TARGET,
    ["upgrade", "websocket"],
    ["sec-websocket-key", "a-key"],
  ]],
  ["takes no length, expectation or key of the client's", [
    ...CONNECT,
    ["content-length", "5"],
    ["expect", "100-continue"],
    ["sec-websocket-key", "the client's"],
  ], UPGRADE],
];
for (const [name, connect, upgrade] of upgrades) {
  Deno.test(`upgradeOfConnect() ${name}`, () => {
    assert.deepEqual(upgradeOfConnect(connect, "a-key"), upgrade);
  });
}

const connects: [name: string, request: HeaderList, protocol?: string][] = [
  ["takes the first of several protocols", [
    [":method", "GET"],
    ...TARGET,
    ["upgrade", "one, two"],
  ], "one"],
  ["leaves a request without upgrade alone", [[":method", "GET"], ...TARGET]],
  ["leaves another method alone, for CONNECT cannot say it", [
    [":method", "POST"],
    ...TARGET,
    ["upgrade", "websocket"],
  ]],
];
for (const [name, request, protocol] of connects) {
  Deno.test(`connectOfUpgrade() ${name}`, () => {
    const connect = connectOfUpgrade(request);
    assert.equal(connect?.find(([n]) => n === ":protocol")?.[1], protocol);
    assert.equal(connect === undefined, protocol === undefined);
  });
}

Deno.test("protocolOf() is undefined for a request that upgrades to nothing", () => {
  assert.equal(protocolOf([[":method", "GET"]]), undefined);
});

Deno.test("switchOf() makes a 101 with the accepted key of what took a CONNECT", () => {
  const response: HeaderList = [
    [":status", "200"],
    ["content-length", "3"],
    ["sec-websocket-protocol", "chat"],
    ["sec-websocket-accept", "somebody else's"],
  ];
  assert.deepEqual(switchOf(response, "websocket", "accepted"), [
    [":status", "101"],
    ["sec-websocket-protocol", "chat"],
    ["upgrade", "websocket"],
    ["sec-websocket-accept", "accepted"],
  ]);
  assert.deepEqual(switchOf([[":status", "204"]], "other", undefined), [
    [":status", "101"],
    ["upgrade", "other"],
  ]);
});

Deno.test("connectedOf() makes a 200 of a 101, without what only HTTP/1.1 says", () => {
  const response: HeaderList = [
    [":status", "101"],
    ["upgrade", "websocket"],
    ["sec-websocket-accept", "accepted"],
    ["sec-websocket-protocol", "chat"],
  ];
  assert.deepEqual(connectedOf(response), [
    [":status", "200"],
    ["sec-websocket-protocol", "chat"],
  ]);
});

const accepted = ["sec-websocket-accept", "accepted"] as const;
const other = ["sec-websocket-accept", "other"] as const;
const answers: [response: HeaderList, accept: string | undefined, string][] = [
  [[[":status", "101"], accepted], "accepted", "switched"],
  [[[":status", "101"], other], "accepted", "misread"],
  [[[":status", "101"]], "accepted", "misread"],
  [[[":status", "101"]], undefined, "switched"],
  [[[":status", "200"], accepted], "accepted", "misread"],
  [[[":status", "299"]], undefined, "misread"],
  [[[":status", "302"]], undefined, "refused"],
  [[[":status", "403"]], "accepted", "refused"],
  [[[":status", "500"]], "accepted", "refused"],
];
for (const [response, accept, expected] of answers) {
  Deno.test(`readSwitch() takes ${response.join(" ")} for ${expected}, ${accept ?? "nothing"} awaited`, () => {
    assert.equal(readSwitch(response, accept), expected);
  });
}
