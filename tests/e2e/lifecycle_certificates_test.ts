/** Certificates that are renewed while connections go on. */
import assert from "node:assert/strict";
import type { HairpinProcess, LabPod } from "../lab/mod.ts";
import { identityOf } from "./calls.ts";
import { startPeer, startPeerServer } from "./peers.ts";
import { SteadyTraffic } from "./steady.ts";
import { ECHO_PORT, eventually, type Mesh, shareMesh } from "./support.ts";

/** Renewed at half its life. */
const LIFE_SECONDS = 12;
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
    const before = await Promise.all([
      serialOf(client, sleep),
      serialOf(server, echo),
    ]);
    assert.equal(shown, before[1]);

    await eventually("both renewed", async () => {
      const now = await Promise.all([
        serialOf(client, sleep),
        serialOf(server, echo),
      ]);
      return now.every((serial, at) => serial !== before[at]);
    });
    // What a new tunnel is shown is the new one.
    assert.notEqual(await shownSerial(mesh, echo), shown);
    // The old one's time passes, and what it opened goes on.
    await eventually("the first certificate expired", async () => {
      const { stdout } = await lab.exec(sleep, ["date", "+%s"]);
      return Number(stdout) > startedSeconds + LIFE_SECONDS + 1;
    });
    await Deno.writeTextFile(go, "");
    assert.equal((await held.report()).text, "okend");
    await steady.stopWithoutFailure();
    assert.doesNotMatch(client.process.log(), /\terror\t|\twarn\t/);
  },
);

const startedSeconds = Date.now() / 1000;

/** The leaf that a proxy holds for a pod now, by its serial number in decimal. */
async function serialOf(proxy: HairpinProcess, pod: LabPod): Promise<string> {
  const { certificates } = await proxy.configDump();
  const row = certificates.find((row) => row.identity === identityOf(pod));
  const [leaf] = row?.["certChain"] as { serialNumber: string }[];
  return leaf?.serialNumber ?? "";
}

/** The leaf that a pod's tunnel port shows to a client, in the same form. */
async function shownSerial({ lab }: Mesh, pod: LabPod): Promise<string> {
  const shell = 'openssl s_client -connect "$1" </dev/null 2>/dev/null | ' +
    "openssl x509 -noout -serial";
  const target = `${pod.ips[0]}:15008`;
  const command = ["sh", "-c", shell, "sh", target];
  const { stdout } = await lab.exec(lab.outsider, command);
  return BigInt(`0x${stdout.trim().replace("serial=", "")}`).toString();
}
