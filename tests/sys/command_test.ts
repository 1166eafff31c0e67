import assert from "node:assert/strict";
import {
  COMMAND_OUTPUT_MAX,
  CommandError,
  runCommand,
} from "../../src/sys/command.ts";

Deno.test("runCommand() returns exit code and output, and feeds the input", async () => {
  const result = await runCommand("sh", ["-c", "cat; echo no >&2; exit 3"], {
    input: "text",
  });
  assert.deepEqual(result, { exitCode: 3, stdout: "text", stderr: "no\n" });
});

Deno.test("runCommand() does not mind a program that does not read", async () => {
  const input = "x".repeat(1 << 20);
  assert.equal((await runCommand("true", [], { input })).exitCode, 0);
});

const failures: [
  name: string,
  args: [program: string, args: string[], timeoutMs: number],
  why: string,
  message: RegExp,
][] = [
  [
    "a missing program",
    ["no-such-program", ["-x"], 1_000],
    "missing",
    /^Cannot run "no-such-program -x": no such program$/,
  ],
  [
    "a program that may not be run",
    ["/dev/null", [], 1_000],
    "denied",
    /^Cannot run "\/dev\/null": not allowed$/,
  ],
  [
    "a program that does not end",
    ["sleep", ["60"], 50],
    "timeout",
    /^Cannot run "sleep 60": killed, for it did not end in time$/,
  ],
  [
    "a program that says too much",
    ["head", ["-c", String(COMMAND_OUTPUT_MAX + 1), "/dev/zero"], 10_000],
    "output",
    /killed, for it wrote more than 16777216 octets$/,
  ],
];
for (const [name, [program, args, timeoutMs], why, message] of failures) {
  Deno.test(`runCommand() throws for ${name}`, async () => {
    await assert.rejects(runCommand(program, args, { timeoutMs }), (error) => {
      assert.ok(error instanceof CommandError);
      assert.equal(error.why, why);
      assert.match(error.message, message);
      return true;
    });
  });
}
