import { connect, createServer, type Server, type Socket } from "node:net";
import { HairpinError, messageOf } from "../base/errors.ts";
import type { Config } from "../config/mod.ts";
import { withDescriptor } from "../net/descriptor.ts";
import { inNetns, openNetns } from "../sys/netns.ts";
import { closeFd } from "../sys/libc.ts";
import { setMark } from "../sys/sockets.ts";

/** Something that the data plane stands on is not there. */
export class SelfTestError extends HairpinError {
  readonly code = "SYSCALL";
}

/**
 * Proves at start what would otherwise fail at the first connection: the rights
 * to enter namespaces and to mark sockets, and the runtime's way to a socket's
 * descriptor.
 *
 * @throws {SelfTestError} naming what is missing and what to do.
 */
export async function selfTest(
  { mode, proxyMode, packetMark }: Config,
): Promise<void> {
  // Who serves its own pod stays where it is and needs no rights for that.
  if (mode === "node" && proxyMode === "shared") testNetns();
  await testDescriptor(packetMark);
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

async function testDescriptor(mark: number | undefined): Promise<void> {
  const server = createServer();
  try {
    const socket = await acceptOne(server);
    const reached = withDescriptor(socket, (fd) => {
      if (mark !== undefined) setMark(fd, mark);
      return true;
    });
    if (reached !== true) {
      throw new SelfTestError(
        `Cannot reach the descriptor of a socket: this runtime (Deno ${Deno.version.deno}) hides it; use the pinned version`,
      );
    }
  } catch (reason) {
    if (reason instanceof SelfTestError) throw reason;
    throw new SelfTestError(
      `failed to set socket mark ${mark}: ${
        messageOf(reason)
      }; make sure hairpin has CAP_NET_RAW, CAP_NET_ADMIN`,
    );
  } finally {
    server.close();
  }
}

function acceptOne(server: Server) {
  return new Promise<Socket>((resolve, reject) => {
    server.on("error", reject);
    server.on("connection", (socket) => {
      resolve(socket);
      setTimeout(() => socket.destroy(), 0);
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      const client = connect(port, "127.0.0.1");
      client.on("error", reject);
      client.on("end", () => client.destroy());
    });
  });
}
