/** The tables say what Istio's own tool says of the same dump. */
import assert from "node:assert/strict";
import { renderSection, type Section } from "../../src/view/mod.ts";
import { SAMPLE } from "./sample_dump.ts";

const tools = Deno.env.get("HAIRPIN_TEST_TOOLS") || undefined;
if (tools === undefined) {
  console.log(
    "parity with istioctl is not tested: HAIRPIN_TEST_TOOLS is unset",
  );
}

async function istioctl(section: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(file, JSON.stringify(SAMPLE));
    const { code, stdout, stderr } = await new Deno.Command(
      `${tools}/istioctl`,
      { args: ["ztunnel-config", section, "--file", file] },
    ).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

/** Columns may be apart as far as they like. */
const cells = (text: string): string =>
  text.replaceAll(/ +/g, " ").replaceAll(/ $/gm, "");

const sections: readonly (Section | "all")[] = [
  "workloads",
  "services",
  "policies",
  "certificates",
  "connections",
  "all",
];
for (const section of sections) {
  Deno.test({
    name: `renderSection() shows ${section} as istioctl does`,
    ignore: tools === undefined,
    fn: async () => {
      const options = { section, output: "table", now: new Date() } as const;
      const ours = renderSection(JSON.stringify(SAMPLE), options);
      assert.equal(cells(ours), cells(await istioctl(section)));
    },
  });
}
