import assert from "node:assert/strict";
import {
  flowsOf,
  greetingOf,
  isTls,
  Lab,
  labSkipReason,
  sendTcp,
  showsText,
  startEchoServer,
  startHttpServer,
  urlHost,
  WireCapture,
} from "./mod.ts";
import { readProcessStat } from "./proc_stat.ts";
import { namespacesOf, sweepDeadRuns } from "./run_folder.ts";

const skip = await labSkipReason();
const DOOMED = new URL("./programs/doomed_lab.ts", import.meta.url).pathname;

function labTest(name: string, body: () => Promise<void>): void {
  Deno.test({
    name: skip ? `${name} (skipped: ${skip})` : name,
    ignore: skip !== undefined,
    fn: body,
  });
}

labTest(
  "Lab connects pods of two nodes and the outsider, by IPv4 and IPv6",
  async () => {
    await using lab = await Lab.create();
    const client = await lab.addPod({ name: "client", node: "node-1" });
    const server = await lab.addPod({ name: "server", node: "node-2" });
    await startHttpServer(lab, server);
    const capture = await WireCapture.start(lab);
    for (const from of [client, lab.outsider, server]) {
      for (const ip of server.ips) {
        const command = [
          "curl",
          "-sS",
          "--max-time",
          "5",
          `http://${urlHost(ip)}:8000/`,
        ];
        const { stdout, stderr } = await lab.exec(from, command);
        assert.equal(
          stdout,
          `${greetingOf(server)}\n`,
          `${from.netns} to ${ip}: ${stderr}`,
        );
      }
    }
    const seen = await capture.stop();
    assert.equal(showsText(seen, greetingOf(server)), true);
    assert.equal(flowsOf(seen).some(isTls), false);
  },
);

labTest(
  "Lab routes no service address, so that only a mesh answers there",
  async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const client = await lab.addPod({ name: "client", node: "node-1" });
    const port = { port: 80, targetPort: 8000 };
    const service = await lab.addService({
      name: "s",
      selector: {},
      ports: [port],
    });
    for (const vip of service.vips) {
      const command = [
        "curl",
        "-sS",
        "--max-time",
        "5",
        `http://${urlHost(vip)}/`,
      ];
      assert.notEqual((await lab.exec(client, command)).code, 0);
    }
  },
);

labTest(
  "startEchoServer() doubles what it reads and ends after its client",
  async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const pod = await lab.addPod({ name: "echo", node: "node-1" });
    await startEchoServer(lab, pod, 9000, "double");
    const { stdout } = await sendTcp(lab, pod, "127.0.0.1", 9000, "abc");
    assert.equal(stdout, "aabbcc");
  },
);

labTest("Lab.applyPod() and removePod() change the manifests", async () => {
  await using lab = await Lab.create({ nodes: 1 });
  const pod = await lab.addPod({ name: "p", node: "node-1" });
  const file = `${lab.configFolder}/pod-default-p.yaml`;
  await lab.applyPod({ ...pod, ready: false });
  assert.match(await Deno.readTextFile(file), /status: "False"/);
  await lab.removePod(pod);
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  assert.equal(namespacesOf(lab).includes(pod.netns), false);
});

labTest("Lab leaves no namespace and no process after its scope", async () => {
  let left: { prefix: string } = { prefix: "" };
  let status: Promise<Deno.CommandStatus> | undefined;
  {
    await using lab = await Lab.create({ nodes: 1 });
    left = { prefix: lab.prefix };
    status = lab.start(lab.node("node-1"), "sleep", ["sleep", "1000"]).ended;
  }
  assert.equal((await status).signal, "SIGTERM");
  assert.deepEqual(namespacesOf(left), []);
});

labTest(
  "Lab.startHairpin() shows the last words of a program that ends first",
  async () => {
    await using lab = await Lab.create({ nodes: 1 });
    const program = ["sh", "-c", 'echo "refused: $*"; exit 2', "sh"];
    await assert.rejects(
      lab.startHairpin(lab.node("node-1"), { program, flags: ["--extra"] }),
      /hairpin-node-1.*\nrefused: --mode node --redirect self .*--node-name node-1.* --extra/,
    );
  },
);

labTest("Lab.startHairpin() starts a waypoint in a pod only", async () => {
  await using lab = await Lab.create({ nodes: 1 });
  const started = lab.startHairpin(lab.node("node-1"), {
    gateway: "default/waypoint",
  });
  await assert.rejects(started, /a waypoint runs in a pod/);
});

async function startDoomed() {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", DOOMED],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const [prefix = "", pid = "", folder = ""] = new TextDecoder().decode(value)
    .trim().split(" ");
  return { child, reader, prefix, pid: Number(pid), folder };
}

async function assertGone(
  prefix: string,
  pid: number,
  folder: string,
): Promise<void> {
  assert.deepEqual(namespacesOf({ prefix }), []);
  assert.equal(readProcessStat(pid)?.state ?? "Z", "Z");
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
}

labTest("sweepDeadRuns() removes all that a killed owner left", async () => {
  const { child, reader, prefix, pid, folder } = await startDoomed();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  assert.equal(namespacesOf({ prefix }).length, 4, "node, wire, outsider, pod");
  sweepDeadRuns();
  await assertGone(prefix, pid, folder);
});

labTest("Lab removes itself when its owner is told to end", async () => {
  const { child, reader, prefix, pid, folder } = await startDoomed();
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 143);
  await reader.cancel();
  await assertGone(prefix, pid, folder);
});
