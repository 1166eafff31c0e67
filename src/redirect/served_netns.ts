/** Whether somebody serves the pod whose rules a namespace has. */
import { readKernelFile } from "../sys/kernel_file.ts";
import type { Fd } from "../sys/libc.ts";
import { inNetns } from "../sys/netns.ts";

/** Where a pod's rules lead its TCP: hairpin's listeners there, or a ztunnel's. */
const PORTS: ReadonlySet<number> = new Set([15_001, 15_006, 15_008]);

/** `TCP_LISTEN`, as the kernel prints it. */
const LISTENING = "0A";

/** Whether one of the listeners that a pod's rules lead to is open in it. */
export const isServed = (netns: Fd): boolean =>
  inNetns(
    netns,
    () =>
      ["tcp", "tcp6"].some((table) =>
        hasListener(readKernelFile(`/proc/thread-self/net/${table}`) ?? "")
      ),
  );

/** @param text Such as of `/proc/net/tcp`. */
export const hasListener = (text: string): boolean =>
  text.split("\n").some((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    const port = Number.parseInt(local.split(":")[1] ?? "", 16);
    return state === LISTENING && PORTS.has(port);
  });
