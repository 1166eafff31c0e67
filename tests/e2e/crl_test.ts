/** Revocation lists: who is on one is kept out on either side, and cut off when it comes late. */
import assert from "node:assert/strict";
import { makeCrl } from "../support/openssl_pki.ts";
import { sumSamples } from "../lab/mod.ts";
import { AccessTail, call, identityOf } from "./calls.ts";
import { startPeer, startPeerServer } from "./peers.ts";
import { eventually, labTest, type Mesh, withMesh } from "./support.ts";
import type { HairpinProcess, LabPod } from "../lab/mod.ts";

const REVOKED = "connection closed: peer certificate revoked by CRL";
const HELD_PORT = 9100;

/** A mesh whose proxies follow one file, which is empty at first. */
async function withCrl(
  body: (
    mesh: Mesh,
    revoke: (...pods: LabPod[]) => Promise<void>,
  ) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await withMesh(
      { env: { CRL_PATH: path } },
      (mesh) =>
        body(mesh, async (...pods) => {
          const { caFolder } = mesh.lab;
          const authority = {
            certificate: `${caFolder}/root-cert.pem`,
            key: `${caFolder}/ca-key.pem`,
          };
          const serials = await Promise.all(
            pods.map((pod) => serialOf(mesh, pod)),
          );
          await Deno.writeTextFile(
            `${path}.new`,
            await makeCrl(authority, serials),
          );
          await Deno.rename(`${path}.new`, path);
        }),
    );
  } finally {
    await Deno.remove(path);
  }
}

/** Hexadecimal, of the certificate that the pod's own proxy holds. */
async function serialOf(mesh: Mesh, pod: LabPod): Promise<string> {
  const proxy = pod.node === "node-1" ? mesh.client : mesh.server;
  const { certificates } = JSON.parse(await proxy.admin("/config_dump"));
  const entry = certificates.find((row: { identity: string }) =>
    row.identity === identityOf(pod)
  );
  const hex = BigInt(entry.certChain[0].serialNumber).toString(16);
  return (hex.length % 2 === 0 ? hex : `0${hex}`).toUpperCase();
}

const rejections = async (proxy: HairpinProcess, reporter: string) =>
  sumSamples(await proxy.metrics(), "istio_crl_policy_rejections_total", {
    reporter,
  });

labTest(
  "a client that is revoked is cut off and kept out, others are not",
  () =>
    withCrl(async (mesh, revoke) => {
      const { lab, client, server, sleep, notsleep, httpbin, echo } = mesh;
      const url = mesh.urlOf(httpbin);
      assert.equal((await mesh.get(sleep, url)).status, 200);
      assert.equal((await mesh.get(notsleep, url)).status, 200);
      await startPeerServer(lab, echo, HELD_PORT, [
        "read=2",
        "send=ok",
        "readall",
      ]);
      const held = startPeer(lab, sleep, {
        ip: echo.ips[0] ?? "",
        port: HELD_PORT,
      }, [
        ...["send=hi", "read=2", "say=open", "readall"],
      ]);
      await held.untilSaid("open");
      const tail = new AccessTail(server);

      await revoke(sleep);
      const { fields } = await tail.until({
        direction: "inbound",
        error: REVOKED,
      });
      assert.equal(fields["src.identity"], identityOf(sleep));
      assert.equal((await held.report()).end, "reset");
      assert.ok(await rejections(server, "destination") >= 1);

      const refused = new AccessTail(server);
      assert.notEqual((await mesh.get(sleep, url)).status, 200);
      await refused.until({
        direction: "inbound",
        error: "tls handshake error: invalid peer certificate: Revoked",
      });
      assert.equal((await mesh.get(notsleep, url)).status, 200);
      const flags = (await server.metrics()).filter(({ name, labels }) =>
        name === "istio_tcp_connections_closed_total" &&
        labels.response_flags === "CERT_REVOKED"
      );
      assert.equal(flags.length, 1);
      assert.equal(await rejections(client, "source"), 0);

      await revoke();
      await eventually(
        "sleep is let in again",
        async () => (await mesh.get(sleep, url)).status === 200,
      );
    }),
);

labTest(
  "a server that is revoked is left and not called again",
  () =>
    withCrl(async (mesh, revoke) => {
      const { lab, client, sleep, httpbin, echo } = mesh;
      const url = mesh.urlOf(httpbin);
      assert.equal((await mesh.get(sleep, url)).status, 200);
      const tail = new AccessTail(client);

      await revoke(httpbin);
      await eventually(
        "httpbin is not called any more",
        async () => (await mesh.get(sleep, url)).status === 0,
      );
      await tail.until({
        direction: "outbound",
        error: "io error: invalid peer certificate: Revoked",
      });
      assert.ok(await rejections(client, "source") >= 1);
      // Who is not on the list is called as before.
      await startPeerServer(lab, echo, HELD_PORT, [
        "read=2",
        "send=ok",
        "readall",
      ]);
      const other = startPeer(lab, sleep, {
        ip: echo.ips[0] ?? "",
        port: HELD_PORT,
      }, [
        ...["send=hi", "read=2", "end", "readall"],
      ]);
      assert.equal((await other.report()).end, "end");
    }),
);

labTest(
  "pods of one node meet in a tunnel too where lists are followed",
  () =>
    withCrl(async (mesh, revoke) => {
      const { lab, client, sleep } = mesh;
      const near = await lab.addPod({ name: "near", node: "node-1" });
      await client.untilPodUp(near);
      await startPeerServer(lab, near, HELD_PORT, ["readall"]);
      const url = `http://${near.ips[0]}:${HELD_PORT}/`;
      const tail = new AccessTail(client);
      await revoke(sleep);
      await eventually("sleep is kept out", async () => {
        await call(lab, sleep, url, ["--max-time", "2"]);
        return client.process.log().includes(
          "invalid peer certificate: Revoked",
        );
      });
      await tail.until({ direction: "inbound" });
    }),
);
