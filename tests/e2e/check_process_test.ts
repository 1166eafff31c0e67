/** `hairpin check` of a node whose proxy was started wrongly. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/modes/check/finding.ts";
import { type HairpinOptions, Lab } from "../lab/mod.ts";
import { assertFinds, type Expected, runCheckWith } from "./check_support.ts";
import { eventually, labTest } from "./support.ts";

const HAIRPIN = [Deno.execPath(), "run", "-P", "main.ts"];

interface Start {
  readonly what: string;
  readonly options: HairpinOptions;
  /** What check says of the node. */
  readonly finds: Expected;
}

const STARTS: readonly Start[] = [
  {
    what: "a mark that no rule knows, and nothing else",
    options: { redirect: "none", env: { PACKET_MARK: "7" } },
    finds: { "packet mark": ["failed", /^7, the rules know 1337$/] },
  },
  {
    what: "nothing wrong in a mark that rules know by its last bits",
    options: { env: { PACKET_MARK: `${0x1539}` } },
    finds: {},
  },
  {
    what: "a capability that is missing, and nothing else",
    options: {
      redirect: "none",
      program: ["setpriv", "--bounding-set=-net_raw", "--", ...HAIRPIN],
    },
    finds: { capabilities: ["failed", /^without CAP_NET_RAW$/] },
  },
  {
    what: "an authority that signs nothing, and nothing else",
    options: { env: { CA_ADDRESS: "https://127.0.0.1:1" } },
    finds: {
      certificates: ["failed", /^spiffe:\S+\/sa\/web has none: Unavailable: /],
    },
  },
];
for (const { what, options, finds } of STARTS) {
  labTest(`check finds ${what}`, async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const enrols = options.redirect === undefined;
    const pod = await lab.addPod({ name: "web", node: "node-1" });
    await using hairpin = await lab.startHairpin(lab.node("node-1"), options);
    if (enrols) {
      await hairpin.untilPodUp(pod);
      await eventually("a certificate, or none", async () => {
        const { certificates } = await hairpin.configDump();
        return JSON.stringify(certificates).includes("/sa/web") &&
          !JSON.stringify(certificates).includes("Initializing");
      });
    }
    const { place } = hairpin;
    const args = ["--json", "--netns", "/dev/null"];
    const { stdout } = await runCheckWith(lab, place, [], args);
    const findings = (JSON.parse(stdout) as Finding[])
      .filter(({ subject }) => subject === "node");
    assert.ok(findings.length > 0);
    assertFinds(findings, finds);
  });
}
