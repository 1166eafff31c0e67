/** The image recipe, set beside what the program runs and what is compiled. */
import assert from "node:assert/strict";
import { TARGETS } from "../../scripts/compile/denort.ts";

const text = Deno.readTextFileSync("scripts/image/Containerfile");
const lines = text.replaceAll("\\\n", "").split("\n");

/** Which Debian package brings the programs of that name's shape. */
const PACKAGES: readonly [program: RegExp, name: string][] = [
  [/^ip6?tables(-|$)/, "iptables"],
  [/^(ip|ss)$/, "iproute2"],
  [/^ipset$/, "ipset"],
  [/^nft$/, "nftables"],
];

/** Where a container's output goes is for its runtime to say: no systemd is in an image. */
const NOT_IN_IMAGES = ["journalctl"];

Deno.test("the image has every program that hairpin may run", () => {
  const { permissions } = JSON.parse(Deno.readTextFileSync("deno.json"));
  const install = lines.find((line) => line.includes("apt-get install"))!;
  for (const program of permissions.default.run) {
    if (NOT_IN_IMAGES.includes(program)) continue;
    const [, name] = PACKAGES.find(([shape]) => shape.test(program)) ?? [];
    assert(name !== undefined, program);
    assert.match(install, new RegExp(` ${name} `));
  }
});

Deno.test("the image takes what the task compile writes", () => {
  const copied = lines.filter((line) => line.startsWith("COPY"));
  assert.deepEqual(copied, [
    "COPY --chmod=0755 hairpin-linux-${TARGETARCH} /usr/local/bin/hairpin",
  ]);
  assert.deepEqual(Object.keys(TARGETS), ["amd64", "arm64"]);
});

Deno.test("the image's base is an argument, and no registry is named", () => {
  const from = lines.filter((line) => line.startsWith("FROM"));
  assert.deepEqual(from, ["FROM ${BASE}"]);
  const base = /^ARG BASE=(.+)$/m.exec(text)![1]!;
  assert.doesNotMatch(base, /[./].*\//);
});
