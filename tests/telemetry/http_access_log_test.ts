import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { parseSocketAddress } from "../../src/model/address.ts";
import type { HttpRequest } from "../../src/model/http.ts";
import { LOGGED_VALUE_MAX } from "../../src/telemetry/http_access_fields.ts";
import {
  type HttpAccessEntry,
  HttpAccessLog,
} from "../../src/telemetry/http_access_log.ts";
import { createLogging, type LogFormat } from "../../src/telemetry/log.ts";

const address = (text: string) => parseSocketAddress(text)!;

function written(
  entry: HttpAccessEntry,
  format: LogFormat = "plain",
  filter = "info",
): string {
  let text = "";
  const logging = createLogging({
    format,
    filter,
    write: (lines) => text += lines,
    now: () => new Date(0),
  });
  new HttpAccessLog({
    logger: logging.scope("access"),
    format,
    write: (line) => logging.writeLine(line),
  }).complete(entry);
  logging.flush();
  return text;
}

const request: HttpRequest = {
  method: "GET",
  scheme: "http",
  authority: "reviews:9080",
  path: "/reviews/0?full=1",
  headers: [
    ["accept", "*/*"],
    ["x-forwarded-for", "192.0.2.7"],
    ["user-agent", "curl/8.7.1 (any)"],
    ["x-request-id", "e7d5b6ce-5f7f-9731-8471-ca5bcd650a72"],
    ["x-envoy-original-path", "/innocent"],
  ],
};

const full: HttpAccessEntry = {
  start: new Date("2026-08-20T10:15:30.123Z"),
  request,
  protocol: "HTTP/1.1",
  responseCode: 200,
  responseFlags: [],
  responseCodeDetails: "via_upstream",
  bytesReceived: 12,
  bytesSent: 357,
  durationMs: 8.6,
  upstreamServiceTimeMs: 7.2,
  backend: { hostname: "reviews.default.svc.cluster.local", port: 9080 },
  upstream: {
    address: address("10.244.0.14:9080"),
    tunnelled: true,
    local: address("10.244.0.20:41222"),
  },
  downstreamLocal: address("10.96.59.187:9080"),
  downstreamRemote: address("10.244.0.13:41234"),
  routeName: "default",
};

/** Nobody answered, and nothing more is known. */
const least: HttpAccessEntry = {
  start: new Date("2026-08-20T10:15:30.000Z"),
  responseCode: 0,
  responseFlags: [],
  bytesReceived: 0,
  bytesSent: 0,
  durationMs: 0,
  downstreamLocal: address("[fd00::5]:5432"),
  downstreamRemote: address("[fd00::9]:40001"),
};

Deno.test("complete() writes Envoy's default text, with hairpin's fields at its end", () => {
  equal(
    written(full),
    '[2026-08-20T10:15:30.123Z] "GET /reviews/0?full=1 HTTP/1.1" 200 - ' +
      'via_upstream - "-" 12 357 9 7 "192.0.2.7" "curl/8.7.1 (any)" ' +
      '"e7d5b6ce-5f7f-9731-8471-ca5bcd650a72" "reviews:9080" ' +
      '"envoy://connect_originate/10.244.0.14:9080" ' +
      "inbound-vip|9080|http|reviews.default.svc.cluster.local " +
      "10.244.0.20:41222 10.96.59.187:9080 10.244.0.13:41234 - default - -\n",
  );
});

Deno.test("complete() writes a refused and hairpinned request", () => {
  const refused: HttpAccessEntry = {
    ...least,
    request: { ...request, headers: [] },
    protocol: "HTTP/2",
    responseCode: 403,
    responseCodeDetails: "rbac_access_denied_matched_policy[none]",
    bytesSent: 19,
    policy: "default/viewers",
    hairpin: { source: "spiffe://cluster.local/ns/a/sa/b" },
  };
  equal(
    written(refused),
    '[2026-08-20T10:15:30.000Z] "GET /reviews/0?full=1 HTTP/2" 403 - ' +
      'rbac_access_denied_matched_policy[none] - "-" 0 19 0 - "-" "-" "-" ' +
      '"reviews:9080" "-" - - [fd00::5]:5432 [fd00::9]:40001 - - ' +
      "default/viewers spiffe://cluster.local/ns/a/sa/b\n",
  );
});

Deno.test("complete() writes a TCP connection that could not be carried", () => {
  const failed: HttpAccessEntry = {
    ...least,
    responseFlags: ["URX", "UF"],
    upstreamFailure: 'Cannot connect to "10.0.0.1:15008": refused',
    connectionTerminationDetails: "idle timeout",
    backend: { hostname: "db.shop.svc.cluster.local", port: 5432 },
    upstream: { address: address("10.0.0.1:5432"), tunnelled: false },
    requestedServerName: "db.example.com",
    hairpin: {},
  };
  equal(
    written(failed),
    '[2026-08-20T10:15:30.000Z] "- - -" 0 UF,URX - idle\\u{20}timeout ' +
      '"Cannot connect to \\"10.0.0.1:15008\\": refused" 0 0 0 - "-" "-" "-" ' +
      '"-" "10.0.0.1:5432" inbound-vip|5432|tcp|db.shop.svc.cluster.local - ' +
      "[fd00::5]:5432 [fd00::9]:40001 db.example.com - - unknown\n",
  );
});

