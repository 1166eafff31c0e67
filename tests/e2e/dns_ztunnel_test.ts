/** The same questions to ztunnel and to hairpin have the same answers. */
import assert from "node:assert/strict";
import { handover, redirect } from "../bench/ztunnel_proxies.ts";
import { Lab, type LabPod } from "../lab/mod.ts";
import { findZtunnel, startZtunnel } from "../lab/ztunnel.ts";
import { labTest } from "./support.ts";

const program = await findZtunnel(Deno.env.get("HAIRPIN_TEST_TOOLS"));
const WEB = "web.default.svc.cluster.local";

/** Of both logs. */
const LINE =
  /debug\tdns\tsrc\.workload="\w+" src\.namespace="default" query="A" domain="web\.default\.svc\.cluster\.local\." result="success" endpoints=\d/;

const QUESTIONS = [
  WEB,
  `${WEB} AAAA`,
  "WEB.Default",
  "web",
  "web AAAA +tcp",
  "web.default.svc",
  `${WEB}.default.svc.cluster.local`,
  "web.default.svc.cluster.local.cluster.local AAAA",
  `${WEB} +noedns`,
  `${WEB} +bufsize=512 +dnssec`,
  `${WEB} +tcp +norecurse`,
];

/** Status, flags, EDNS and records; not what differs each time. */
async function dig(lab: Lab, from: LabPod, question: string) {
  const words = ["dig", "+tries=1", "+time=5", "@10.96.0.53"];
  const { stdout } = await lab.exec(from, [...words, ...question.split(" ")]);
  const find = (pattern: RegExp) => pattern.exec(stdout)?.[1] ?? "";
  return {
    question,
    status: find(/status: (\w+)/),
    flags: find(/flags: ([a-z ]+);/),
    edns: /EDNS: version: 0/.test(stdout),
    records: stdout.split("\n")
      .filter((line) => line !== "" && !line.startsWith(";"))
      .map((line) => line.replaceAll(/\s+/g, " ").toLowerCase()),
  };
}

if (program === undefined) {
  Deno.test(
    "DNS answers as ztunnel does (skipped: HAIRPIN_TEST_TOOLS names no folder with ztunnel)",
    {
      ignore: true,
    },
    () => {},
  );
} else {
  labTest("DNS answers as ztunnel does", async () => {
    await using lab = await Lab.create();
    const theirs = await lab.addPod({ name: "theirs", node: "node-1" });
    const ours = await lab.addPod({ name: "ours", node: "node-2" });
    await lab.addService({
      name: "web",
      selector: { app: "web" },
      ports: [{ port: 80, targetPort: 80 }],
    });
    await redirect(theirs);
    const env = { RUST_LOG: "info,dns=debug" };
    const options = { program, workers: 1, handover, env };
    const ztunnel = await startZtunnel(lab, lab.node("node-1"), options);
    const hairpin = await lab.startHairpin(lab.node("node-2"), {
      env,
    });
    await hairpin.untilPodUp(ours);
    for (const question of QUESTIONS) {
      assert.deepEqual(
        await dig(lab, ours, question),
        await dig(lab, theirs, question),
      );
    }
    await ztunnel.untilLog(LINE);
    await hairpin.process.untilLog(LINE);
  });
}
