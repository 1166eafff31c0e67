/** Every way in which hairpin is started has its collector's turns short. */
import assert from "node:assert/strict";
import { compileArgs } from "../../scripts/compile/deno.ts";
import { REPOSITORY } from "../../scripts/steps.ts";
import { V8_FLAGS } from "../../scripts/v8_flags.ts";

Deno.test("the task hairpin has the flags of the engine", async () => {
  const text = await Deno.readTextFile(`${REPOSITORY}/deno.json`);
  assert.equal(
    JSON.parse(text).tasks.hairpin,
    `deno run -P ${V8_FLAGS} main.ts`,
  );
});

Deno.test("compileArgs() embeds the flags of the engine", () => {
  const args = compileArgs({ includes: [] }, "amd64", "hairpin");
  assert.ok(args.includes(V8_FLAGS), args.join(" "));
});

/** Fills the heap in turns, and lets what it has to do between come to it. */
const PROGRAM = `
  const kept = [];
  let turns = 0;
  const fill = () => {
    for (let at = 0; at < 20_000; at++) kept.push({ at, text: "text " + at });
    if (++turns < 60) setTimeout(fill, 2);
  };
  fill();
`;

/** What the engine says of its collections. */
async function traceOf(flags: string): Promise<string> {
  const trace = "--trace-gc,--trace-incremental-marking";
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `${flags},${trace}`, PROGRAM],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** A step of marking in a turn of its own. */
const STEP = /origin: task/;

Deno.test("with the flags of the engine, a thread does not mark in turns of its own", async () => {
  const trace = await traceOf(V8_FLAGS);
  assert.match(trace, /Mark-Compact/);
  assert.doesNotMatch(trace, STEP);
});

Deno.test("without them, it does", async () => {
  assert.match(await traceOf("--v8-flags=--incremental-marking-task"), STEP);
});
