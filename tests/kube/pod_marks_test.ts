import assert from "node:assert/strict";
import { podMarks } from "../../src/kube/pod_marks.ts";
import { parsed, pod, raw } from "./objects.ts";

const MARK = "ambient.istio.io/redirection";
const out = { labels: { "istio.io/dataplane-mode": "none" } };

Deno.test("podMarks() puts labels beside annotations, of running pods of the node", () => {
  const objects = parsed(
    raw("Namespace", "shop", {
      metadata: { labels: { "istio.io/dataplane-mode": "ambient" } },
    }),
    pod("both", "10.0.0.1", { annotations: { [MARK]: "enabled" } }),
    pod("labelled", "10.0.0.2"),
    pod("marked", "10.0.0.3", { ...out, annotations: { [MARK]: "pending" } }),
    pod("neither", "10.0.0.4", out),
    pod("bypassing", "10.0.0.5", {
      annotations: { "hairpin.dev/bypass-capture": "true" },
    }),
    pod("done", "10.0.0.6", {
      annotations: { [MARK]: "enabled" },
      status: { phase: "Succeeded" },
    }),
    pod("elsewhere", "10.0.0.7", { spec: { nodeName: "node-2" } }),
    pod("starting", "", { status: { podIPs: [] } }),
    pod("ending", "10.0.0.8", {
      metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" },
    }),
  );
  assert.deepEqual(
    podMarks(objects, "node-1").map(({ name, wanted, mark }) => [
      name,
      wanted,
      mark,
    ]),
    [
      ["both", true, "enabled"],
      ["labelled", true, undefined],
      ["marked", false, "pending"],
    ],
  );
});
