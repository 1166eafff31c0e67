import assert from "node:assert/strict";
import {
  create,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import fc from "fast-check";
import type {
  CheckQuestion,
  CheckVerdict,
} from "../../../src/model/external_check.ts";
import {
  CheckResponseError,
  decodeVerdict,
  encodeQuestion,
} from "../../../src/wire/ext_authz/mod.ts";
import {
  CheckRequestSchema,
  CheckResponseSchema,
} from "../../../src/wire/ext_authz/gen/check_pb.ts";
import { at } from "../../support/sample_mesh.ts";

const QUESTION: CheckQuestion = {
  source: {
    address: at("10.0.0.1", 40_000),
    principal: "spiffe://cluster.local/ns/shop/sa/client",
  },
  destination: { address: at("10.96.0.1", 80), principal: undefined },
  timeMs: 1_700_000_000_250,
  http: {
    method: "POST",
    path: "/a?b=c",
    host: "web.shop",
    scheme: "http",
    protocol: "HTTP/2",
    headers: [["x-one", "1"], ["x-two", "2"], ["x-one", "3"]],
    size: 4,
    body: "body",
  },
};

const read = (question: CheckQuestion) =>
  fromBinary(CheckRequestSchema, encodeQuestion(question)).attributes!;
const http = (fields: Partial<NonNullable<CheckQuestion["http"]>>) =>
  read({ ...QUESTION, http: { ...QUESTION.http!, ...fields } }).request!.http!;

Deno.test("encodeQuestion() has the octets of Envoy's messages", () => {
  const question = { ...QUESTION, timeMs: 1_000, http: undefined };
  const source = {
    ...QUESTION.source,
    address: at("10.0.0.1", 1),
    principal: "me",
  };
  const octets = encodeQuestion({ ...question, source });
  // attributes > source > address > socket address > address, port; principal.
  const expected = [10, 47, 10, 20]
    .concat([10, 14, 10, 12, 18, 8], [...new TextEncoder().encode("10.0.0.1")])
    .concat([24, 1], [34, 2, 109, 101]);
  assert.deepEqual([...octets.subarray(0, expected.length)], expected);
});

Deno.test("encodeQuestion() tells both ends and the time", () => {
  const { source, destination, request } = read(QUESTION);
  assert.equal(source?.principal, "spiffe://cluster.local/ns/shop/sa/client");
  assert.equal(destination?.principal, "");
  const socket = destination?.address?.address.value;
  assert.equal(socket?.address, "10.96.0.1");
  assert.equal(socket?.portSpecifier.value, 80);
  assert.equal(request?.time?.seconds, 1_700_000_000n);
  assert.equal(request?.time?.nanos, 250_000_000);
});

Deno.test("encodeQuestion() tells the request", () => {
  const { method, path, host, scheme, protocol, headers, size, body, rawBody } =
    http({});
  assert.deepEqual(
    { method, path, host, scheme, protocol, headers, size, body },
    {
      method: "POST",
      path: "/a?b=c",
      host: "web.shop",
      scheme: "http",
      protocol: "HTTP/2",
      headers: { "x-one": "1,3", "x-two": "2" },
      size: 4n,
      body: "body",
    },
  );
  assert.equal(rawBody.length, 0);
});

Deno.test("encodeQuestion() carries a body as octets too", () => {
  const { body, rawBody } = http({ body: Uint8Array.of(255, 0) });
  assert.equal(body, "");
  assert.deepEqual(rawBody, Uint8Array.of(255, 0));
});

Deno.test("encodeQuestion() says when it does not know a size", () => {
  assert.equal(http({ size: undefined }).size, -1n);
});

Deno.test("encodeQuestion() gives field values as the text they are", () => {
  const { headers } = http({
    headers: [["x-name", "J\u00c3\u00bcrgen"], ["__proto__", "a"]],
  });
  assert.equal(headers["x-name"], "J\u00fcrgen");
  assert.equal(Object.keys(headers).length, 2);
});

Deno.test("encodeQuestion() has no request for a connection", () => {
  const { request } = read({ ...QUESTION, http: undefined });
  assert.equal(request?.http, undefined);
});

const response = (fields: MessageInitShape<typeof CheckResponseSchema>) =>
  toBinary(CheckResponseSchema, create(CheckResponseSchema, fields));
const verdict = (fields: MessageInitShape<typeof CheckResponseSchema>) =>
  decodeVerdict(response(fields));

const PLAIN_OK: CheckVerdict = {
  kind: "ok",
  headers: [],
  headersToRemove: [],
  responseHeaders: [],
  parametersToSet: [],
  parametersToRemove: [],
};
const PLAIN_DENIAL: CheckVerdict = {
  kind: "denied",
  status: undefined,
  headers: [],
  body: "",
};

Deno.test("decodeVerdict() goes by the status alone", () => {
  assert.deepEqual(verdict({}), PLAIN_OK);
  assert.deepEqual(verdict({ status: { code: 0 } }), PLAIN_OK);
  assert.deepEqual(verdict({ status: { code: 7 } }), PLAIN_DENIAL);
  assert.deepEqual(
    verdict({
      status: { code: 16 },
      httpResponse: { case: "okResponse", value: { headersToRemove: ["a"] } },
    }),
    PLAIN_DENIAL,
  );
});

const header = (key: string, value: string) => ({ header: { key, value } });
const actions: [
  name: string,
  fields: object,
  request: string,
  response: string,
][] = [
  ["nothing", {}, "replace-or-add", "append-or-add"],
  ["append", { append: { value: true } }, "append-or-add", "append-or-add"],
  [
    "not append",
    { append: { value: false }, appendAction: 1 },
    "replace-or-add",
    "replace-or-add",
  ],
  ["add if absent", { appendAction: 1 }, "add-if-absent", "add-if-absent"],
  ["overwrite or add", { appendAction: 2 }, "replace-or-add", "replace-or-add"],
  [
    "overwrite if there",
    { appendAction: 3 },
    "replace-if-present",
    "replace-if-present",
  ],
];
for (const [name, fields, request, onResponse] of actions) {
  Deno.test(`decodeVerdict() knows a header that says ${name}`, () => {
    const option = { ...header("X-One", "1"), ...fields };
    const read = verdict({
      httpResponse: {
        case: "okResponse",
        value: { headers: [option], responseHeadersToAdd: [option] },
      },
    });
    assert.deepEqual(
      read.kind === "ok" && [read.headers, read.responseHeaders],
      [
        [{ name: "x-one", value: "1", action: request }],
        [{ name: "x-one", value: "1", action: onResponse }],
      ],
    );
  });
}

Deno.test("decodeVerdict() reads all that changes a request", () => {
  const read = verdict({
    httpResponse: {
      case: "okResponse",
      value: {
        headersToRemove: ["X-Gone"],
        queryParametersToSet: [{ key: "a", value: "1" }],
        queryParametersToRemove: ["B"],
      },
    },
  });
  assert.deepEqual(read, {
    ...PLAIN_OK,
    headersToRemove: ["x-gone"],
    parametersToSet: [{ name: "a", value: "1" }],
    parametersToRemove: ["B"],
  });
});

Deno.test("decodeVerdict() reads a denial", () => {
  const read = verdict({
    status: { code: 7 },
    httpResponse: {
      case: "deniedResponse",
      value: {
        status: { code: 401 },
        headers: [header("www-authenticate", "Bearer")],
        body: "no",
      },
    },
  });
  assert.deepEqual(read, {
    kind: "denied",
    status: 401,
    headers: [{
      name: "www-authenticate",
      value: "Bearer",
      action: "replace-or-add",
    }],
    body: "no",
  });
});

Deno.test("decodeVerdict() keeps one code unit for each octet of a value", () => {
  const values = ["\u00fc", undefined];
  const rawValue = Uint8Array.of(0xc3, 0xbc);
  for (const value of values) {
    const key = "x-name";
    const option = value === undefined ? { key, rawValue } : { key, value };
    const read = verdict({
      httpResponse: {
        case: "okResponse",
        value: { headers: [{ header: option }] },
      },
    });
    assert.equal(read.kind === "ok" && read.headers[0]?.value, "\u00c3\u00bc");
  }
});

const bad: [name: string, option: object][] = [
  ["a header without name", {}],
  ["an empty name", header("", "a")],
  ["a name with a space", header("x one", "a")],
  ["a line feed in a value", header("x-one", "a\r\nx-two: b")],
  ["an action of later times", { ...header("x-one", "a"), appendAction: 9 }],
];
for (const [name, option] of bad) {
  Deno.test(`decodeVerdict() refuses ${name}`, () => {
    const cases = ["okResponse", "deniedResponse"] as const;
    for (const [code, kind] of [[0, cases[0]], [7, cases[1]]] as const) {
      const httpResponse = { case: kind, value: { headers: [option] } };
      assert.throws(
        () => verdict({ status: { code }, httpResponse }),
        CheckResponseError,
      );
    }
  });
}

Deno.test("decodeVerdict() answers any octets", () => {
  fc.assert(fc.property(fc.uint8Array(), (octets) => {
    try {
      decodeVerdict(octets);
    } catch (error) {
      assert.ok(error instanceof CheckResponseError, String(error));
    }
  }));
});
