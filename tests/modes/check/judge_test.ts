import assert from "node:assert/strict";
import {
  exitCodeOf,
  failed,
  findingLine,
  type Judgement,
  ok,
  warning,
} from "../../../src/modes/check/finding.ts";
import {
  agentSocketOf,
  judgeAgentSocket,
  judgeCapabilities,
  judgeCertificates,
  judgeDescriptors,
  judgePods,
  judgePrograms,
} from "../../../src/modes/check/judge_node.ts";
import {
  judgeDns,
  judgeHostProbe,
  judgeIpv6,
  judgeListeners,
  judgeTunnel,
} from "../../../src/modes/check/judge_pod.ts";
import {
  type FoundRules,
  judgeForeign,
  judgeLeftover,
  judgeRules,
  namely,
} from "../../../src/modes/check/judge_rules.ts";
import { type Judged, testJudgements } from "./judged.ts";
import { parseSockets } from "../../../src/modes/check/sockets_text.ts";
import {
  type NftRedirection,
  parseRuleset,
} from "../../../src/redirect/mod.ts";

const OLD_LAYOUT = [
  "*mangle",
  ":ISTIO_PRERT - [0:0]",
  "-A ISTIO_PRERT -p tcp -j TPROXY --on-port 15006 --on-ip 0.0.0.0",
  "COMMIT",
].join("\n");
const NOW = new Date("2026-01-02T00:00:00Z");
const certificates = (validFrom: string, expirationTime: string) => ({
  certificates: [{
    identity: "spiffe://t/ns/n/sa/s",
    state: "Available",
    certChain: [{ serialNumber: "1", validFrom, expirationTime }],
    rootCerts: [],
  }],
});
const pods = (state: string) => ({
  workloadState: [{
    state,
    info: { name: "p", namespace: "n", serviceAccount: "s" },
  }],
});
const rules = (text: string): FoundRules[] => [
  { backend: "nft", family: 4, rules: parseRuleset(text) },
];
const held = (all: FoundRules[], nft?: NftRedirection) => ({
  all,
  nft,
  isKnown: true,
});
const unknown = { all: [], nft: undefined, isKnown: false };
const nft: NftRedirection = {
  families: [4, 6],
  dnsCapture: true,
  ingressMode: false,
  differences: [],
};
const filter = (...lines: string[]) =>
  rules(["*filter", ":INPUT ACCEPT [0:0]", ...lines, "COMMIT"].join("\n"));
const ss = (port: number, pid: number) =>
  `LISTEN 0 128 *:${port} *:* users:(("deno",pid=${pid},fd=3))`;
const sockets = (...lines: string[]) => parseSockets(lines.join("\n"));
const ALL = [ss(15001, 7), ss(15006, 7), ss(15008, 7)];
const ID = "spiffe://t/ns/n/sa/s";
const ipv6 = {
  hasAddress: true,
  captured: true,
  wanted: true,
  onLoopback: true,
};
const proxy = { proxyPid: 7, dns: false };

