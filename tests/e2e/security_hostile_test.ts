/** Peers that mean no good cost themselves their connection, and nobody else anything. */
import assert from "node:assert/strict";
import { type HairpinProcess, type LabProcess, sendTcp } from "../lab/mod.ts";
import { call } from "./calls.ts";
import type { Attack, HostileJob, HostileNews, Trick } from "./hostile_job.ts";
import { HBONE_PORT, issue, program } from "./security_support.ts";
import { openStreams } from "./streams.ts";
import { ECHO_PORT, eventually, type Mesh, shareMesh } from "./support.ts";

const meshTest = shareMesh({ env: { RUST_LOG: "debug" } });

/** All attacks are on the pod that honest callers have their connections to. */
const victimIp = ({ echo }: Mesh): string => echo.ips[0] ?? "";

/** More than any attack was seen to cost, and far less than what it asks for. */
const MEMORY_MIB_MAX = 150;

const CALM = "ENHANCE_YOUR_CALM";

const TRICKS: readonly [trick: Trick, error: RegExp][] = [
  ["noise", /PROTOCOL_ERROR: not an HTTP\/2 preface/],
  ["rapid-reset", new RegExp(`${CALM}: too many frames: reset`)],
  ["continuation", new RegExp(`${CALM}: header block too long`)],
  ["long-headers", new RegExp(`${CALM}: header block too long`)],
  ["header-bomb", new RegExp(`${CALM}: too many frames: reset`)],
  ["ping-flood", new RegExp(`${CALM}: too many frames: ping`)],
  ["settings-flood", new RegExp(`${CALM}: too many frames: settings`)],
];

for (const [trick, error] of TRICKS) {
  meshTest(
    `${trick} on a tunnel costs its peer the tunnel and others nothing`,
    async (mesh) => {
      await using honest = await openStreams(mesh, mesh.sleep);
      const { process } = mesh.server;
      const [from, before] = [process.log().length, process.residentMiB()];
      const attack = await tunnelAttack(mesh, trick);
      const attacker = startAttack(mesh, HBONE_PORT, attack);
      assert.equal((await overOf(attacker)).closed, 1);
      await process.untilLog(error, { from });
      await honest.untilMoreAnswers();
      assert.equal(honest.ended(), 0);
      assert.ok(process.residentMiB() - before < MEMORY_MIB_MAX);
    },
  );
}

for (const port of [HBONE_PORT, 15_006]) {
  meshTest(
    `noise on port ${port} is cut and costs others nothing`,
    async (mesh) => {
      await using honest = await openStreams(mesh, mesh.sleep);
      const connections = 200;
      const attack = { kind: "noise", connections } as const;
      const attacker = startAttack(mesh, port, attack);
      assert.equal((await overOf(attacker)).closed, connections);
      await honest.untilMoreAnswers();
      assert.equal(honest.ended(), 0);
    },
  );
}

meshTest(
  "thousands of peers that say nothing hinder nobody, and are cut in the end",
  async (mesh) => {
    await using honest = await openStreams(mesh, mesh.sleep);
    await callOthers(mesh); // opens the tunnels that are kept
    const before = descriptorsOf(mesh.server);
    const from = mesh.server.process.log().length;
    const connections = 5_000;
    const crowd = startAttack(mesh, HBONE_PORT, {
      kind: "silence",
      connections,
    });
    const attack = await tunnelAttack(mesh, "silence");
    const mute = startAttack(mesh, HBONE_PORT, attack);
    await crowd.untilLog(/"open"/, { timeoutMs: OVER_MS });
    assert.ok(
      descriptorsOf(mesh.server) > before + connections / 5,
      "many at once",
    );
    await callOthers(mesh);
    await honest.untilMoreAnswers();
    const over = await overOf(crowd);
    assert.deepEqual(over, { at: "over", closed: connections, heard: 0 });
    assert.equal((await overOf(mute)).closed, 1);
    const { process } = mesh.server;
    await process.untilLog(/tls handshake error: tls handshake timed out/, {
      from,
    });
    await process.untilLog(/tunnel closed\terror="http2 handshake timed out"/, {
      from,
    });
    await eventually(
      "no descriptor left",
      () => Promise.resolve(descriptorsOf(mesh.server) <= before),
    );
    await honest.untilMoreAnswers();
    assert.equal(honest.ended(), 0);
  },
);

/** Calls the pod that is under attack, and another one of its node. */
async function callOthers(mesh: Mesh): Promise<void> {
  const { lab, notsleep } = mesh;
  const other = await call(lab, notsleep, mesh.urlOf(mesh.httpbin));
  assert.equal(other.status, 200);
  const victim = victimIp(mesh);
  const echoed = await sendTcp(lab, notsleep, victim, ECHO_PORT, "hello");
  assert.equal(echoed.stdout, "hello");
}

async function tunnelAttack(mesh: Mesh, trick: Trick): Promise<Attack> {
  const tls = await issue(mesh.lab, { serviceAccount: "notsleep" });
  const authority = `${victimIp(mesh)}:${ECHO_PORT}`;
  return { kind: "tunnel", tls, trick, authority };
}

let attacks = 0;

function startAttack(mesh: Mesh, port: number, attack: Attack): LabProcess {
  const job: HostileJob = { to: { ip: victimIp(mesh), port }, attack };
  const command = program("hostile", JSON.stringify(job));
  return mesh.lab.start(mesh.lab.outsider, `hostile-${++attacks}`, command);
}

/** Longer than a limit of the proxy's and the time that thousands of connections take. */
const OVER_MS = 40_000;

async function overOf(
  attacker: LabProcess,
): Promise<Extract<HostileNews, { at: "over" }>> {
  const [line] = await attacker.untilLog(/^.*"over".*$/m, {
    timeoutMs: OVER_MS,
  });
  return JSON.parse(line);
}

const descriptorsOf = ({ process }: HairpinProcess): number =>
  [...Deno.readDirSync(`/proc/${process.pid}/fd`)].length;
