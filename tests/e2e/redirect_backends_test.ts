/** Traffic of the mesh, whatever the rules of its pods are written with. */
import assert from "node:assert/strict";
import { runRedirect } from "../../src/redirect/mod.ts";
import { greetingOf, type LabPod, type Place } from "../lab/mod.ts";
import { AccessTail, identityOf } from "./calls.ts";
import { eventually, labTest, type Mesh, withMesh } from "./support.ts";

const BACKENDS = ["nftables", "iptables-nft", "iptables-legacy"] as const;
type BackendName = typeof BACKENDS[number];

const flagsOf = (backend: BackendName) => ["--redirect-backend", backend];
const NAME = "httpbin.default.svc.cluster.local";
/** Nobody has it: who answers for it has captured the query. */
const RESOLVER = "10.96.0.53";

/** What `hairpin redirect verify` says, which is told nothing of the backend. */
async function verify({ netns }: LabPod): Promise<string> {
  const action = { action: "verify", dryRun: false, ipv6: true } as const;
  const { lines } = await runRedirect({
    ...action,
    netns: `/var/run/netns/${netns}`,
  });
  return lines.join("\n");
}

/** Which backends hold anything of a redirection. */
async function tracesIn({ lab }: Mesh, pod: LabPod): Promise<string[]> {
  const say = async (...command: string[]) =>
    (await lab.exec(pod, command)).stdout;
  const traces: Record<BackendName, string> = {
    "nftables": await say("nft", "list", "tables", "inet"),
    "iptables-nft": await say("iptables-nft-save"),
    "iptables-legacy": await say("iptables-legacy-save"),
  };
  return Object.entries(traces)
    .filter(([, text]) => /istio/i.test(text))
    .map(([name]) => name);
}

/** The body of an answer, less the end of its line. */
async function bodyOf(mesh: Mesh, from: Place, url: string): Promise<string> {
  const { body, error } = await mesh.get(from, url, ["-g"]);
  assert.equal(error, "");
  return body.trim();
}

/** Inbound and outbound, in plaintext and in tunnels, of both families; DNS; probes. */
async function assertTraffic(mesh: Mesh): Promise<void> {
  const { lab, client, sleep, httpbin, services } = mesh;
  for (const family of [4, 6] as const) {
    const ip = (place: { ips: readonly string[] }) =>
      place.ips[family === 4 ? 0 : 1];
    const tail = new AccessTail(client);
    const url = mesh.urlOf(services.httpbin, "/", family);
    assert.equal(await bodyOf(mesh, sleep, url), greetingOf(httpbin));
    const { fields } = await tail.until({ direction: "outbound" });
    assert.equal(fields["dst.identity"], identityOf(httpbin));
    const plain = mesh.urlOf(httpbin, "/ip", family);
    assert.equal(await bodyOf(mesh, lab.outsider, plain), ip(lab.outsider));
    assert.equal(await bodyOf(mesh, httpbin, plain), ip(httpbin));
    assert.match(
      await bodyOf(mesh, lab.node("node-2"), plain),
      /^(169\.254\.7\.127|fd16:9254:7127:1337:.*)$/,
    );
  }
  for (const more of [[], ["+tcp"]]) {
    const dig = ["dig", `@${RESOLVER}`, "+short", "+time=5", ...more, NAME];
    const { stdout } = await lab.exec(sleep, dig);
    assert.equal(stdout.trim(), services.httpbin.vips[0]);
  }
}

for (const backend of BACKENDS) {
  labTest(`traffic passes the proxies by rules of ${backend}`, async () => {
    await withMesh({ flags: flagsOf(backend) }, async (mesh) => {
      for (const pod of [mesh.sleep, mesh.httpbin]) {
        assert.match(
          await verify(pod),
          new RegExp(`as planned, by ${backend}$`),
        );
        assert.deepEqual(await tracesIn(mesh, pod), [backend]);
      }
      await assertTraffic(mesh);
    });
  });
}

labTest(
  "a proxy that is started with another backend takes its pods over",
  async () => {
    await withMesh({ flags: flagsOf("iptables-legacy") }, async (mesh) => {
      const { lab, client, sleep } = mesh;
      let running = client;
      for (const backend of ["nftables", "iptables-nft"] as const) {
        await running.process.stop();
        assert.notEqual(
          (await mesh.get(sleep, mesh.urlOf(mesh.httpbin))).curlCode,
          0,
        );
        running = await lab.startHairpin(lab.node("node-1"), {
          name: `hairpin-${backend}`,
          flags: flagsOf(backend),
        });
        await running.untilPodUp(sleep);
        await eventually(
          `the pod is redirected by ${backend} alone`,
          async () => (await tracesIn(mesh, sleep)).join() === backend,
        );
        const url = mesh.urlOf(mesh.services.httpbin);
        assert.equal(await bodyOf(mesh, sleep, url), greetingOf(mesh.httpbin));
      }
    });
  },
);

labTest(
  "a pod's rules of nftables that somebody removes are put back",
  async () => {
    await withMesh({ flags: flagsOf("nftables") }, async (mesh) => {
      const { lab, sleep } = mesh;
      const remove = ["nft", "delete", "table", "inet", "istio-ambient-nat"];
      assert.equal((await lab.exec(sleep, remove)).code, 0);
      // Any change of the objects is an occasion to look.
      await lab.addPod({ name: "later", node: "node-1" });
      await eventually(
        "the table is back",
        async () => /as planned, by nftables$/.test(await verify(sleep)),
      );
    });
  },
);
