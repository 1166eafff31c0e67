import assert from "node:assert/strict";
import {
  type BackendChoice,
  chooseBackend,
  nameOfBackend,
} from "../../src/redirect/backend.ts";
import { CommandError } from "../../src/sys/command.ts";

/** A node where `programs` work, but for those that say why not. */
const nodeWith = (programs: Record<string, string>) => (program: string) => {
  const said = programs[program];
  if (said === undefined) {
    throw new CommandError(program, "missing", "no such program");
  }
  const exitCode = said === "" ? 0 : 1;
  return Promise.resolve({ exitCode, stdout: "", stderr: said });
};

const both = (variant: string) => ({
  [`iptables-${variant}`]: "",
  [`ip6tables-${variant}`]: "",
});
const all = { ...both("legacy"), ...both("nft"), nft: "" };

const rows: [
  name: string,
  choice: BackendChoice | undefined,
  programs: Record<string, string>,
  wanted: string,
][] = [
  ["iptables of itself", undefined, all, "iptables-nft"],
  ["nftables where there is no iptables", "auto", { nft: "" }, "nftables"],
  ["nftables when told", "nftables", all, "nftables"],
  ["legacy iptables when told", "iptables-legacy", all, "iptables-legacy"],
  ["iptables-nft when told", "iptables-nft", all, "iptables-nft"],
];
for (const [name, choice, programs, wanted] of rows) {
  Deno.test(`chooseBackend() chooses ${name}`, async () => {
    const chosen = { ipv6: true, ...choice && { choice } };
    const backend = await chooseBackend(nodeWith(programs), chosen);
    assert.equal(nameOfBackend(backend), wanted);
  });
}

const refused: [
  name: string,
  choice: BackendChoice,
  programs: Record<string, string>,
  message: RegExp,
][] = [
  [
    "nftables that is not installed",
    "nftables",
    both("nft"),
    /^RedirectError: Cannot use nftables: no such program \(hint: install the nftables package/,
  ],
  [
    "nftables without JSON",
    "nftables",
    { nft: "JSON support not compiled-in\nmore" },
    /: JSON support not compiled-in \(hint: .* with JSON support/,
  ],
  [
    "nftables without the capability",
    "nftables",
    { nft: "Operation not permitted (you must be root)" },
    /: Operation not permitted .*hint: .*CAP_NET_ADMIN\)$/,
  ],
  [
    "the other iptables",
    "iptables-legacy",
    { ...both("nft"), nft: "" },
    /no usable legacy iptables/,
  ],
  [
    "a node without any program",
    "auto",
    {},
    /Cannot use iptables: .*install the iptables package/,
  ],
];
for (const [name, choice, programs, message] of refused) {
  Deno.test(`chooseBackend() refuses ${name}`, async () => {
    await assert.rejects(
      chooseBackend(nodeWith(programs), { ipv6: true, choice }),
      message,
    );
  });
}
