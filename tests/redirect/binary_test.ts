import assert from "node:assert/strict";
import { chooseIptables } from "../../src/redirect/binary.ts";
import { CommandError } from "../../src/sys/command.ts";

const DUMP = "*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n";

/** A node where `programs` work; one mapped to a text prints it. */
function node(programs: Record<string, string>) {
  const ran: string[] = [];
  return {
    ran,
    run: (program: string, args: readonly string[]) => {
      ran.push([program, ...args].join(" "));
      const stdout = programs[program];
      if (stdout === undefined) {
        throw new CommandError(program, "missing", "no such program");
      }
      const exitCode = stdout === "fails" ? 1 : 0;
      const stderr = stdout === "vague" ? "chain does not exist" : "";
      return Promise.resolve({ exitCode, stdout, stderr });
    },
  };
}

const legacy = { "iptables-legacy": "", "ip6tables-legacy": "" };
const nft = { "iptables-nft": "", "ip6tables-nft": "" };
const plain = { "iptables": "", "ip6tables": "" };
const rows: [
  name: string,
  programs: Record<string, string>,
  chosen: string,
][] = [
  ["legacy that holds rules", {
    ...legacy,
    ...nft,
    "iptables-legacy-save": DUMP,
  }, "iptables-legacy legacy"],
  ["nft beside an empty legacy", {
    ...legacy,
    ...nft,
    "iptables-legacy-save": "",
  }, "iptables-nft nft"],
  ["nft beside a broken legacy", {
    ...nft,
    "iptables-legacy-save": DUMP,
    "iptables-legacy": "fails",
  }, "iptables-nft nft"],
  ["nft without legacy", nft, "iptables-nft nft"],
  ["plain iptables without named ones", plain, "iptables legacy"],
  ["plain iptables that says it is nft", {
    ...plain,
    "iptables": "iptables v1.8.9 (nf_tables)",
  }, "iptables nft"],
  ["plain iptables beside an unusable nft", {
    ...plain,
    ...nft,
    "iptables-nft": "vague",
  }, "iptables legacy"],
  [
    "plain iptables when nft lacks IPv6",
    { ...plain, "iptables-nft": "" },
    "iptables legacy",
  ],
];
for (const [name, programs, wanted] of rows) {
  Deno.test(`chooseIptables() chooses ${name}`, async () => {
    const { run } = node(programs);
    const chosen = await chooseIptables(run, { ipv6: true });
    assert.equal(`${chosen[4].iptables} ${chosen.variant}`, wanted);
  });
}

Deno.test("chooseIptables() names the programs of the backend", async () => {
  const { run, ran } = node(nft);
  const chosen = await chooseIptables(run, { ipv6: true });
  assert.deepEqual(chosen[6], {
    iptables: "ip6tables-nft",
    save: "ip6tables-nft-save",
    restore: "ip6tables-nft-restore",
  });
  assert.deepEqual(ran.slice(1, 3), [
    "iptables-nft --wait 30 -t nat -A INPUT -p 255 -j RETURN",
    "iptables-nft --wait 30 -t nat -D INPUT -p 255 -j RETURN",
  ]);
});

Deno.test("chooseIptables() needs no ip6tables without IPv6", async () => {
  const { run } = node({ "iptables-nft": "" });
  assert.equal((await chooseIptables(run, { ipv6: false })).variant, "nft");
});

Deno.test("chooseIptables() takes the forced one or none", async () => {
  const { run } = node({ ...legacy, ...nft });
  const forced = await chooseIptables(run, { ipv6: true, forced: "legacy" });
  assert.equal(forced.variant, "legacy");
  const without = node(nft);
  await assert.rejects(
    chooseIptables(without.run, { ipv6: true, forced: "legacy" }),
    /^RedirectError: .*no usable legacy iptables.*install the iptables package/,
  );
});
