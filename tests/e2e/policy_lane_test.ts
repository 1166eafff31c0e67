/** Two pods of one node: policy's verdicts and reports are the same over the node-local lane as through a tunnel. */
import assert from "node:assert/strict";
import { podAddresses } from "../lab/addresses.ts";
import type { AccessLine, Sample } from "../lab/mod.ts";
import { type LaneNode, type Lanes, shareLanes } from "./policy_lanes.ts";
import { authorizationPolicy, peerAuthentication } from "./policy_support.ts";
import { ECHO_PORT, eventually } from "./support.ts";

const laneTest = shareLanes();
const NOTSLEEP = "cluster.local/ns/default/sa/notsleep";
const httpbin = { selector: { matchLabels: { app: "httpbin" } } };
const from = (source: object) => [{ from: [{ source }] }];

type Answer = "answered" | "refused";

const ROWS: readonly [
  title: string,
  policy: object,
  expected: { sleep: Answer; notsleep: Answer },
][] = [
  [
    "DENY by principal",
    authorizationPolicy("lane-deny", {
      ...httpbin,
      action: "DENY",
      rules: from({ principals: [NOTSLEEP] }),
    }),
    { sleep: "answered", notsleep: "refused" },
  ],
  [
    "ALLOW by service account",
    authorizationPolicy("lane-allow", {
      ...httpbin,
      rules: from({ serviceAccounts: ["sleep"] }),
    }),
    { sleep: "answered", notsleep: "refused" },
  ],
  [
    "ALLOW by addresses, here those of notsleep-1 and notsleep-2",
    authorizationPolicy("lane-addresses", {
      ...httpbin,
      rules: from({ ipBlocks: [podAddresses(1, 1)[0], podAddresses(2, 4)[0]] }),
    }),
    { sleep: "refused", notsleep: "answered" },
  ],
  [
    "DENY of the application's port",
    authorizationPolicy("lane-port", {
      ...httpbin,
      action: "DENY",
      rules: [{ to: [{ operation: { ports: ["8000"] } }] }],
    }),
    { sleep: "refused", notsleep: "refused" },
  ],
  [
    "a policy for another workload",
    authorizationPolicy("lane-other", {
      selector: { matchLabels: { app: "sleep" } },
      action: "DENY",
      rules: [{}],
    }),
    { sleep: "answered", notsleep: "answered" },
  ],
  [
    "STRICT, which both pass with their identity",
    peerAuthentication("lane-strict", "default", {
      mtls: { mode: "STRICT" },
    }),
    { sleep: "answered", notsleep: "answered" },
  ],
];

for (const [title, policy, expected] of ROWS) {
  laneTest(`lane and tunnel agree under ${title}`, async (lanes) => {
    await lanes.under(policy, async () => {
      const [on, off] = await Promise.all(
        lanes.nodes.map((node) => observe(lanes, node)),
      );
      assert.deepEqual(on?.answers, expected);
      assert.deepEqual(off?.answers, expected);
      assert.deepEqual(on?.lines, off?.lines);
      assert.deepEqual(on?.growth, off?.growth);
      // At both ends each call was opened and closed, and failed if refused.
      const calls = Object.values(expected);
      const series = calls.map((answer) => answer === "refused" ? 6 : 4);
      assert.equal(on?.growth.length, sum(series));
    });
  });
}

laneTest(
  "the first node's calls go by the lane, the second's do not",
  async (lanes) => {
    for (const { lane, proxy } of lanes.nodes) {
      const samples = await proxy.metrics();
      const hasLane = samples.some(({ name, labels }) =>
        name === "hairpin_connections_lane_total" && labels["lane"] === "local"
      );
      assert.equal(hasLane, lane === "on", proxy.place.netns);
    }
  },
);

