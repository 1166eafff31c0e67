import assert from "node:assert/strict";
import { KubeApiError } from "../../src/control/kube_api/mod.ts";
import {
  END_RETRY_MS,
  END_TRIES,
  OwnDaemonSet,
} from "../../src/control/own_daemonset.ts";
import { createLogging } from "../../src/telemetry/log.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";

const POD = {
  metadata: { ownerReferences: [{ kind: "DaemonSet", name: "hairpin" }] },
};
const daemonSet = (spec: object) => ({
  metadata: {},
  spec: { template: { spec } },
});
const node = (spec: object) => ({
  metadata: { name: "n-1", labels: { zone: "a" } },
  spec,
});
const refusal = (status: number) => new KubeApiError(`${status}`, { status });

/** What is told with these answers of the API, one a request; errors are thrown. */
async function isGone(answers: unknown[]) {
  const paths: string[] = [];
  const lines: string[] = [];
  const clock = new FakeClock();
  const logging = createLogging({
    filter: "info",
    format: "plain",
    write: (text) => lines.push(text),
    now: () => new Date(0),
  });
  const daemonSet = new OwnDaemonSet({
    api: {
      json: ({ path }) => {
        paths.push(path);
        const answer = answers.shift();
        return answer instanceof Error
          ? Promise.reject(answer)
          : Promise.resolve(answer);
      },
    },
    clock,
    namespace: "mesh",
    podName: "hairpin-x7k2p",
    nodeName: "n-1",
    notReadyTaint: "cni.istio.io/not-ready",
    log: logging.scope("cni"),
  }, new AbortController().signal);
  const told = daemonSet.isGone();
  for (let tries = 0; tries < END_TRIES; tries++) {
    await settle();
    await clock.advance(END_RETRY_MS);
  }
  const gone = await told;
  await settle();
  return { gone, paths, warned: lines.join("").includes("the plugin stays") };
}

const THERE = daemonSet({});
const NODE = node({});
const taint = (key: string) => ({ taints: [{ key, effect: "NoSchedule" }] });

const deleted = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } };
const cases: [
  name: string,
  answers: unknown[],
  gone: boolean,
  warned: boolean,
][] = [
  ["is there", [POD, THERE, NODE], false, false],
  [
    "selects other nodes",
    [POD, daemonSet({ nodeSelector: { zone: "b" } }), NODE],
    true,
    false,
  ],
  [
    "selects this node",
    [POD, daemonSet({ nodeSelector: { zone: "a" } }), NODE],
    false,
    false,
  ],
  ["is kept away by a taint", [POD, THERE, node(taint("gpu"))], true, false],
  [
    "waits for the node to be ready",
    [POD, THERE, node(taint("node.kubernetes.io/not-ready"))],
    false,
    false,
  ],
  [
    "waits for itself to be ready",
    [POD, THERE, node(taint("cni.istio.io/not-ready"))],
    false,
    false,
  ],
  ["has lost its node", [POD, THERE, refusal(404)], false, false],
  [
    "is of a node that may not be asked for",
    [POD, ...Array(END_TRIES).fill([THERE, refusal(403)]).flat()],
    false,
    true,
  ],
  [
    "is not what was asked for",
    [POD, ...Array(END_TRIES).fill([{ metadata: {} }, NODE]).flat()],
    false,
    true,
  ],
  ["is being deleted", [POD, deleted], true, false],
  ["is deleted", [POD, refusal(404)], true, false],
  ["is gone with its account", [POD, refusal(401)], true, false],
  [
    "is there after trouble",
    [POD, refusal(500), THERE, NODE],
    false,
    false,
  ],
  [
    "cannot be told of",
    [POD, ...Array(END_TRIES).fill(refusal(500))],
    false,
    true,
  ],
  [
    "may not be asked for",
    [POD, ...Array(END_TRIES).fill(refusal(403))],
    false,
    true,
  ],
  ["is none", [{ metadata: {} }], false, true],
  ["is not known, since the pod is not", [refusal(404)], false, true],
];
for (const [name, answers, gone, warned] of cases) {
  Deno.test(`OwnDaemonSet.isGone() is ${gone} of one that ${name}`, async () => {
    const found = await isGone([...answers]);
    assert.deepEqual([found.gone, found.warned], [gone, warned]);
  });
}

Deno.test("OwnDaemonSet.isGone() asks for the pod, then for its DaemonSet and its node", async () => {
  const { paths } = await isGone([POD, THERE, NODE]);
  assert.deepEqual(paths, [
    "/api/v1/namespaces/mesh/pods/hairpin-x7k2p",
    "/apis/apps/v1/namespaces/mesh/daemonsets/hairpin",
    "/api/v1/nodes/n-1",
  ]);
});
