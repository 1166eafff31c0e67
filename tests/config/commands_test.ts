import assert from "node:assert/strict";
import type { Command } from "../../src/config/config.ts";
import { parseCommand } from "../../src/config/parse_config.ts";
import { MACHINE, refuses } from "./support.ts";

const ADMIN = { host: "127.0.0.1", port: 15_000 };

const rows: [words: string, want: Command][] = [
  ["version", { kind: "version" }],
  ["check", {
    kind: "check",
    target: { kind: "node" },
    json: false,
    admin: ADMIN,
    agent: undefined,
    logs: [],
    kube: undefined,
    inCluster: undefined,
    networks: { netDir: undefined, binDir: undefined },
  }],
  ["check --json --netns /n", {
    kind: "check",
    target: { kind: "netns", path: "/n" },
    json: true,
    admin: ADMIN,
    agent: undefined,
    logs: [],
    kube: undefined,
    inCluster: undefined,
    networks: { netDir: undefined, binDir: undefined },
  }],
  [
    "--pod shop/cart check --log /a --log - --agent 10.0.0.7:8000 --admin 127.0.0.1:16000",
    {
      kind: "check",
      target: { kind: "pod", pod: { namespace: "shop", name: "cart" } },
      json: false,
      admin: { host: "127.0.0.1", port: 16_000 },
      agent: { host: "10.0.0.7", port: 8_000 },
      logs: ["/a", "-"],
      kube: undefined,
      inCluster: undefined,
      networks: { netDir: undefined, binDir: undefined },
    },
  ],
  ["check --kube /k --cni-net-dir /net --cni-bin-dir /bin", {
    kind: "check",
    target: { kind: "node" },
    json: false,
    admin: ADMIN,
    agent: undefined,
    logs: [],
    kube: { kind: "kubeconfig", path: "/k" },
    inCluster: undefined,
    networks: { netDir: "/net", binDir: "/bin" },
  }],
  ["explain --from shop/cart --to 10.0.0.1:80", {
    kind: "explain",
    from: "shop/cart",
    to: "10.0.0.1:80",
    request: undefined,
    json: false,
    admin: ADMIN,
  }],
  [
    "explain --from ::1 --to [fd00::1]:80 --method GET --path /a --json --admin [::1]:7",
    {
      kind: "explain",
      from: "::1",
      to: "[fd00::1]:80",
      request: { method: "GET", path: "/a" },
      json: true,
      admin: { host: "::1", port: 7 },
    },
  ],
  ["explain --from 1.2.3.4 --to cart.shop.svc:80", {
    kind: "explain",
    from: "1.2.3.4",
    to: "cart.shop.svc:80",
    request: undefined,
    json: false,
    admin: ADMIN,
  }],
  ["config all", {
    kind: "config",
    section: "all",
    output: "table",
    file: undefined,
    admin: ADMIN,
  }],
  ["config -o json routes --file d.json", {
    kind: "config",
    section: "routes",
    output: "json",
    file: "d.json",
    admin: ADMIN,
  }],
  ["redirect apply --netns /n --dry-run", {
    kind: "redirect",
    action: "apply",
    netns: "/n",
    dryRun: true,
    ipv6: true,
    dnsCapture: true,
    backend: "auto",
    openConnections: "keep",
  }],
  ["redirect remove --node", {
    kind: "redirect-node",
    action: "remove",
    ipv6: true,
  }],
  ["redirect verify --netns /n", {
    kind: "redirect",
    action: "verify",
    netns: "/n",
    dryRun: false,
    ipv6: true,
    dnsCapture: true,
    backend: "auto",
    openConnections: "keep",
  }],
];
for (const [words, want] of rows) {
  Deno.test(`hairpin ${words} is understood`, () => {
    assert.deepEqual(parseCommand(words.split(" "), {}, MACHINE), want);
  });
}

const section =
  "workloads, services, policies, certificates, connections, routes or all";
const bad: [words: string, line: string][] = [
  ["check x", 'unexpected argument "x"'],
  ["check --pod cart", 'invalid flag --pod "cart": want NAMESPACE/NAME'],
  [
    "check --pod a/b --netns /n",
    "flags --netns and --pod exclude each other",
  ],
  ["check --dry-run", 'flag --dry-run does not belong to "hairpin check"'],
  [
    "explain --to a:1",
    "flag --from is missing: want NAMESPACE/POD or an IP address",
  ],
  [
    "explain --from cart --to a:1",
    'invalid flag --from "cart": want NAMESPACE/POD or an IP address',
  ],
  [
    "explain --from a/b",
    "flag --to is missing: want IP:PORT or HOST:PORT",
  ],
  [
    "explain --from a/b --to 1.2.3:80",
    'invalid flag --to "1.2.3:80": want IP:PORT or HOST:PORT',
  ],
  [
    "explain --from a/b --to a:0",
    'invalid flag --to "a:0": want IP:PORT or HOST:PORT',
  ],
  [
    "explain --from a/b --to a:1 --method GET",
    "flags --method and --path go together",
  ],
  ["config", `hairpin config wants ${section}: found nothing`],
  ["config pods", `hairpin config wants ${section}: found "pods"`],
  ["config all routes", 'unexpected argument "routes"'],
  ["config all -o yaml", 'invalid flag --output "yaml": want table or json'],
  [
    "redirect --netns /n",
    "hairpin redirect wants apply, verify or remove: found nothing",
  ],
  [
    "redirect apply --node",
    'hairpin redirect --node wants verify or remove: found "apply"',
  ],
  [
    "redirect remove --node --netns /n",
    "flags --node and --netns exclude each other",
  ],
  ["redirect apply", "flag --netns is missing: want a text that is not empty"],
  [
    "redirect apply --netns /n --json",
    'flag --json does not belong to "hairpin redirect"',
  ],
  ["version x", 'unexpected argument "x"'],
  ["version --json", 'flag --json does not belong to "hairpin version"'],
];
for (const [words, line] of bad) {
  Deno.test(`hairpin ${words} is refused`, () =>
    refuses(line, words.split(" ")));
}

Deno.test("redirect leaves DNS alone where it is off", () => {
  const args = ["redirect", "verify", "--netns", "/n"];
  const off = { ISTIO_META_DNS_CAPTURE: "false" };
  const command = parseCommand(args, off, MACHINE);
  assert.equal(command.kind === "redirect" && command.dnsCapture, false);
});

Deno.test("redirect leaves IPv6 alone where it is off", () => {
  const args = ["redirect", "remove", "--netns", "/n"];
  const command = parseCommand(args, { IPV6_ENABLED: "false" }, MACHINE);
  assert.equal(command.kind === "redirect" && command.ipv6, false);
});

Deno.test("CNI_COMMAND makes it the CNI plugin, whatever the arguments", () => {
  for (const args of [[], ["--mode", "node"]]) {
    assert.deepEqual(parseCommand(args, { CNI_COMMAND: "ADD" }, MACHINE), {
      kind: "cni",
      command: "ADD",
    });
  }
});
