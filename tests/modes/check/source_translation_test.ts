import assert from "node:assert/strict";
import type { Ip } from "../../../src/model/address.ts";
import { fateOf } from "../../../src/modes/check/source_translation.ts";
import { parseRuleset } from "../../../src/redirect/mod.ts";

const packet = {
  source: "10.77.1.2" as Ip,
  destination: "10.77.2.2" as Ip,
  out: "eth0",
};

const nat = (...lines: string[]) => {
  const chains = lines.map((line) => line.split(" ")[1]!);
  return parseRuleset([
    "*nat",
    ...[...new Set(["POSTROUTING", ...chains])].map((name) =>
      `:${name} - [0:0]`
    ),
    ...lines,
    "COMMIT",
  ].join("\n"));
};

const rows: readonly [what: string, kind: string, ...lines: string[]][] = [
  ["no rules", "kept"],
  ["a bare masquerade", "translated", "-A POSTROUTING -j MASQUERADE"],
  [
    "a masquerade of pods",
    "translated",
    "-A POSTROUTING -s 10.77.0.0/16 -j MASQUERADE",
  ],
  [
    "a masquerade out of an interface",
    "translated",
    "-A POSTROUTING -s 10.77.1.0/24 -o eth0 -j MASQUERADE",
  ],
  [
    "a masquerade out of another",
    "kept",
    "-A POSTROUTING -s 10.77.1.0/24 -o ppp+ -j MASQUERADE",
  ],
  [
    "docker's, of its own bridge",
    "kept",
    "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
  ],
  [
    "docker's, of the pods",
    "translated",
    "-A POSTROUTING -s 10.77.1.0/24 ! -o docker0 -j MASQUERADE",
  ],
  [
    "flannel's, with its exception",
    "kept",
    '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL',
    '-A FLANNEL -s 10.77.0.0/16 -d 10.77.0.0/16 -m comment --comment "x" -j RETURN',
    "-A FLANNEL -s 10.77.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
  ],
  [
    "flannel's, without",
    "translated",
    "-A POSTROUTING -j FLANNEL",
    "-A FLANNEL -s 10.77.0.0/16 ! -d 224.0.0.0/4 -j MASQUERADE --random-fully",
  ],
  [
    "kube-proxy's",
    "kept",
    "-A POSTROUTING -j KUBE-POSTROUTING",
    "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
    "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0",
    "-A KUBE-POSTROUTING -j MASQUERADE --random-fully",
  ],
  [
    "Calico's, whose sets are not known",
    "unclear",
    "-A POSTROUTING -j cali-nat-outgoing",
    "-A cali-nat-outgoing -m set --match-set pools src -m set ! --match-set all dst -j MASQUERADE",
  ],
  [
    "what comes behind a set",
    "unclear",
    "-A POSTROUTING -m set --match-set pools dst -j RETURN",
    "-A POSTROUTING -j MASQUERADE",
  ],
  [
    "the node's own programs'",
    "kept",
    "-A POSTROUTING -p tcp -m owner --socket-exists -j SNAT --to-source 169.254.7.127",
  ],
  [
    "what another rule lets go first",
    "kept",
    "-A POSTROUTING -d 10.77.0.0/16 -j ACCEPT",
    "-A POSTROUTING -j MASQUERADE",
  ],
  [
    "what is for UDP",
    "kept",
    "-A POSTROUTING -p udp -j MASQUERADE",
  ],
  [
    "chains that lead into each other",
    "unclear",
    "-A POSTROUTING -j POSTROUTING",
  ],
];
for (const [what, kind, ...lines] of rows) {
  Deno.test(`fateOf() says ${kind} of ${what}`, () => {
    assert.equal(fateOf(nat(...lines), packet).kind, kind);
  });
}

Deno.test("fateOf() takes no interface for granted", () => {
  const rules = nat("-A POSTROUTING -o eth0 -j MASQUERADE");
  assert.equal(fateOf(rules, { ...packet, out: undefined }).kind, "unclear");
});