laneTest(
  "a policy's change cuts an open connection of the lane as it cuts one of a tunnel",
  async (lanes) => {
    const policy = authorizationPolicy("lane-cut", {
      ...httpbin,
      action: "DENY",
      rules: from({ principals: [NOTSLEEP] }),
    });
    const ends = await Promise.all(lanes.nodes.map(async (node) => {
      const before = node.proxy.accessLog().length;
      const stream = lanes.lab.start(node.notsleep, `cut-${node.lane}`, [
        ...["socat", "-d", "-d", "SYSTEM:echo first; sleep 1000"],
        `TCP:${node.httpbin.ips[0]}:${ECHO_PORT}`,
      ]);
      await untilInbound(node);
      return { node, before, stream };
    }));
    await lanes.under(policy, async () => {
      const cuts = await Promise.all(
        ends.map(async ({ node, before, stream }) => {
          await stream.ended;
          return linesOf(node, before, 2);
        }),
      );
      assert.deepEqual(cuts[0], cuts[1]);
      const errors = cuts[0]?.map(({ fields }) => fields["error"]);
      assert.ok(errors?.includes("connection closed due to policy change"));
    });
  },
);

/** What one round of calls showed, without what differs by nature. */
async function observe(lanes: Lanes, node: LaneNode) {
  const before = node.proxy.accessLog().length;
  const samples = await node.proxy.metrics();
  const answers = {
    sleep: await answerOf(lanes, node, "sleep"),
    notsleep: await answerOf(lanes, node, "notsleep"),
  };
  const lines = await linesOf(node, before, 4);
  return {
    answers,
    lines,
    growth: growth(samples, await node.proxy.metrics()),
  };
}

async function answerOf(
  { lab }: Lanes,
  node: LaneNode,
  caller: "sleep" | "notsleep",
): Promise<Answer> {
  const url = `http://${node.httpbin.ips[0]}:8000/1k`;
  const curl = ["curl", "-s", "--max-time", "10", url];
  const { code, stdout } = await lab.exec(node[caller], curl);
  if (code === 0) {
    assert.equal(stdout.length, 1024);
    return "answered";
  }
  assert.ok([7, 52, 55, 56].includes(code), `curl's code is ${code}`);
  return "refused";
}

/** Waits for that many more lines, and gives them without order, times and numbers. */
async function linesOf(node: LaneNode, before: number, count: number) {
  const fresh = () => node.proxy.accessLog().slice(before);
  await eventually(
    `${count} more access-log lines on the node with lane ${node.lane}`,
    () => Promise.resolve(fresh().length >= count),
  );
  const lines = fresh().map((line) => plainLine(node, line));
  return lines.toSorted((a, b) => a.key < b.key ? -1 : 1);
}

function plainLine(node: LaneNode, { level, message, fields }: AccessLine) {
  const { duration: _, ...lasting } = fields;
  const plain = Object.fromEntries(
    Object.entries(lasting).map((
      [key, value],
    ) => [key, plainText(node, value)]),
  );
  return { key: JSON.stringify(plain), level, message, fields: plain };
}

/** Pods' names for their addresses, and no number of node or port of a client. */
function plainText(
  { sleep, notsleep, httpbin }: LaneNode,
  text: string,
): string {
  let plain = text;
  for (const { name, ips } of [sleep, notsleep, httpbin]) {
    const app = name.slice(0, -2);
    plain = plain.replaceAll(`${ips[0]}:`, `${app}:`).replaceAll(name, app);
  }
  return plain.replace(/^(sleep|notsleep):\d+$/, "$1:PORT");
}

/** Every traffic series that grew, and by how much. */
function growth(before: readonly Sample[], after: readonly Sample[]) {
  const values = new Map(
    before.map((sample) => [seriesOf(sample), sample.value]),
  );
  return after.filter(({ name }) => name.startsWith("istio_tcp_connections"))
    .map((sample) => {
      const grown = sample.value - (values.get(seriesOf(sample)) ?? 0);
      return `${seriesOf(sample)} ${grown}`;
    }).filter((text) => !text.endsWith(" 0"))
    .map((text) => text.replaceAll(/(sleep|httpbin)-[12]/g, "$1"))
    .toSorted();
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);

const seriesOf = ({ name, labels }: Sample): string =>
  `${name} ${JSON.stringify(labels)}`;

async function untilInbound({ proxy, httpbin }: LaneNode): Promise<void> {
  await proxy.untilDump("an open connection", ({ workloadState }) => {
    const inbound = workloadState[httpbin.uid]?.connections?.inbound ?? [];
    return inbound.some(({ actualDst }) => actualDst.endsWith(`:${ECHO_PORT}`));
  });
}