Deno.test("complete() writes JSON with Envoy's keys, then hairpin's", () => {
  const text = written({ ...full, policy: "default/viewers" }, "json");
  deepEqual(Object.entries(JSON.parse(text)), [
    ["start_time", "2026-08-20T10:15:30.123Z"],
    ["route_name", "default"],
    ["method", "GET"],
    ["path", "/reviews/0?full=1"],
    ["protocol", "HTTP/1.1"],
    ["response_code", 200],
    ["response_flags", "-"],
    ["response_code_details", "via_upstream"],
    ["connection_termination_details", null],
    ["bytes_received", 12],
    ["bytes_sent", 357],
    ["duration", 9],
    ["upstream_service_time", "7"],
    ["x_forwarded_for", "192.0.2.7"],
    ["user_agent", "curl/8.7.1 (any)"],
    ["request_id", "e7d5b6ce-5f7f-9731-8471-ca5bcd650a72"],
    ["authority", "reviews:9080"],
    ["upstream_host", "envoy://connect_originate/10.244.0.14:9080"],
    [
      "upstream_cluster",
      "inbound-vip|9080|http|reviews.default.svc.cluster.local",
    ],
    ["upstream_local_address", "10.244.0.20:41222"],
    ["downstream_local_address", "10.96.59.187:9080"],
    ["downstream_remote_address", "10.244.0.13:41234"],
    ["requested_server_name", null],
    ["upstream_transport_failure_reason", null],
    ["policy", "default/viewers"],
    ["hairpin_source", null],
  ]);
});

Deno.test("complete() writes all values of a header that repeats", () => {
  const headers = [
    ["user-agent", "one"],
    ["x-forwarded-for", "192.0.2.7"],
    ["x-forwarded-for", "192.0.2.8"],
    ["user-agent", "two"],
  ] as const;
  const fields = JSON.parse(
    written({ ...full, request: { ...request, headers } }, "json"),
  );
  deepEqual(
    [fields.x_forwarded_for, fields.user_agent, fields.request_id],
    ["192.0.2.7,192.0.2.8", "one,two", null],
  );
});

Deno.test("complete() cuts a client's long value off", () => {
  const longest = "a".repeat(LOGGED_VALUE_MAX);
  const path = (value: string) =>
    JSON.parse(
      written({ ...full, request: { ...request, path: value } }, "json"),
    ).path;
  equal(path(longest), longest);
  equal(path(`${longest}b`), `${longest}...`);
});

/** An entry in which everything that a client chooses is `value`. */
const hostile = (value: string): HttpAccessEntry => ({
  ...full,
  request: {
    method: value,
    scheme: value,
    authority: value,
    path: value,
    headers: [
      ["x-forwarded-for", value],
      ["user-agent", value],
      ["x-request-id", value],
    ],
  },
  requestedServerName: value,
  routeName: value,
  upstreamFailure: value,
  responseCodeDetails: value,
  hairpin: { source: value },
});

/** Lines and columns as Envoy's text format is read: quotes hold a column together. */
const COLUMNS = /"(?:[^"\\]|\\.)*"|[^ "]+/g;
/** What some reader takes for the end of a line, and all control characters. */
const LINE_ENDS = /[\p{Cc}\p{Zl}\p{Zp}]/u;

const forgeries = [
  'x" 200 - "-"',
  'a\n[2026-08-20T10:15:30.123Z] "GET / HTTP/1.1" 200 -',
  "a\r\nb",
  "a b\tc",
  "back\\slash\\",
  '\\" 200',
  "\u2028\u2029\x85\0\x1b[2J\x7f",
  "a\u00a0b\u3000c",
];
for (const value of forgeries) {
  Deno.test(`complete() lets ${JSON.stringify(value)} forge nothing`, () => {
    for (const format of ["plain", "json"] as const) {
      const line = written(hostile(value), format);
      equal(line.indexOf("\n"), line.length - 1, format);
      equal(LINE_ENDS.test(line.slice(0, -1)), false, format);
    }
  });
}

Deno.test("complete() keeps lines and columns whatever a client sends", () => {
  const count = written(full).match(COLUMNS)!.length;
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
      (value) => {
        const line = written(hostile(value)).slice(0, -1);
        equal(LINE_ENDS.test(line), false);
        const columns = line.match(COLUMNS)!;
        equal(columns.length, count);
        equal(columns.join(" "), line);
        equal(columns[1]!.split(" ").length, 3);
        const fields = JSON.parse(written(hostile(value), "json"));
        equal(fields.user_agent, value);
      },
    ),
  );
});

const levels: [filter: string, ok: boolean, failed: boolean][] = [
  ["info", true, true],
  ["access=error", false, true],
  ["access=off", false, false],
];
for (const [filter, ok, failed] of levels) {
  Deno.test(`complete() goes by the filter "${filter}"`, () => {
    const flagged: HttpAccessEntry = { ...full, responseFlags: ["UH"] };
    equal(written(full, "plain", filter) !== "", ok);
    equal(written(flagged, "plain", filter) !== "", failed);
  });
}
