import { equal } from "node:assert/strict";

const MODULE = new URL("../../src/worker/write_log.ts", import.meta.url).href;

/** What a program that writes `text` says. */
async function written(text: string): Promise<string> {
  const program = `import { writeLog } from ${JSON.stringify(MODULE)};
    writeLog(${text});`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", program],
  }).output();
  return new TextDecoder().decode(stdout);
}

const rows: [name: string, text: string, expected: string][] = [
  ["nothing for no text", `""`, ""],
  ["a line as it is", `"a\\tb ü €\\n"`, "a\tb ü €\n"],
  [
    "all of a text that its memory does not hold at once",
    `"x" + "😀".repeat(50_000) + "\\n"`,
    `x${"😀".repeat(50_000)}\n`,
  ],
];

for (const [name, text, expected] of rows) {
  Deno.test(`writeLog() writes ${name}`, async () => {
    equal(await written(text), expected);
  });
}
