import assert from "node:assert/strict";
import type { Ip } from "../../../src/model/address.ts";
import {
  hostScript,
  hostTable,
} from "../../../src/redirect/nft/host_script.ts";
import { DEFAULT_PROBE_SOURCES } from "../../../src/redirect/plan.ts";

const ownerOf = (name: string) => ({
  name,
  probeSources: DEFAULT_PROBE_SOURCES,
});
const families = [4, 6] as const;

Deno.test("hostScript() makes a table of the owner's own, with its sets", () => {
  const ips = ["10.0.0.1", "10.0.0.2", "fd00::1"] as Ip[];
  assert.equal(
    hostScript(undefined, { owner: ownerOf("n1"), ips, families }),
    `add table inet hairpin-n1
add set inet hairpin-n1 istio-inpod-probes-v4 { type ipv4_addr; size 65536; }
add set inet hairpin-n1 istio-inpod-probes-v6 { type ipv6_addr; size 65536; }
add table inet hairpin-n1
add chain inet hairpin-n1 postrouting { type nat hook postrouting priority 99; policy accept; }
add rule inet hairpin-n1 postrouting meta l4proto tcp meta skuid >= 0 ip daddr @istio-inpod-probes-v4 counter snat ip to 169.254.7.127
add rule inet hairpin-n1 postrouting meta l4proto tcp meta skuid >= 0 ip6 daddr @istio-inpod-probes-v6 counter snat ip6 to fd16:9254:7127:1337:ffff:ffff:ffff:ffff
add element inet hairpin-n1 istio-inpod-probes-v4 { 10.0.0.1, 10.0.0.2 }
add element inet hairpin-n1 istio-inpod-probes-v6 { fd00::1 }
`,
  );
});

Deno.test("hostScript() leaves out a family that is not handled", () => {
  const ips = ["10.0.0.1", "fd00::1"] as Ip[];
  const wanted = { owner: ownerOf("n1"), ips, families: [4] as const };
  assert.doesNotMatch(hostScript(undefined, wanted), /v6|ip6|fd00/);
});

Deno.test("hostScript() is empty where nothing is and nothing should be", () => {
  const wanted = { owner: ownerOf("n1"), ips: [], families };
  assert.equal(hostScript(undefined, wanted), "");
});

Deno.test("hostTable() is a name that the kernel takes, however long the owner's", () => {
  assert.equal(hostTable(ownerOf("node-1")), "hairpin-node-1");
  assert.ok(hostTable(ownerOf("n".repeat(253))).length <= 255);
});
