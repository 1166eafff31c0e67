/** Istio's own command line tool reads what `/config_dump` says. */
import { equal, match } from "node:assert/strict";
import { toConfigDump } from "../../src/admin/config_dump.ts";
import { sortedJson } from "../../src/admin/json.ts";
import { makeWorkloadCertificate } from "./certificate_fixture.ts";
import { DUMP } from "./fixtures.ts";

const tools = Deno.env.get("HAIRPIN_TEST_TOOLS");
if (tools === undefined) {
  console.log("istioctl tests are skipped: HAIRPIN_TEST_TOOLS is not set");
}

async function istioctl(section: string): Promise<string> {
  const certificate = await makeWorkloadCertificate();
  const dump = toConfigDump({
    ...DUMP,
    certificates: [
      {
        identity: certificate.spiffeId,
        state: { at: "available", certificate },
      },
      { identity: "spiffe://x/ns/a/sa/b", state: { at: "initializing" } },
    ],
  });
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, sortedJson(dump));
    const run = await new Deno.Command(`${tools}/istioctl`, {
      args: ["ztunnel-config", section, "--file", file],
    }).output();
    const text = (octets: Uint8Array) => new TextDecoder().decode(octets);
    equal(run.code, 0, text(run.stderr));
    return text(run.stdout);
  } finally {
    await Deno.remove(file);
  }
}

const rows: [section: string, shown: RegExp[]][] = [
  ["workloads", [
    /^shop +cart-7d9 +10\.0\.2\.8,fd00::5 +node-a +\S+ +HBONE$/m,
    /^shop +b +a\.example\.com .* TCP$/m,
  ]],
  ["services", [
    /^shop +cart +10\.96\.7\.7,fd00::7 +\S+ +1\/1$/m,
  ]],
  ["policies", [/^shop +only-web +Allow +WorkloadSelector$/m]],
  ["certificates", [
    /^spiffe:\/\/cluster\.local\/ns\/shop\/sa\/cart +Leaf +Available .* 80000000000000000000000000000001 /m,
    /^spiffe:\/\/cluster\.local\/ns\/shop\/sa\/cart +Root +Available /m,
  ]],
  ["connections", [/cart-7d9\.shop/, /HBONE/]],
  ["all", [/cart-7d9/, /only-web/, /Root/]],
];
for (const [section, shown] of rows) {
  Deno.test({
    name: `istioctl ztunnel-config ${section} reads a dump`,
    ignore: tools === undefined,
    fn: async () => {
      const text = await istioctl(section);
      for (const line of shown) match(text, line);
    },
  });
}