const TABLE: readonly Judged[] = [
  [judgeCapabilities("CapEff:\t000001ffffffffff\n"), "ok", /CAP_NET_ADMIN/],
  [
    judgeCapabilities("CapEff:\t0000000000001000\n"),
    "failed",
    /^without CAP_NET_RAW, CAP_SYS_ADMIN$/,
  ],
  [judgeCapabilities(undefined), "warning", /cannot/],
  [
    judgeDescriptors("Max open files            1024     4096   files\n"),
    "failed",
    /1024/,
  ],
  [
    judgeDescriptors("Max open files   1048576  1048576 files\n"),
    "ok",
    /10485/,
  ],
  [judgeDescriptors("?"), "warning", /cannot/],
  [
    judgeCertificates(certificates("2026-01-01", "2026-01-03"), NOW),
    "ok",
    /^1 /,
  ],
  [
    judgeCertificates(certificates("2026-01-03", "2026-01-04"), NOW),
    "failed",
    /not valid before/,
  ],
  [
    judgeCertificates(certificates("2025-01-01", "2026-01-01"), NOW),
    "failed",
    /expired at/,
  ],
  [judgeCertificates(certificates("", ""), NOW), "failed", /not valid/],
  [judgeAgentSocket(undefined, false), "ok", /not used/],
  [judgeAgentSocket("/a", true), "ok", /^\/a$/],
  [judgeAgentSocket("/a", false), "failed", /no socket at \/a/],
  [judgePods(pods("Up")), "ok", /^1 served/],
  [judgePods(pods("Pending")), "failed", /^pending: n\/p$/],
  [judgeRules(unknown), "failed", /cannot be told/],
  [judgeLeftover(unknown), "warning", /cannot be told/],
  [judgeRules(held(filter())), "failed", /no redirection/],
  [judgeRules(held(filter(), nft)), "ok", /^as planned, by nftables$/],
  [
    judgeRules(held([], { ...nft, differences: ["a rule is missing"] })),
    "failed",
    /^a rule is missing$/,
  ],
  [
    judgeRules(held([], { ...nft, ingressMode: true })),
    "warning",
    /inbound .* not captured/,
  ],
  [
    judgeRules(held(filter(":ISTIO_OUTPUT - [0:0]"), nft)),
    "failed",
    /iptables-nft and nftables at once/,
  ],
  [judgeRules(held(rules(OLD_LAYOUT))), "warning", /TPROXY/],
  [judgeLeftover(held(filter())), "ok", /none/],
  [judgeLeftover(held([], nft)), "failed", /by nftables/],
  [
    judgeLeftover(held(filter(":ISTIO_OUTPUT - [0:0]"))),
    "failed",
    /by iptables-nft/,
  ],
  [judgeForeign(filter("-A INPUT -p tcp --dport 80 -j DROP")), "ok", /none/],
  [
    judgeForeign(filter("-A INPUT -p tcp --dport 15006 -j REJECT")),
    "failed",
    /15006/,
  ],
  [
    judgeForeign(
      filter("-A INPUT -p tcp -m multiport --dports 80,15008 -j DROP"),
    ),
    "failed",
    /15008/,
  ],
  [
    judgeForeign(filter("-A INPUT -p tcp --dport 15000:15010 -j DROP")),
    "failed",
    /15000:15010/,
  ],
  [
    judgeForeign(filter("-A INPUT -p tcp --dport 16000: -j DROP")),
    "ok",
    /none/,
  ],
  [
    judgeForeign(
      filter("-A INPUT -p tcp -m multiport --dports 1,15007:15009 -j DROP"),
    ),
    "failed",
    /15007:15009/,
  ],
  [
    judgeForeign(filter("-A INPUT -p tcp ! --dport 15008 -j DROP")),
    "ok",
    /none/,
  ],
  [judgeForeign(filter("-A INPUT -p tcp -j DROP")), "failed", /-p tcp -j DROP/],
  [judgeForeign(filter("-A INPUT -s 10.9.0.0/16 -j DROP")), "ok", /none/],
  [judgeForeign(rules("*nat\n:X - [0:0]\n-A X -p tcp -j DNAT")), "failed", /X/],
  [judgeForeign(rules("*filter\n:INPUT DROP [0:0]")), "warning", /policy/],
  [judgeListeners(undefined, proxy), "failed", /without ss/],
  [judgeListeners(sockets(...ALL), proxy), "ok", /pid 7/],
  [judgeListeners(sockets(ALL[0]!), proxy), "failed", /15006, 15008/],
  [
    judgeListeners(sockets(...ALL, ss(15008, 9)), proxy),
    "failed",
    /15008 is held by "deno" \(pid 9\)/,
  ],
  [
    judgeListeners(sockets(...ALL), { ...proxy, dns: true }),
    "failed",
    /on 15053$/,
  ],
  [
    judgeListeners(sockets(...ALL), { proxyPid: undefined, dns: false }),
    "warning",
    /somebody/,
  ],
  [
    judgeTunnel({ kind: "identity", spiffeId: ID, asked: true }, "n/s"),
    "ok",
    /refuses/,
  ],
  [
    judgeTunnel({ kind: "identity", spiffeId: ID, asked: true }, "n/other"),
    "failed",
    /not by service account n\/other/,
  ],
  [
    judgeTunnel({ kind: "identity", spiffeId: ID, asked: true }, "n/s", [ID]),
    "ok",
    /refuses/,
  ],
  [
    judgeTunnel({ kind: "identity", spiffeId: ID, asked: true }, "n/s", [
      "spiffe://own/ns/n/sa/s",
    ]),
    "failed",
    /answered by spiffe:\/\/t\/.*, not by spiffe:\/\/own\//,
  ],
  [
    judgeTunnel({ kind: "identity", spiffeId: ID, asked: false }, undefined),
    "failed",
    /without certificate/,
  ],
  [judgeTunnel({ kind: "problem", text: "x" }, undefined), "failed", /^x$/],
  [judgeDns(false, false), "ok", /off/],
  [judgeDns(true, true), "ok", /answered/],
  [judgeDns(true, false), "failed", /not answered/],
  [judgeHostProbe({ kind: "none" }), "ok", /no port/],
  [judgeHostProbe({ kind: "unknown" }), "warning", /without ss/],
  [judgeHostProbe({ kind: "elsewhere", pod: "a/b" }), "ok", /of a\/b$/],
  [judgeHostProbe({ kind: "seen", port: 1, direct: true }), "ok", /past/],
  [judgeHostProbe({ kind: "seen", port: 1, direct: false }), "failed", /only/],
  [judgeHostProbe({ kind: "failed", port: 1, why: "w" }), "failed", /: w$/],
  [judgeIpv6({ ...ipv6, hasAddress: false, captured: false }), "ok", /no addr/],
  [judgeIpv6(ipv6), "ok", /^captured$/],
  [judgeIpv6({ ...ipv6, captured: false }), "failed", /passes the proxy by$/],
  [
    judgeIpv6({ ...ipv6, captured: false, wanted: false }),
    "warning",
    /as it is set/,
  ],
  [judgeIpv6({ ...ipv6, onLoopback: false }), "failed", /::1/],
  [judgePrograms({ missing: [], writers: ["nft"] }), "ok", /^nft, ss, ip$/],
  [
    judgePrograms({ missing: [["ss", "iproute2"]], writers: [] }),
    "failed",
    /not installed: ss, iptables or nft/,
  ],
];
testJudgements(TABLE);

