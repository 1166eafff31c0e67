/** Nodes that do not share an authority, or not a trust domain: they refuse each other. */
import assert from "node:assert/strict";
import {
  greetingOf,
  type HairpinOptions,
  type HairpinProcess,
  Lab,
  type LabPod,
  startHttpServer,
} from "../lab/mod.ts";
import { call } from "./calls.ts";
import { isAnswered, isFrom, watchAccess } from "./policy_support.ts";
import { rogueCaFolder } from "./security_support.ts";
import { share } from "./share.ts";

/** A node with one pod, which serves HTTP and calls the others. */
interface Site {
  readonly proxy: HairpinProcess;
  readonly pod: LabPod;
}

const NAMES = ["home", "twin", "rogue", "foreign"] as const;
type SiteName = typeof NAMES[number];

/** `home` and `twin` belong together; `rogue` has an authority of its own, `foreign` a trust domain. */
class Sites implements AsyncDisposable {
  private constructor(
    readonly lab: Lab,
    readonly of: Readonly<Record<SiteName, Site>>,
  ) {}

  static async start(): Promise<Sites> {
    const lab = await Lab.create({ nodes: NAMES.length });
    try {
      const rogue = ["--ca-dir", rogueCaFolder(lab)];
      const foreign = ["--trust-domain", "other.domain"];
      return new Sites(lab, {
        home: await startSite(lab, "home", {}),
        twin: await startSite(lab, "twin", {}),
        rogue: await startSite(lab, "rogue", { flags: rogue }),
        foreign: await startSite(lab, "foreign", { flags: foreign }),
      });
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }
}

async function startSite(
  lab: Lab,
  name: SiteName,
  options: HairpinOptions,
): Promise<Site> {
  const node = `node-${NAMES.indexOf(name) + 1}`;
  const pod = await lab.addPod({ name, node });
  await startHttpServer(lab, pod);
  const proxy = await lab.startHairpin(lab.node(node), options);
  await proxy.untilPodUp(pod);
  return { proxy, pod };
}

const siteTest = share(() => Sites.start());

siteTest("nodes of one authority and one trust domain talk", async (sites) => {
  for (const [from, to] of [["home", "twin"], ["twin", "home"]] as const) {
    const reply = await callSite(sites, from, to);
    assert.equal(reply.body.trim(), greetingOf(sites.of[to].pod));
  }
});

const UNVERIFIED =
  "io error: invalid peer certificate: unknown issuer, or not valid now";

const wrongName = (expected: string, got: string) =>
  "io error: invalid peer certificate: identity verification error: " +
  "peer did not present the expected SAN " +
  `(spiffe://${expected}), got spiffe://${got}`;

const REFUSED: readonly [from: SiteName, to: SiteName, error: string][] = [
  ["home", "rogue", UNVERIFIED],
  ["rogue", "home", UNVERIFIED],
  [
    "home",
    "foreign",
    wrongName(
      "cluster.local/ns/default/sa/foreign",
      "other.domain/ns/default/sa/foreign",
    ),
  ],
  [
    "foreign",
    "home",
    wrongName(
      "other.domain/ns/default/sa/home",
      "cluster.local/ns/default/sa/home",
    ),
  ],
];

for (const [from, to, error] of REFUSED) {
  siteTest(`a client of ${from} refuses a server of ${to}`, async (sites) => {
    const seen = watchAccess(sites.of[from].proxy);
    assert.equal(isAnswered(await callSite(sites, from, to)), false);
    const ip = sites.of[from].pod.ips[0];
    const fields = await seen("the refusal", isFrom(ip));
    assert.equal(fields["error"], error);
    assert.equal(fields["dst.workload"], to);
    assert.equal(fields["bytes_sent"], "0");
  });
}

function callSite({ lab, of }: Sites, from: SiteName, to: SiteName) {
  return call(lab, of[from].pod, `http://${of[to].pod.ips[0]}:8000/`);
}
