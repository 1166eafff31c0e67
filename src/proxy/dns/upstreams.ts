import { messageOf } from "../../base/errors.ts";
import { isLoopback, type SocketAddress } from "../../model/address.ts";
import type { Fd } from "../../net/handles.ts";
import type { Logger } from "../../telemetry/log.ts";
import { parseResolvConf, type ResolvConf } from "../../wire/dns/mod.ts";
import { RESOLV_CONF_AGE_MS } from "./limits.ts";

/** The port of every resolver in resolv.conf(5). */
const DNS_PORT = 53;

/** The resolvers of this machine, read again when they may have changed. */
export class SystemResolvers {
  readonly #path: string;
  readonly #log: Logger;
  #read: ResolvConf | undefined;
  #readAtMs = -Infinity;
  #failure: string | undefined;

  /** @param path Usually `/etc/resolv.conf`. */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** What the file says; what it said last while it cannot be read. */
  current(): ResolvConf {
    const nowMs = performance.now();
    if (
      this.#read === undefined || nowMs - this.#readAtMs > RESOLV_CONF_AGE_MS
    ) {
      this.#readAtMs = nowMs;
      const text = this.#text();
      if (text !== undefined) this.#read = parseResolvConf(text);
    }
    return this.#read ??= parseResolvConf("");
  }

  /** undefined when it cannot be read. */
  #text(): string | undefined {
    try {
      const text = Deno.readTextFileSync(this.#path);
      this.#failure = undefined;
      return text;
    } catch (reason) {
      this.#tell(messageOf(reason));
      return undefined;
    }
  }

  /** Once for each way to fail. */
  #tell(error: string): void {
    if (error === this.#failure) return;
    this.#failure = error;
    this.#log.warn("cannot read the resolvers", { path: this.#path, error });
  }
}

/** An upstream, and the namespace that it is asked from. */
export interface Upstream {
  readonly to: SocketAddress;
  readonly netns: Fd | undefined;
}

/**
 * The upstreams in the order in which they are asked, rounds included.
 *
 * @param podNetns Where queries leave from, so that they count as the pod's:
 * only a resolver on this machine's loopback is none of the pod's.
 */
export function planUpstreams(
  { servers, attempts, rotate }: ResolvConf,
  { rounds, podNetns, first }: {
    /** Used when the file says nothing. */
    readonly rounds: number;
    readonly podNetns: Fd | undefined;
    /** 0 to 1: where a rotation begins. */
    readonly first: number;
  },
): Upstream[] {
  const begin = rotate ? Math.floor(first * servers.length) : 0;
  const rotated = [...servers.slice(begin), ...servers.slice(0, begin)];
  const round = rotated.map((ip) => ({
    to: { ip, port: DNS_PORT },
    netns: isLoopback(ip) ? undefined : podNetns,
  }));
  return Array.from({ length: attempts ?? rounds }, () => round).flat();
}
