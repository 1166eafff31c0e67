import assert from "node:assert/strict";
import { parseAccessLine, parseAccessLog } from "./access_log.ts";
import { flowsOf, isTls, showsText } from "./capture.ts";
import { parseMetrics, sumSamples } from "./metrics.ts";
import { readPcap, type Segment } from "./pcap.ts";
import { parseRequestLine, parseRequestLog } from "./request_log.ts";

const LINE = [
  "2026-08-20T10:15:30.123456Z",
  "info",
  "access",
  "connection complete",
  'src.addr=10.0.1.5:40112 src.workload="web-\\"5" dst.addr=[fd00::8]:15008 duration="13ms"',
].join("\t");

Deno.test("parseAccessLine() reads bare and quoted fields", () => {
  const line = parseAccessLine(LINE);
  assert.equal(line?.message, "connection complete");
  assert.deepEqual(line?.fields, {
    "src.addr": "10.0.1.5:40112",
    "src.workload": 'web-"5',
    "dst.addr": "[fd00::8]:15008",
    "duration": "13ms",
  });
});

Deno.test("parseAccessLog() passes over other scopes and torn lines", () => {
  const other = LINE.replace("access", "proxy");
  assert.equal(
    parseAccessLog([other, LINE, LINE.slice(0, 30), ""].join("\n")).length,
    1,
  );
});

const REQUEST_LINE = [
  '[2026-08-20T10:15:30.123Z] "GET /a%20b HTTP/1.1" 403 -',
  'matched_policy[ns[default]-policy[deny]-rule[0]] - "-" 0 19 1 - "-"',
  '"curl \\"8\\" x" "-" "10.96.0.10:8000" "-" inbound-vip|8000|http|web -',
  "10.96.0.10:8000 10.0.1.5:40112 - - default/deny unknown",
].join(" ");

Deno.test("parseRequestLine() reads bare and quoted columns", () => {
  assert.deepEqual(parseRequestLine(REQUEST_LINE), {
    time: "2026-08-20T10:15:30.123Z",
    request: "GET /a%20b HTTP/1.1",
    status: 403,
    details: "matched_policy[ns[default]-policy[deny]-rule[0]]",
    local: "10.96.0.10:8000",
    remote: "10.0.1.5:40112",
    policy: "default/deny",
    hairpinSource: "unknown",
  });
});

Deno.test("parseRequestLine() takes a dash for nothing", () => {
  const line = parseRequestLine(
    REQUEST_LINE.replace("default/deny unknown", "- -"),
  );
  assert.equal(line?.policy, undefined);
  assert.equal(line?.hairpinSource, undefined);
});

Deno.test("parseRequestLog() passes over other lines and torn ones", () => {
  const log = [LINE, REQUEST_LINE.slice(0, -8), REQUEST_LINE, ""].join("\n");
  assert.equal(parseRequestLog(log).length, 1);
});

const METRICS = `# TYPE opened counter
opened_total{reporter="source",name="a\\"b"} 2
opened_total{reporter="destination"} 3
plain 1.5
# EOF
`;

Deno.test("parseMetrics() reads names, labels and values", () => {
  assert.deepEqual(parseMetrics(METRICS)[0], {
    name: "opened_total",
    labels: { reporter: "source", name: 'a"b' },
    value: 2,
  });
});

Deno.test("sumSamples() adds up what the labels select", () => {
  const samples = parseMetrics(METRICS);
  assert.equal(sumSamples(samples, "opened_total"), 5);
  assert.equal(sumSamples(samples, "opened_total", { reporter: "source" }), 2);
  assert.equal(sumSamples(samples, "closed_total"), 0);
});

function segment(
  sequence: number,
  payload: number[] | string,
  from = "a:1",
): Segment {
  const octets = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : Uint8Array.from(payload);
  return { from, to: "b:2", fromPort: 1, toPort: 2, sequence, payload: octets };
}

Deno.test("showsText() finds a text that segments cut apart, out of order and across 2 to the 32", () => {
  const segments = [
    segment(2 ** 32 - 3, "abc"),
    segment(3, "ghi"),
    segment(0, "def"),
  ];
  assert.equal(showsText({ segments }, "bcdefgh"), true);
  assert.equal(showsText({ segments }, "hg"), false);
});

Deno.test("flowsOf() keeps the directions apart and drops empty segments", () => {
  const segments = [segment(1, "to"), segment(9, "fro", "b:2"), segment(3, "")];
  assert.deepEqual(flowsOf({ segments }).map((flow) => flow.octets.length), [
    2,
    3,
  ]);
});

const tlsRows: [name: string, octets: number[], tls: boolean][] = [
  ["takes records end to end", [22, 3, 1, 0, 1, 7, 23, 3, 3, 0, 2, 7, 7], true],
  [
    "refuses plain text",
    [...new TextEncoder().encode("GET / HTTP/1.1")],
    false,
  ],
  [
    "refuses plain text after a record",
    [22, 3, 1, 0, 1, 7, 71, 69, 84, 32, 47],
    false,
  ],
  ["refuses a flow without octets", [], false],
];
for (const [name, octets, tls] of tlsRows) {
  Deno.test(`isTls() ${name}`, () => {
    const flow = {
      from: "a:1",
      to: "b:2",
      toPort: 2,
      octets: Uint8Array.from(octets),
    };
    assert.equal(isTls(flow), tls);
  });
}

Deno.test("readPcap() refuses a file that is no capture", () => {
  assert.throws(() => readPcap(new Uint8Array(24)), /no pcap file header/);
});
