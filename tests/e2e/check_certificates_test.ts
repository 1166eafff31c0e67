/** `hairpin check` of a proxy whose authority has run out. */
import assert from "node:assert/strict";
import { ROOT_TTL_MS } from "../../src/control/ca/limits.ts";
import { makeRoot } from "../../src/control/ca/make_root.ts";
import type { Finding } from "../../src/modes/check/finding.ts";
import { Lab } from "../lab/mod.ts";
import { assertFinds, runCheckWith } from "./check_support.ts";
import { eventually, labTest } from "./support.ts";

/** Time for a start; what is issued ends with the root. */
const LIFE_MS = 20_000;
const WAIT_MS = 60_000;

labTest(
  "check finds certificates that have expired, and nothing else",
  async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const root = await makeRoot(Date.now() - ROOT_TTL_MS + LIFE_MS);
    await Deno.mkdir(lab.caFolder, { recursive: true, mode: 0o700 });
    const write = (name: string, text: string, mode: number) =>
      Deno.writeTextFile(`${lab.caFolder}/${name}`, text, { mode });
    await write("ca-key.pem", root.keyPem, 0o600);
    await write("root-cert.pem", root.certificatePem, 0o644);
    const pod = await lab.addPod({ name: "web", node: "node-1" });
    await using hairpin = await lab.startHairpin(lab.node("node-1"));
    await hairpin.untilPodUp(pod);
    const findings = async () => {
      const args = ["--json", "--netns", "/dev/null"];
      const said = await runCheckWith(lab, hairpin.place, [], args);
      assert.notEqual(said.stdout, "", said.stderr);
      return (JSON.parse(said.stdout) as Finding[])
        .filter(({ subject }) => subject === "node");
    };
    const stateIs = (state: RegExp) =>
      eventually(`certificates ${state}`, async () => {
        const { certificates } = await hairpin.configDump();
        return state.test(JSON.stringify(certificates));
      }, WAIT_MS);
    await stateIs(/"Available"/);
    assertFinds(await findings(), {});
    await stateIs(/"Unavailable: /);
    assertFinds(await findings(), {
      certificates: [
        "failed",
        /\/sa\/web has none: Unavailable: .*expired 20\d\d-/,
      ],
    });
  },
);
