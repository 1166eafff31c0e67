/** DNS of pods: captured, answered, or passed on to the resolvers of the node. */
import assert from "node:assert/strict";
import {
  assertNameLeadsToService,
  dig,
  RESOLVERS,
  UPSTREAM,
  withUpstream,
  writeResolvConf,
} from "./dns_support.ts";
import { shareMesh } from "./support.ts";

const HTTPBIN = "httpbin.default.svc.cluster.local";

const folder = await Deno.makeTempDir();
const resolvConf = await writeResolvConf(folder);
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const meshTest = shareMesh({
  workers: 2,
  flags: ["--resolv-conf", resolvConf, "--log-level", "info,dns=debug"],
});

meshTest("a pod's resolver knows the mesh's services", async (mesh) => {
  const { sleep, services } = mesh;
  const [v4, v6] = services.httpbin.vips;
  for (const resolver of RESOLVERS) {
    for (const more of ["", " +tcp"]) {
      const at = `@${resolver}${more}`;
      assert.equal(
        await dig(mesh, sleep, `${at} ${HTTPBIN}`),
        `NOERROR: A ${v4}`,
      );
      assert.equal(
        await dig(mesh, sleep, `${at} ${HTTPBIN} AAAA`),
        `NOERROR: AAAA ${v6}`,
      );
    }
  }
});

meshTest("a search domain on a full name gives an alias", async (mesh) => {
  const { sleep, services } = mesh;
  const [v4] = services.httpbin.vips;
  const ask = (name: string) => dig(mesh, sleep, `@${RESOLVERS[0]} ${name}`);
  assert.equal(await ask("httpbin"), `NOERROR: A ${v4}`);
  assert.equal(await ask("httpbin.default"), `NOERROR: A ${v4}`);
  assert.equal(
    await ask(`${HTTPBIN}.default.svc.cluster.local`),
    `NOERROR: CNAME ${HTTPBIN}. A ${v4}`,
  );
});

meshTest(
  "an address that DNS gave leads to the service",
  assertNameLeadsToService,
);

meshTest(
  "other names go to the node's resolver, from the pod, once",
  async (mesh) => {
    await withUpstream(mesh, async (upstream) => {
      const { sleep } = mesh;
      const [v4] = sleep.ips;
      const rows = [
        ["www.example", "NOERROR: A 192.0.2.7", "A by udp"],
        ["www.example AAAA", "NOERROR: AAAA 2001:db8::7", "AAAA by udp"],
        ["nobody.test", "NXDOMAIN:", "A by udp"],
        // From one who asks by TCP they are passed on by UDP while that is enough.
        ["+tcp tcp.example", "NOERROR: A 192.0.2.7", "A by udp"],
        ["httpbin.other.svc.cluster.local", "NXDOMAIN:", "A by udp"],
      ];
      for (const [args, want, asked] of rows) {
        assert.equal(await dig(mesh, sleep, `@${RESOLVERS[0]} ${args}`), want);
        const name = args!.split(" ").find((word) => word.includes("."));
        await upstream.untilLog(
          new RegExp(`asked ${name} ${asked} from ::ffff:${v4}\n`),
        );
      }
      assert.equal(upstream.log().match(/^asked /gm)?.length, rows.length);
    });
  },
);

meshTest("without the node's resolver a name fails, and soon", async (mesh) => {
  const ask = `@${RESOLVERS[0]} www.example`;
  assert.equal(await dig(mesh, mesh.sleep, ask), "SERVFAIL:");
  const again = `@${RESOLVERS[0]} httpbin`;
  assert.match(await dig(mesh, mesh.sleep, again), /^NOERROR: A /);
});

meshTest("both workers answer", async (mesh) => {
  const counts = await Promise.all(
    Array.from(
      { length: 32 },
      () => dig(mesh, mesh.sleep, `@${RESOLVERS[0]} httpbin`),
    ),
  );
  const [v4] = mesh.services.httpbin.vips;
  assert.deepEqual(new Set(counts), new Set([`NOERROR: A ${v4}`]));
});

meshTest("metrics and log tell of queries", async (mesh) => {
  await dig(mesh, mesh.notsleep, `@${RESOLVERS[0]} httpbin`);
  const samples = await mesh.client.metrics();
  const asked = samples.filter(({ name, labels }) =>
    name === "istio_dns_requests_total" &&
    labels.source_canonical_service === "notsleep"
  );
  assert.deepEqual(
    asked.map(({ labels, value }) => [labels.request_query_type, value]),
    [["a", 1]],
  );
  await mesh.client.process.untilLog(
    /\tdns\tsrc\.workload="notsleep" .* domain="httpbin\." result="success"/,
  );
});

meshTest("a pod that says no asks its resolver itself", async (mesh) => {
  const { lab, client } = mesh;
  const own = await lab.addPod({
    name: "own-dns",
    node: "node-1",
    annotations: { "ambient.istio.io/dns-capture": "false" },
  });
  await client.untilPodUp(own);
  await withUpstream(mesh, async (upstream) => {
    const ask = (name: string) => dig(mesh, own, `@${UPSTREAM} ${name}`);
    assert.equal(await ask("www.example"), "NOERROR: A 192.0.2.7");
    assert.equal(await ask("httpbin"), "NXDOMAIN:");
    await upstream.untilLog(/asked httpbin A by udp/);
  });
});
