import { HairpinError, messageOf } from "../base/errors.ts";
import type { Config } from "../config/mod.ts";
import { inNetns, openNetns } from "../sys/netns.ts";
import { closeFd } from "../sys/libc.ts";
import { openUdp } from "../sys/udp.ts";
import { probeLoopback } from "./loopback_probe.ts";

/** Something that the data plane stands on is not there. */
export class SelfTestError extends HairpinError {
  readonly code = "SYSCALL";
}

/** What it depends on. */
type Tested = Pick<Config, "mode" | "proxyMode" | "packetMark">;

/**
 * Proves at start what would otherwise fail at the first connection: the rights
 * to enter namespaces and to mark sockets, and that the runtime's sockets are
 * what the listeners and dials here take them for.
 *
 * @throws {SelfTestError} naming what is missing and what to do.
 */
export async function selfTest(
  { mode, proxyMode, packetMark }: Tested,
): Promise<void> {
  // Who serves its own pod stays where it is and needs no rights for that.
  if (mode === "node" && proxyMode === "shared") testNetns();
  await testLoopback();
  if (packetMark !== undefined) testMark(packetMark);
}

function testNetns(): void {
  try {
    const own = openNetns("/proc/thread-self/ns/net");
    try {
      inNetns(own, () => {});
    } finally {
      closeFd(own);
    }
  } catch (reason) {
    throw new SelfTestError(
      `failed to set netns: ${messageOf(reason)}; run with CAP_SYS_ADMIN`,
    );
  }
}

/** @throws {SelfTestError} without the right to mark sockets. */
function testMark(mark: number): void {
  try {
    const fd = openUdp({ at: ANY_PORT, reusePort: false, mark });
    closeFd(fd);
  } catch (reason) {
    throw new SelfTestError(
      `failed to set socket mark ${mark}: ${
        messageOf(reason)
      }; make sure hairpin has CAP_NET_RAW, CAP_NET_ADMIN`,
    );
  }
}

const ANY_PORT = { ip: Uint8Array.of(127, 0, 0, 1), port: 0 };

async function testLoopback(): Promise<void> {
  try {
    await probeLoopback();
  } catch (reason) {
    const { deno } = Deno.version;
    throw new SelfTestError(
      `Cannot call itself on loopback: ${
        messageOf(reason)
      }; make sure that loopback is up and Deno ${deno} the pinned version`,
    );
  }
}
