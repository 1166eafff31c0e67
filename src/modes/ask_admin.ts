/** Questions to the admin server of a process that runs on this machine. */
import { request } from "node:http";
import { HairpinError, messageOf } from "../base/errors.ts";
import { joined } from "../base/octets.ts";
import type { HostPort } from "../config/mod.ts";
import { formatAddress } from "../model/address.ts";

/** Longest wait for a whole answer; ours: a dump of a large mesh takes seconds. */
export const ADMIN_TIMEOUT_MS = 30_000;

/** Longest answer, in octets; ours: some times the dump of 10,000 workloads. */
export const ADMIN_ANSWER_MAX = 256 * 1024 * 1024;

/** The admin server cannot be asked, or has no answer. */
export class AdminError extends HairpinError {
  readonly code = "API";
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * GET by HTTP, past any proxy that the environment names: it is this machine.
 *
 * @param target Path and query.
 * @throws {AdminError} when no whole answer comes.
 */
export async function askAdmin(
  { host, port }: HostPort,
  target: string,
): Promise<AdminAnswer> {
  const address = formatAddress({ ip: host, port });
  const signal = AbortSignal.timeout(ADMIN_TIMEOUT_MS);
  try {
    return await get({ host, port, path: target, signal });
  } catch (reason) {
    throw new AdminError(
      `Cannot ask the admin server at "${address}": ${messageOf(reason)}`,
      { cause: reason },
    );
  }
}

function get(options: {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly signal: AbortSignal;
}): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on("data", (chunk: Uint8Array) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > ADMIN_ANSWER_MAX) {
          asking.destroy(new Error("the answer is too long"));
        }
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: new TextDecoder().decode(joined(chunks)),
        }));
    });
    asking.on("error", reject);
    asking.end();
  });
}
