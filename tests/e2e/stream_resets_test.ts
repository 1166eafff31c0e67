/** Connections that the proxy at the other end breaks off, as both kinds report them. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { redirect } from "../bench/ztunnel_proxies.ts";
import { type HairpinProcess, Lab, type LabPod } from "../lab/mod.ts";
import { findZtunnel } from "../lab/ztunnel.ts";
import { AccessTail, call, Growth } from "./calls.ts";
import {
  HBONE_PORT,
  issue,
  program,
  writeCertificate,
} from "./security_support.ts";
import {
  type Kind,
  startStaticProxy,
  staticWorkload,
} from "./static_proxies.ts";
import { labTest } from "./support.ts";

const ztunnel = await findZtunnel(Deno.env.get("HAIRPIN_TEST_TOOLS"));
const kinds: readonly Kind[] = ztunnel === undefined
  ? ["hairpin"]
  : ["hairpin", "ztunnel"];
const among = ztunnel === undefined
  ? "hairpin (not ztunnel: HAIRPIN_TEST_TOOLS names no folder with it)"
  : "hairpin and ztunnel";
/** Of an application that is not there: its proxy cancels what goes to it. */
const PORT = 9_000;

labTest(
  `${among} report a tunnel's stream that its far end cancels`,
  async () => {
    await using lab = await Lab.create({ nodes: 3 });
    const server = await startServer(lab);
    for (const [i, kind] of kinds.entries()) {
      const node = `node-${i + 1}`;
      const client = await lab.addPod({ name: `sleep-${kind}`, node });
      await redirect(client);
      const proxy = await startProxy(lab, kind, [client, server]);
      const growth = await Growth.watch(proxy);
      const tail = new AccessTail(proxy);
      const url = `http://${server.ips[0]}:${PORT}/`;
      assert.notEqual((await call(lab, client, url)).curlCode, 0);
      const { fields } = await tail.until({ direction: "outbound" });
      assert.match(
        fields["error"] ?? "",
        /^while closing connection: send: io error: broken pipe/,
        kind,
      );
      const failed = "istio_tcp_connections_failed_total";
      assert.equal(await growth.of(failed, { response_flags: "CONNECT" }), 1);
    }
  },
);

async function startServer(lab: Lab): Promise<LabPod> {
  const server = await lab.addPod({ name: "server", node: "node-3" });
  const certificate = await issue(lab, { serviceAccount: "server" });
  const { key, chain, roots } = await writeCertificate(lab, certificate);
  const command = program("reset_server", `${HBONE_PORT}`, key, chain, roots);
  await lab.start(server, "reset-server", command).untilLog(/listening/);
  return server;
}

/** At the node of the first pod. */
function startProxy(
  lab: Lab,
  kind: Kind,
  pods: readonly [LabPod, LabPod],
): Promise<HairpinProcess> {
  const workloads = pods.map((pod) => staticWorkload(pod, ""));
  const mesh = stringify({ workloads, services: [] });
  const { node } = pods[0];
  return startStaticProxy(lab, { node, kind, mesh, network: "", ztunnel });
}
