/** How long a thread keeps its processor when others want it too. */
import { errno } from "./libc.ts";

const calls = Deno.dlopen("libc.so.6", {
  syscall: {
    parameters: ["i64", "i32", "buffer", "u32", "u32"],
    result: "i64",
  },
}).symbols;

interface CallNumbers {
  readonly set: bigint;
  readonly get: bigint;
}

/** Of sched_setattr(2) and sched_getattr(2). */
const CALL_NUMBERS: Readonly<Record<string, CallNumbers>> = {
  x86_64: { set: 314n, get: 315n },
  aarch64: { set: 274n, get: 275n },
};

/** `struct sched_attr` as of its first version. */
const ATTR_SIZE = 48;
const POLICY_AT = 4;
const RUNTIME_AT = 24;

/** The policy of every thread that nobody gave another. */
const SCHED_OTHER = 0;

/** The shortest turn that Linux knows, in nanoseconds; else it is milliseconds. */
const TURN_NS = 100_000n;

/**
 * Asks for short turns for the calling thread: woken up, it comes before threads
 * that take long ones, and has no more of the processor in all. Linux before
 * 6.12 goes on as before, and a thread that somebody gave another policy keeps it.
 *
 * @returns errno where the kernel refuses, else 0.
 */
export function takeShortTurns(): number {
  const numbers = CALL_NUMBERS[Deno.build.arch];
  if (numbers === undefined) return 0;
  const attributes = new Uint8Array(ATTR_SIZE);
  const view = new DataView(attributes.buffer);
  const self = 0;
  const none = 0;
  if (calls.syscall(numbers.get, self, attributes, ATTR_SIZE, none) !== 0n) {
    return errno();
  }
  if (view.getUint32(POLICY_AT, true) !== SCHED_OTHER) return 0;
  view.setBigUint64(RUNTIME_AT, TURN_NS, true);
  return calls.syscall(numbers.set, self, attributes, none, none) === 0n
    ? 0
    : errno();
}
