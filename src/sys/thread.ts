import { assert } from "../base/assert.ts";
import { readKernelFile } from "./kernel_file.ts";
import { threadCpuMs } from "./memory.ts";

const calls = Deno.dlopen("libc.so.6", {
  gettid: { parameters: [], result: "i32" },
  tgkill: { parameters: ["i32", "i32", "i32"], result: "i32" },
}).symbols;

/** A signal that only asks whether there is somebody to be told. */
const NO_SIGNAL = 0;

/** The kernel's number of the calling thread; never 0. */
export const threadId = (): number => calls.gettid();

/** Whether a thread of this process is still there. */
export function isThreadAlive(id: number): boolean {
  assert(id > 0, `thread ${id}`);
  return calls.tgkill(Deno.pid, id, NO_SIGNAL) === 0;
}

/**
 * Time in which the calling thread ran or waited for a processor, in
 * milliseconds; where the kernel does not tell of the waiting, that in which it
 * ran.
 *
 * @see proc_pid_schedstat(5)
 */
export function threadWantedMs(): number {
  const text = readKernelFile("/proc/thread-self/schedstat");
  const [, ran, waited] = /^(\d+) (\d+) /.exec(text ?? "") ?? [];
  if (waited === undefined) return threadCpuMs();
  return (Number(ran) + Number(waited)) / 1e6;
}