Deno.test("findingLine() is one line whatever was found", () => {
  const line = findingLine({
    subject: "node",
    ...failed("x", "a\nb\u001b[2J", "do"),
  });
  assert.equal(line, "failed  node: x: a?b?[2J (hint: do)");
});

Deno.test("exitCodeOf() is 1 when one failed, and only then", () => {
  const at = (...judged: Judgement[]) =>
    exitCodeOf(judged.map((one) => ({ subject: "s", ...one })));
  assert.equal(at(), 0);
  assert.equal(at(ok("a", "b"), warning("a", "b", "c")), 0);
  assert.equal(at(ok("a", "b"), failed("a", "b", "c")), 1);
});

Deno.test("agentSocketOf() names the socket only where an agent hands pods over", () => {
  const config = { inpodUds: "/a" };
  const of = (redirect: string) =>
    agentSocketOf({ config, hairpin: { redirect } });
  assert.equal(of("agent"), "/a");
  assert.equal(of("self"), undefined);
  assert.equal(agentSocketOf({ config, hairpin: undefined }), undefined);
});

Deno.test("namely() counts what it does not name", () => {
  assert.equal(namely(["a", "b"]), "a; b");
  assert.equal(namely(["a", "b", "c", "d", "e"]), "a; b; c; and 2 more");
});

Deno.test("parseSockets() reads addresses of both families, and passes over the rest", () => {
  const rows = sockets(
    "ESTAB 0 0 [::ffff:10.0.0.1]:80 [::ffff:169.254.7.127]:4000",
    "LISTEN 0 1 127.0.0.1%lo:53 0.0.0.0:*",
    "nonsense",
    "",
  );
  assert.deepEqual(rows, [
    {
      local: "10.0.0.1",
      localPort: 80,
      peer: "169.254.7.127",
      peerPort: 4000,
      owner: undefined,
    },
    {
      local: "127.0.0.1",
      localPort: 53,
      peer: "0.0.0.0",
      peerPort: 0,
      owner: undefined,
    },
  ]);
});
