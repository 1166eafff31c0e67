/** `hairpin check` of a node that Istio's preview of 2022 left something on. */
import assert from "node:assert/strict";
import { hasProgram, inNamespace, must } from "../lab/mod.ts";
import { assertFinds, checkPod, type Expected } from "./check_support.ts";
import { shareMesh } from "./support.ts";

const meshTest = shareMesh();

interface Left {
  readonly what: string;
  readonly put: string;
  readonly take: string;
  readonly finds: Expected["check"];
}

const LEFT: readonly Left[] = [
  {
    what: "a chain",
    put: "iptables-nft -t mangle -N ztunnel-PREROUTING",
    take: "iptables-nft -t mangle -X ztunnel-PREROUTING",
    finds: ["failed", /^left: IPv4 mangle: chain ztunnel-PREROUTING \(nft\)$/],
  },
  {
    what: "a rule for marked packets",
    put: "ip rule add pref 101 fwmark 0x100/0x100 lookup 101",
    take: "ip rule del pref 101",
    finds: ["failed", /^left: rule "101: from all fwmark 0x100\/0x100 /],
  },
  {
    what: "a rule for everything",
    put: "ip rule add pref 103 lookup 100",
    take: "ip rule del pref 103",
    finds: ["failed", /^left: rule "103: from all lookup 100"$/],
  },
  {
    what: "a tunnel and its routes",
    put:
      "ip link add istioout type veth peer name other0; ip link set istioout up; " +
      "ip route add 192.0.2.0/24 dev istioout table 101",
    take: "ip link del istioout",
    finds: ["warning", /^left: device istioout; routes in table 101$/],
  },
  {
    what: "a set",
    put: "ipset create ztunnel-pods-ips hash:ip",
    take: "ipset destroy ztunnel-pods-ips",
    finds: ["warning", /^left: set ztunnel-pods-ips$/],
  },
];
const hasSets = await hasProgram("ipset");
if (!hasSets) console.log("a set of 2022 is not looked for: no ipset here");
for (const left of LEFT.filter(({ put }) => hasSets || !/^ipset/.test(put))) {
  meshTest(
    `check finds ${left.what} of 2022, and nothing else`,
    async (mesh) => {
      const { server, httpbin } = mesh;
      const sh = (script: string) =>
        must(inNamespace(server.place.netns, ["sh", "-ec", script]));
      await sh(left.put);
      try {
        const { code, findings } = await checkPod(mesh, server, httpbin);
        assertFinds(findings, { "layout of 2022": left.finds });
        assert.equal(code, left.finds[0] === "failed" ? 1 : 0);
      } finally {
        await sh(left.take);
      }
    },
  );
}
