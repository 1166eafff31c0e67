/** Certificates that are renewed while connections go on. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabPod } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";
import { startPeer, startPeerServer } from "./peers.ts";
import { SteadyTraffic } from "./steady.ts";
import { ECHO_PORT, eventually, type Mesh, shareMesh } from "./support.ts";

/** Renewed at half its life. */
const LIFE_SECONDS = 12;
const SECOND_MS = 1_000;
const meshTest = shareMesh({ env: { SECRET_TTL: `${LIFE_SECONDS}s` } });

const HELD_PORT = 9600;

meshTest(
  "certificates are renewed under traffic, which does not notice",
  async (mesh) => {
    const { lab, sleep, echo, client, server } = mesh;
    const go = `${lab.folder}/go`;
    await using _held = await startPeerServer(lab, echo, HELD_PORT, [
      ...["read=2", "send=ok", "read=2", "send=end", "end", "readall"],
    ]);
    const held = startPeer(lab, sleep, { ip: echo.ips[0]!, port: HELD_PORT }, [
      ...["send=hi", "read=2", "say=open", `until=${go}`, "send=go", "readall"],
    ]);
    await held.untilSaid("open");
    const to = { ip: echo.ips[0]!, port: ECHO_PORT };
    const steady = await SteadyTraffic.start(lab, sleep, to);
    const shown = await shownSerial(mesh, echo);
    const leaves = () =>
      Promise.all([leafOf(client, sleep), leafOf(server, echo)]);
    const before = await leaves();
    await eventually("both renewed", async () => {
      const now = await leaves();
      return now.every(({ serialNumber }, at) =>
        serialNumber !== before[at]!.serialNumber
      );
    });
    // A new tunnel is shown the new one, in whatever worker it ends.
    const [, renewed] = await leaves();
    assert.equal(await shownSerial(mesh, echo), renewed.serialNumber);
    assert.notEqual(renewed.serialNumber, shown);
    // The old ones' time passes, and what they opened goes on.
    for (const { expirationTime } of before) await untilPast(expirationTime);
    await Deno.writeTextFile(go, "");
    assert.equal((await held.report()).text, "okend");
    await steady.stopWithoutFailure();
    assert.doesNotMatch(client.process.log(), /\terror\t|\twarn\t/);
  },
);

interface Leaf {
  /** In decimal. */
  readonly serialNumber: string;
  /** RFC 3339. */
  readonly expirationTime: string;
}

/** What a proxy holds for a pod now. */
async function leafOf(proxy: HairpinProcess, pod: LabPod): Promise<Leaf> {
  const { certificates } = await proxy.configDump();
  const row = certificates.find((row) => row.identity === identityOf(pod));
  const [leaf] = row?.["certChain"] as Leaf[];
  assert.ok(leaf, `no certificate of ${pod.name}`);
  return leaf;
}

async function untilPast(time: string): Promise<void> {
  const leftMs = Date.parse(time) - Date.now() + SECOND_MS;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)));
}

/** Serial number of the leaf that a pod's tunnel port shows to a client, in decimal. */
async function shownSerial({ lab }: Mesh, pod: LabPod): Promise<string> {
  const shell = 'openssl s_client -connect "$1" </dev/null 2>/dev/null | ' +
    "openssl x509 -noout -serial";
  const target = `${pod.ips[0]}:15008`;
  const command = ["sh", "-c", shell, "sh", target];
  const { stdout } = await lab.exec(lab.outsider, command);
  return BigInt(`0x${stdout.trim().replace("serial=", "")}`).toString();
}
