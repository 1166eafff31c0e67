import assert from "node:assert/strict";
import {
  judgeAccessLine,
  judgeHandshake,
  judgeLogFound,
  judgeLogListeners,
  judgeLogPods,
  judgeNodeLog,
} from "../../../src/modes/check/judge_log.ts";
import {
  type LogEntry,
  readLogLine,
} from "../../../src/modes/check/log_lines.ts";
import { testJudgements } from "./judged.ts";

const START = "2026-01-01T00:00:00.000000Z\tinfo\tapp\t" +
  "set file descriptor limits from 1 to 2\t";
const said = (scope: string, message: string, fields = "") =>
  `2026-01-01T00:00:01.000000Z\tinfo\t${scope}\t${message}\t${fields}`;
const logOf = (...lines: readonly string[]) => ({
  path: "/log",
  entries: lines.flatMap((line): LogEntry[] => {
    const entry = readLogLine(line);
    assert.ok(entry, line);
    return [entry];
  }),
});

const NAMES = 'uid="u" name="web" namespace="shop"';
const RECEIVED = said("inpod", "pod received, starting proxy", NAMES);
const OLDER = said("inpod", "received netns, starting proxy", NAMES);
const GONE = said("inpod", "pod delete request, shutting down proxy", NAMES);
const info = { name: "web", namespace: "shop", serviceAccount: "web" };
const up = { workloadState: [{ state: "Up", info }] };
const listener = (component: string) =>
  said("proxy", "listener established", `component="${component}"`);
const THREE = ["inbound", "inbound plaintext", "outbound"].map(listener);

const CONNECTED = said("inpod", "handling new stream");
const SNAPSHOT = said("inpod", "received snapshot sent");
const LOST = said(
  "inpod",
  'failed to connect to the Istio CNI node agent over "/s"',
);

const access = (...fields: string[]) =>
  fields.map((text) =>
    readLogLine(said("access", "connection complete", text))!
  );
const test = { from: "a/b", to: "10.0.0.1:80", verdict: "allow" };
const IN = 'direction="inbound" src.identity="spiffe://x"';

testJudgements([
  [judgeLogFound("/log", []), "ok", /^\/log$/],
  [judgeLogFound(undefined, []), "ok", /^none to be read here/],
  [judgeLogFound("/log", ["/a"]), "failed", /^cannot be read: \/a$/],
  [judgeLogPods(logOf(START, RECEIVED), up), "ok", /^1 of 1$/],
  [judgeLogPods(logOf(START, OLDER), up), "ok", /^1 of 1$/],
  [judgeLogPods(logOf(START), up), "failed", /: shop\/web$/],
  [judgeLogPods(logOf(SNAPSHOT), up), "ok", /^0 of 1$/],
  [judgeLogPods(logOf(START, RECEIVED, GONE), up), "failed", /: shop\/web$/],
  [judgeLogPods(logOf(GONE, RECEIVED), up), "ok", /^1 of 1$/],
  [judgeLogPods(logOf(RECEIVED, START), up), "failed", /: shop\/web$/],
  [judgeLogListeners(logOf(START, ...THREE), up), "ok", /^for 1 pods$/],
  [
    judgeLogListeners(logOf(START, ...THREE.slice(1)), up),
    "failed",
    /^inbound: 0 for 1 pods$/,
  ],
  [judgeLogListeners(logOf(RECEIVED), up), "ok", /begins later$/],
  [judgeHandshake(logOf(START, CONNECTED, SNAPSHOT)), "ok", /named at 2026/],
  [judgeHandshake(logOf(CONNECTED)), "failed", /and no pods named since$/],
  [judgeHandshake(logOf(SNAPSHOT, LOST)), "failed", /failed to connect/],
  [judgeHandshake(logOf(START)), "failed", /^no connection since the start$/],
  [judgeHandshake(logOf(RECEIVED)), "ok", /begins later$/],
  [judgeHandshake(logOf(SNAPSHOT, START)), "failed", /^no connection/],
  [judgeNodeLog("/k", ["all well"]), "ok", /^\/k: nothing/],
  [
    judgeNodeLog("/k", ["x", 'failed to find plugin "hairpin-cni" in path']),
    "warning",
    /^\/k: 1 times: failed to find plugin/,
  ],
  [
    judgeNodeLog("/k", [
      'err="plugin type=\\"istio-cni\\" failed: istio-cni cmdAdd failed to contact node Istio CNI agent: x"',
    ]),
    "warning",
    /failed to contact/,
  ],
  [
    judgeNodeLog("/k", ['plugin type="istio-cni" failed (add): Unauthorized']),
    "warning",
    /Unauthorized/,
  ],
  [judgeAccessLine({ ...test, entries: access(IN) }), "ok", /: spiffe:\/\/x$/],
  [
    judgeAccessLine({ ...test, entries: access('direction="inbound"') }),
    "ok",
    /: in plaintext$/,
  ],
  [judgeAccessLine({ ...test, entries: [] }), "failed", /^no line/],
  [
    judgeAccessLine({ ...test, entries: access('direction="outbound"') }),
    "failed",
    /^no line of the destination/,
  ],
  [
    judgeAccessLine({ ...test, entries: access(`${IN} error="cut"`) }),
    "failed",
    /: cut$/,
  ],
  [
    judgeAccessLine({
      ...test,
      verdict: "deny",
      entries: access(`${IN} error="no"`),
    }),
    "ok",
    /: no$/,
  ],
  [
    judgeAccessLine({ ...test, verdict: "deny", entries: access(IN) }),
    "failed",
    /denied, and logged as carried$/,
  ],
]);

const PLAIN = said(
  "access",
  "connection complete",
  'src.addr=1.2.3.4:5 note="a \\" b=c"',
);
const JSON_LINE = '{"level":"info","time":"2026-01-01T00:00:01.000000Z",' +
  '"scope":"ztunnel::access","message":"connection complete",' +
  '"src.addr":"1.2.3.4:5","note":"a \\" b=c"}';
const shapes: [name: string, line: string, note: string][] = [
  ["plain", PLAIN, 'a \\" b=c'],
  ["JSON", JSON_LINE, 'a " b=c'],
  ["a kubelet's", `2026-01-01T00:00:01.1Z stdout F ${PLAIN}`, 'a \\" b=c'],
  [
    "Docker's",
    JSON.stringify({ log: `${JSON_LINE}\n`, stream: "stdout" }),
    'a " b=c',
  ],
];
for (const [name, line, note] of shapes) {
  Deno.test(`readLogLine() reads ${name}`, () => {
    assert.deepEqual(readLogLine(line), {
      time: "2026-01-01T00:00:01.000000Z",
      level: "info",
      scope: "access",
      message: "connection complete",
      fields: { "src.addr": "1.2.3.4:5", note },
    });
  });
}

Deno.test("readLogLine() knows what is no line of a proxy", () => {
  for (const line of ["", "Warning: x", "{", '{"a":1}', "[]", "2026\tx"]) {
    assert.equal(readLogLine(line), undefined);
  }
});
