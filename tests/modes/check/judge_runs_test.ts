import assert from "node:assert/strict";
import { judgeRuns } from "../../../src/modes/check/judge_runs.ts";
import { readPodRun } from "../../../src/modes/check/pod_runs.ts";
import { testJudgements } from "./judged.ts";

const ENROLLED = "2026-01-02T00:00:00Z";

const metadata = (annotations: object = {}) => ({
  ...{ namespace: "shop", name: "cart" },
  annotations: { "ambient.istio.io/redirection": "enabled", ...annotations },
  managedFields: [
    { time: "2026-01-01T00:00:00Z", fieldsV1: { "f:metadata": {} } },
    {
      time: ENROLLED,
      fieldsV1: {
        "f:metadata": {
          "f:annotations": { "f:ambient.istio.io/redirection": {} },
        },
      },
    },
  ],
});

const status = (more: object = {}) => ({
  phase: "Running",
  containerStatuses: [
    { name: "app", ready: true, restartCount: 0, ...more },
    { name: "other", ready: true, restartCount: 0 },
  ],
});

const judge = (more: object, meta: object = metadata()) => {
  const run = readPodRun({ metadata: meta, status: status(more) });
  assert.ok(run);
  return judgeRuns([run]);
};

const ended = (finishedAt: string) => ({
  restartCount: 3,
  lastState: { terminated: { finishedAt, exitCode: 1, reason: "Error" } },
});
const unknownTime = {
  namespace: "shop",
  name: "cart",
  annotations: metadata().annotations,
};

testJudgements([
  [judgeRuns([]), "ok", /^0 of 0 pods/],
  [judge({}), "ok", /^2 of 1 pods, all ready/],
  [judge(ended("2026-01-01T23:59:59Z")), "ok", /none restarted/],
  [judge(ended(ENROLLED)), "ok", /none restarted/],
  [
    judge(ended("2026-01-02T00:00:01Z")),
    "warning",
    /^shop\/cart: "app" ended at 2026-01-02T00:00:01Z \(Error, exit code 1\), enrolled at 2026-01-02T00:00:00Z; 3 restarts in all$/,
  ],
  [judge(ended("2026-01-02T00:00:01Z"), unknownTime), "ok", /none restarted/],
  [judge({ ready: false }), "failed", /^shop\/cart: "app" is not ready$/],
  [
    judge({ ready: false, ...ended("2026-01-03T00:00:00Z") }),
    "failed",
    /"app" is not ready \(ended at 2026-01-03/,
  ],
  [
    judge({ ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } }),
    "failed",
    /not ready \(CrashLoopBackOff\)$/,
  ],
]);

/** Pods that have nothing to tell of the mesh. */
const STRANGERS: readonly [name: string, pod: unknown][] = [
  ["nothing", undefined],
  ["a list", []],
  ["a pod that ends", {
    metadata: { ...metadata(), deletionTimestamp: ENROLLED },
    status: status(),
  }],
  ["a pod that is over", {
    metadata: metadata(),
    status: { ...status(), phase: "Succeeded" },
  }],
  ["a pod past the mesh", {
    metadata: metadata({ "ambient.istio.io/redirection": "pending" }),
    status: status(),
  }],
  ["a container without a count", {
    metadata: metadata(),
    status: status({ restartCount: "many" }),
  }],
];
for (const [name, pod] of STRANGERS) {
  Deno.test(`readPodRun() leaves out ${name}`, () => {
    assert.equal(readPodRun(pod), undefined);
  });
}
