/** DNS of pods that are captured in the node's namespace, asked by dig. */
import assert from "node:assert/strict";
import type { LabPod } from "../lab/mod.ts";
import { nodeAddresses } from "../lab/addresses.ts";
import {
  assertNameLeadsToService,
  dig,
  RESOLVERS,
  UPSTREAM,
  withUpstream,
  writeResolvConf,
} from "./dns_support.ts";
import { labTest, Mesh, shareMesh } from "./support.ts";

const HTTPBIN = "httpbin.default.svc.cluster.local";

const folder = await Deno.makeTempDir();
const resolvConf = await writeResolvConf(folder);
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

const OPTIONS = {
  redirect: "node",
  workers: 2,
  flags: ["--resolv-conf", resolvConf, "--log-level", "info,dns=debug"],
} as const;

const meshTest = shareMesh(OPTIONS);

/** Both families of the mesh's service, whoever is asked, by both protocols. */
async function assertKnowsMesh(mesh: Mesh, from: LabPod, resolver: string) {
  const [v4, v6] = mesh.services.httpbin.vips;
  for (const more of ["", " +tcp"]) {
    const at = `@${resolver}${more}`;
    assert.equal(await dig(mesh, from, `${at} ${HTTPBIN}`), `NOERROR: A ${v4}`);
    assert.equal(
      await dig(mesh, from, `${at} ${HTTPBIN} AAAA`),
      `NOERROR: AAAA ${v6}`,
    );
  }
}

/** What kube-proxy and a network plugin do to the node's packets. */
const TRANSLATION = `
table ip foreign {
  chain services {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${RESOLVERS[0]} meta l4proto { tcp, udp } dnat to ${UPSTREAM}
  }
  chain sources {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${nodeAddresses(1).podRange[0]} ip daddr != ${
  nodeAddresses(1).podRange[0]
} masquerade
  }
  chain guard {
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
  }
}`;

meshTest("whoever is asked, the proxy answers in its name", async (mesh) => {
  const { sleep, notsleep } = mesh;
  const { gateway, underlay } = nodeAddresses(1);
  // Nobody, the node by two ways, and a pod on the same bridge.
  const asked = [...RESOLVERS, ...gateway, ...underlay, ...notsleep.ips];
  for (const resolver of asked) await assertKnowsMesh(mesh, sleep, resolver);
});

meshTest(
  "services and masquerading of the node do not come before",
  async (mesh) => {
    const { lab, sleep } = mesh;
    const node = lab.node("node-1");
    const file = `${folder}/foreign.nft`;
    await Deno.writeTextFile(file, TRANSLATION);
    const strict = ["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1"];
    assert.equal((await lab.exec(node, strict)).code, 0);
    const { stderr } = await lab.exec(node, ["nft", "-f", file]);
    assert.equal(stderr, "");
    try {
      for (const resolver of [RESOLVERS[0]!, nodeAddresses(1).gateway[0]]) {
        await assertKnowsMesh(mesh, sleep, resolver);
      }
    } finally {
      await lab.exec(node, ["nft", "delete", "table", "ip", "foreign"]);
      await lab.exec(node, ["sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0"]);
    }
  },
);

meshTest(
  "an address that DNS gave leads to the service",
  assertNameLeadsToService,
);

meshTest(
  "other names go to the node's resolver, from the node, once",
  async (mesh) => {
    await withUpstream(mesh, async (upstream) => {
      const { sleep } = mesh;
      const [node] = nodeAddresses(1).underlay;
      const rows = [
        // The very resolver of the node, whose answer has its own address.
        [`@${UPSTREAM} www.example`, "NOERROR: A 192.0.2.7", "A"],
        [
          `@${RESOLVERS[1]} www.example AAAA`,
          "NOERROR: AAAA 2001:db8::7",
          "AAAA",
        ],
        [`@${RESOLVERS[0]} +tcp tcp.example`, "NOERROR: A 192.0.2.7", "A"],
        [`@${RESOLVERS[0]} nobody.test`, "NXDOMAIN:", "A"],
      ] as const;
      for (const [args, want, type] of rows) {
        assert.equal(await dig(mesh, sleep, args), want);
        const name = args.split(" ").find((word) => /\.(ex|te)/.test(word));
        await upstream.untilLog(
          new RegExp(`asked ${name} ${type} by udp from ::ffff:${node}\n`),
        );
      }
      assert.equal(upstream.log().match(/^asked /gm)?.length, rows.length);
    });
  },
);

meshTest("both workers answer many at once", async (mesh) => {
  const [v4] = mesh.services.httpbin.vips;
  const ask = (at: LabPod) => dig(mesh, at, `@${RESOLVERS[0]} httpbin`);
  const pods = [mesh.sleep, mesh.notsleep];
  const replies = await Promise.all(
    Array.from({ length: 32 }, (_, i) => ask(pods[i % 2]!)),
  );
  assert.deepEqual(new Set(replies), new Set([`NOERROR: A ${v4}`]));
});

meshTest("metrics and log tell who asked", async (mesh) => {
  const { client, httpbin, server } = mesh;
  await dig(mesh, mesh.sleep, `@${RESOLVERS[0]} httpbin.default`);
  await client.process.untilLog(
    /\tdns\tsrc\.workload="sleep" .* domain="httpbin\.default\." result="success"/,
  );
  await dig(mesh, httpbin, `@${RESOLVERS[0]} httpbin`);
  const asked = (await server.metrics()).filter(({ name, labels }) =>
    name === "istio_dns_requests_total" &&
    labels.source_canonical_service === "httpbin"
  );
  assert.deepEqual(
    asked.map(({ labels, value }) => [labels.request_query_type, value]),
    [["a", 1]],
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
    await upstream.untilLog(
      new RegExp(`asked httpbin A by udp from ::ffff:${own.ips[0]}\n`),
    );
  });
  await lab.removePod(own);
});

labTest(
  "names end with the proxy, and come back with the next one",
  async () => {
    await using mesh = await Mesh.start(OPTIONS);
    const { lab, httpbin, server } = mesh;
    const node = lab.node("node-2");
    await server.stop();
    await withUpstream(mesh, async (upstream) => {
      for (const more of ["", " +tcp"]) {
        const ask = `@${UPSTREAM}${more} www.example`;
        assert.equal(await dig(mesh, httpbin, ask), "no answer:");
      }
      assert.doesNotMatch(upstream.log(), /asked/);
    });
    await using next = await lab.startHairpin(node, {
      ...OPTIONS,
      name: "next",
    });
    await next.untilPodUp(httpbin);
    await assertKnowsMesh(mesh, httpbin, RESOLVERS[0]!);
  },
);
