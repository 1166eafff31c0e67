/** `hairpin check` of a process that systemd's journal has the log of, or a user's pipe. */
import assert from "node:assert/strict";
import type { Finding } from "../../src/modes/check/finding.ts";
import {
  type HairpinProcess,
  hasProgram,
  Lab,
  type LabPod,
  type LabProcess,
  labSkipReason,
  startHttpServer,
} from "../lab/mod.ts";
import { assertFinds, runCheckFrom } from "./check_support.ts";
import { eventually, HTTP_PORT } from "./support.ts";

const JOURNALD = "/lib/systemd/systemd-journald";
/** Where journal and daemon keep what they have; each test has its own. */
const FOLDERS = ["/run/systemd", "/run/log", "/var/log/journal"];

async function skipReason(): Promise<string | undefined> {
  const reason = await labSkipReason();
  if (reason !== undefined) return reason;
  const isThere = await hasProgram(JOURNALD) && await hasProgram("journalctl");
  if (!isThere) return "it needs the Debian package systemd";
  const missing = FOLDERS.find((path) => {
    try {
      return !Deno.statSync(path).isDirectory;
    } catch {
      return true;
    }
  });
  return missing && `this machine has no folder ${missing}`;
}

const skip = await skipReason();
if (skip !== undefined) {
  console.log(`tests of check with a journal are skipped: ${skip}`);
}

/** A journal in mounts that nobody else sees. */
async function startJournal(lab: Lab, at: LabPod["netns"]) {
  const mounts = FOLDERS.map((path) => `mount -t tmpfs none ${path}`);
  const script = [
    ...mounts,
    "mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal",
    // The kernel's own messages and its audit are none of a test's business.
    "printf '[Journal]\\nReadKMsg=no\\nAudit=\\n' > /run/systemd/journald.conf.d/lab.conf",
    `exec ${JOURNALD}`,
  ].join(" && ");
  const command = ["unshare", "--mount", "--propagation", "slave"];
  const journal = lab.start(
    { netns: at },
    "journald",
    [...command, "sh", "-c", script],
  );
  const socket = `/proc/${journal.pid}/root/run/systemd/journal/stdout`;
  await eventually(
    "a journal",
    () => Deno.stat(socket).then(() => true, () => false),
  );
  return journal;
}

const within = ({ pid }: LabProcess): string[] => [
  "nsenter",
  `--mount=/proc/${pid}/ns/mnt`,
  "--",
];

class JournaledNode {
  private constructor(
    readonly lab: Lab,
    readonly journal: LabProcess,
    readonly hairpin: HairpinProcess,
    readonly web: LabPod,
  ) {}

  static async start(lab: Lab): Promise<JournaledNode> {
    const node = lab.node("node-1");
    const web = await lab.addPod({ name: "web", node: "node-1" });
    await lab.addPod({ name: "caller", node: "node-1" });
    await startHttpServer(lab, web, HTTP_PORT);
    await lab.addService({
      ...{ name: "web", selector: { app: "web" } },
      ports: [{ port: HTTP_PORT, targetPort: HTTP_PORT }],
    });
    const journal = await startJournal(lab, node.netns);
    const root = new URL("../..", import.meta.url).pathname;
    const hairpin = await lab.startHairpin(node, {
      program: [
        ...within(journal),
        ...["systemd-cat", Deno.execPath(), "run", "-P"],
        ...["--config", `${root}deno.json`, `${root}main.ts`],
      ],
    });
    return new JournaledNode(lab, journal, hairpin, web);
  }

  /** @param before Words in front of the program. */
  async check(
    before: readonly string[],
    ...args: readonly string[]
  ): Promise<Finding[]> {
    const all = ["--json", "--pod", "default/web", ...args];
    const place = this.hairpin.place;
    const said = await runCheckFrom(this.lab, place, before, all);
    assert.notEqual(said.stdout, "", said.stderr);
    return JSON.parse(said.stdout);
  }
}

const foundBy = (findings: readonly Finding[], check: string): string =>
  findings.find((one) => one.check === check)?.found ?? "";

Deno.test({
  name:
    "check reads the proxy's log in the journal, or says how to hand it over",
  ignore: skip !== undefined,
  async fn() {
    await using lab = await Lab.create();
    const node = await JournaledNode.start(lab);
    const inside = within(node.journal);
    await eventually("both pods in the log", async () => {
      const findings = await node.check(inside);
      return foundBy(findings, "pods in the log") === "2 of 2";
    });
    const findings = await node.check(inside);
    assertFinds(findings, {});
    const pid = /answers \(pid (\d+)\)/
      .exec(foundBy(findings, "admin server"))?.[1];
    assert.equal(foundBy(findings, "log"), `journal of pid ${pid}`);
    assert.equal(foundBy(findings, "listeners in the log"), "for 2 pods");
    assert.match(
      foundBy(findings, "access line"),
      /^default\/caller to \S+: spiffe:\/\/\S+\/sa\/caller$/,
    );

    // Elsewhere there is no journal that has anything of it.
    const unread = await node.check(["env"]);
    assertFinds(unread, {
      log: ["warning", /^in the journal, which is not to be read here$/],
    });
    const hint = unread.find(({ check }) => check === "log")?.hint;
    const [take = "", rest] = hint?.split(" | ") ?? [];
    assert.equal(rest, "hairpin check --log -");

    const pipe = `${inside.join(" ")} ${take} | "$0" "$@"`;
    const piped = await node.check(["sh", "-c", pipe], "--log", "-");
    assertFinds(piped, {});
    assert.equal(foundBy(piped, "log"), "standard input");
    assert.equal(foundBy(piped, "pods in the log"), "2 of 2");
  },
});
