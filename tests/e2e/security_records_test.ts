/** Pods that are enrolled as somebody whom the mesh has no record of: nothing goes in or out. */
import assert from "node:assert/strict";
import { OUTSIDER_ADDRESSES } from "../lab/addresses.ts";
import {
  greetingOf,
  type HairpinProcess,
  Lab,
  type LabPod,
  startHttpServer,
} from "../lab/mod.ts";
import { localXds } from "../lab/ztunnel.ts";
import { type Call, call } from "./calls.ts";
import { isAnswered, isFrom } from "./policy_support.ts";
import { type TlsOutcome, tryHandshake } from "./security_certificates.ts";
import { issue, writeCertificate } from "./security_support.ts";
import { share } from "./share.ts";

const NODE = "node-1";
const [OUTSIDER] = OUTSIDER_ADDRESSES;

/** What each pod's record says; the pod is enrolled under its own name and account. */
const RECORDS = {
  known: (pod: LabPod) => pod,
  "without-record": () => undefined,
  "other-account": (pod: LabPod) => ({ ...pod, serviceAccount: "other" }),
  // At an address of its own: whose pod's address it is, is not enrolled as another.
  "other-namespace": (pod: LabPod) => ({
    ...pod,
    namespace: "other",
    ips: ["10.77.1.250"],
  }),
  "other-node": (pod: LabPod) => ({ ...pod, node: "node-9" }),
} satisfies Record<string, (pod: LabPod) => LabPod | undefined>;

const REFUSED = [
  ["without-record", "without a record"],
  ["other-account", "whose record has another service account"],
  ["other-namespace", "whose record is of another namespace"],
  ["other-node", "whose record is of another node"],
] as const;

type Name = keyof typeof RECORDS;
const NAMES = Object.keys(RECORDS) as Name[];

/** What became of three connections of one pod. */
interface Attempts {
  readonly out: Call;
  readonly plaintext: Call;
  readonly tunnel: TlsOutcome;
}

/** One node whose records come from a file, and all attempts, under way at once: each may wait 5 s. */
class Records implements AsyncDisposable {
  readonly attempts: Readonly<Record<Name, Promise<Attempts>>>;

  private constructor(
    readonly lab: Lab,
    readonly proxy: HairpinProcess,
    readonly pods: Readonly<Record<Name, LabPod>>,
  ) {
    this.attempts = byName((name) => attempt(this, name));
  }

  static async start(): Promise<Records> {
    const lab = await Lab.create({ nodes: 1 });
    try {
      const pods = await addPods(lab);
      const path = `${lab.folder}/records.yaml`;
      const records = NAMES.map((name) => RECORDS[name](pods[name]))
        .filter((record) => record !== undefined);
      await Deno.writeTextFile(path, localXds(records, []));
      const flags = ["--local-xds", path];
      const proxy = await lab.startHairpin(lab.node(NODE), { flags });
      for (const name of NAMES) await proxy.untilPodUp(pods[name]);
      return new Records(lab, proxy, pods);
    } catch (reason) {
      await lab[Symbol.asyncDispose]();
      throw reason;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.lab[Symbol.asyncDispose]();
  }
}

async function addPods(lab: Lab): Promise<Record<Name, LabPod>> {
  const pods: Partial<Record<Name, LabPod>> = {};
  for (const name of NAMES) pods[name] = await addPod(lab, name);
  return pods as Record<Name, LabPod>;
}

/** Its manifest has no address, so that there is no record but that in the file. */
async function addPod(lab: Lab, name: Name): Promise<LabPod> {
  const pod = await lab.addPod({ name, node: NODE });
  await lab.applyPod({ ...pod, ips: [] });
  await startHttpServer(lab, pod);
  return pod;
}

async function attempt(
  { lab, pods }: Records,
  name: Name,
): Promise<Attempts> {
  const { [name]: pod, known } = pods;
  const sleep = await issue(lab, { serviceAccount: "sleep" });
  const certificate = await writeCertificate(lab, sleep);
  const [out, plaintext, tunnel] = await Promise.all([
    call(lab, pod, `http://${known.ips[0]}:8000/`),
    call(lab, lab.outsider, `http://${pod.ips[0]}:8000/`),
    tryHandshake(lab, pod, certificate, { patienceSeconds: 7 }),
  ]);
  return { out, plaintext, tunnel };
}

function byName<Value>(make: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Record<
    Name,
    Value
  >;
}

const recordsTest = share(() => Records.start());

recordsTest(
  "a pod whose record fits its enrolment is served",
  async ({ attempts, pods }) => {
    const { out, plaintext, tunnel } = await attempts.known;
    assert.equal(out.body.trim(), greetingOf(pods.known));
    assert.equal(plaintext.body.trim(), greetingOf(pods.known));
    assert.equal(tunnel.closedByServer, false);
  },
);

for (const [name, title] of REFUSED) {
  recordsTest(
    `a pod ${title} is refused, in and out`,
    async ({ attempts, pods, proxy }) => {
      const { out, plaintext, tunnel } = await attempts[name];
      assert.equal(isAnswered(out), false);
      assert.equal(isAnswered(plaintext), false);
      assert.deepEqual(tunnel, { closedByServer: true, heard: 0 });
      const error =
        `failed to fetch information about local workload: ${name}.default (${name})`;
      const ip = pods[name].ips[0];
      const lineTo = (port: number) =>
        proxy.untilAccess(
          `a refusal at ${port}`,
          (line) =>
            isFrom(OUTSIDER)(line) && line.fields["error"] === error &&
            line.fields["dst.addr"] === `${ip}:${port}`,
        );
      await lineTo(8000);
      await lineTo(15_008);
      await proxy.untilAccess(
        "a refusal of the pod's own call",
        (line) =>
          isFrom(ip)(line) && line.fields["error"] === error &&
          line.fields["direction"] === "outbound",
      );
    },
  );
}

recordsTest(
  "a refused pod's certificate is never asked for",
  async ({ attempts, proxy }) => {
    await Promise.all(Object.values(attempts));
    const { certificates } = await proxy.configDump();
    const identities = certificates.map(({ identity }) => identity);
    assert.ok(
      !identities.some((identity) => identity.endsWith("/sa/without-record")),
    );
    assert.ok(identities.some((identity) => identity.endsWith("/sa/known")));
  },
);
