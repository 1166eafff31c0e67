/** `hairpin check` against policies: what they say of a connection, and what it gets. */
import assert from "node:assert/strict";
import { inNamespace, type LabPod, must } from "../lab/mod.ts";
import { assertFinds, checkPod, type Expected } from "./check_support.ts";
import { authorizationPolicy, underPolicies } from "./policy_support.ts";
import { type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh();

const NO_ECHO = authorizationPolicy("no-echo", {
  selector: { matchLabels: { app: "httpbin" } },
  action: "DENY",
  rules: [{
    from: [{ source: { principals: ["cluster.local/ns/default/sa/echo"] } }],
  }],
});

/** Checks httpbin, which echo calls: it is the other pod on that node. */
async function assertPolicyEffect(
  mesh: Mesh,
  { bad, effect }: { readonly bad: Expected; readonly effect: RegExp },
): Promise<void> {
  const { code, findings } = await checkPod(mesh, mesh.server, mesh.httpbin);
  assertFinds(findings, bad);
  const found = findings.find(({ check }) => check === "policy effect")?.found;
  assert.match(found ?? "", effect);
  assert.equal(code, Object.keys(bad).length > 0 ? 1 : 0);
}

/** A rule before all others of its chain. */
interface First {
  readonly pod: LabPod;
  readonly table: "nat" | "filter";
  /** The chain and the rest. */
  readonly rule: string;
}

/** Runs the body while the pods have these rules. */
async function withRules(
  rules: readonly First[],
  body: () => Promise<void>,
): Promise<void> {
  const iptables = (flag: "-I" | "-D", { pod, table, rule }: First) =>
    must(inNamespace(pod.netns, [
      ...["iptables-nft", "-t", table, flag, ...rule.split(" ")],
    ]));
  const made: First[] = [];
  try {
    for (const rule of rules) {
      await iptables("-I", rule);
      made.push(rule);
    }
    await body();
  } finally {
    for (const rule of made) await iptables("-D", rule);
  }
}

/** What leads echo's connections to httpbin past both proxies. */
const passedBy = ({ echo, httpbin }: Mesh): First[] => [
  {
    ...{ pod: echo, table: "nat" },
    rule: `OUTPUT -d ${httpbin.ips[0]} -j ACCEPT`,
  },
  {
    ...{ pod: httpbin, table: "nat" },
    rule: `PREROUTING -s ${echo.ips[0]} -j ACCEPT`,
  },
];

meshTest(
  "check sees an allowed connection arrive",
  (mesh) =>
    assertPolicyEffect(mesh, {
      bad: {},
      effect: /^default\/echo to 10\.\S+:8000: allowed, arrives$/,
    }),
);

meshTest(
  "check sees a denied connection cut off",
  (mesh) =>
    underPolicies(mesh, [NO_ECHO], () =>
      assertPolicyEffect(mesh, {
        bad: {},
        effect: /: denied \(.*no-echo.*\), (?:cut|closed)$/,
      })),
);

meshTest(
  "check finds a policy that is passed by, and nothing else",
  (mesh) =>
    underPolicies(
      mesh,
      [NO_ECHO],
      () =>
        withRules(passedBy(mesh), () =>
          assertPolicyEffect(mesh, {
            bad: {
              "policy effect": [
                "failed",
                /denied \(.*no-echo.*\), and arrives$/,
              ],
              "connection counts": ["failed", /before and after/],
              "access line": ["failed", /^no line of the destination for /],
            },
            effect: /and arrives$/,
          })),
    ),
);

meshTest(
  "check finds connections that nobody counts, and nothing else",
  (mesh) =>
    withRules(passedBy(mesh), () =>
      assertPolicyEffect(mesh, {
        bad: {
          "connection counts": ["failed", /^\d+ before and after/],
          "access line": ["failed", /^no line of the destination for /],
        },
        effect: /: allowed, arrives$/,
      })),
);

meshTest(
  "check finds that an allowed connection is cut, and nothing else",
  (mesh) =>
    withRules([{
      ...{ pod: mesh.echo, table: "filter" },
      rule: "INPUT -p tcp --dport 15001 -j REJECT --reject-with tcp-reset",
    }], () =>
      assertPolicyEffect(mesh, {
        bad: { "policy effect": ["failed", /: allowed \(.*\), and cut$/] },
        effect: /and cut$/,
      })),
);
