/**
 * Connections that a pod has open when its redirection begins. Nothing took them
 * through the proxy, and the kernel would see the next packet of each as one of
 * a new connection, lead it there, and have it reset for want of a beginning.
 */
import { messageOf } from "../base/errors.ts";
import { formatAddress, ipFromBytes, ipToBytes } from "../model/address.ts";
import { Conntrack } from "../sys/conntrack.ts";
import type { Fd } from "../sys/libc.ts";
import type { RawAddress } from "../sys/sockets.ts";
import { type TcpSocket, TcpSockets } from "../sys/tcp_sockets.ts";
import {
  type ApplyOutcome,
  applyRedirect,
  type RedirectTarget,
} from "./apply.ts";
import { OPEN_CONNECTIONS_MAX } from "./limits.ts";

/** What is done about them. */
export type OpenConnectionsUse = "keep" | "reset";

/** `ending`: neither could be done, and the next packet will end it. */
export type OpenConnectionFate = "kept" | "reset" | "ending";

export interface OpenConnection {
  /** Such as `10.0.0.1:80`. */
  readonly local: string;
  readonly peer: string;
  readonly fate: OpenConnectionFate;
}

/** What became of them. */
export interface OpenConnections {
  readonly connections: readonly OpenConnection[];
  /** What went wrong first, if anything did. */
  readonly problem: string | undefined;
}

/** No redirection has begun here. */
export const NO_OPEN_CONNECTIONS: OpenConnections = {
  connections: [],
  problem: undefined,
};

/**
 * Redirects a pod as {@link applyRedirect} does, and sees to the connections
 * that were open before. Those that cannot be seen to hinder nothing.
 *
 * @throws {RedirectError} as {@link applyRedirect}.
 */
export async function applyRedirectToOpen(
  target: RedirectTarget,
  use: OpenConnectionsUse,
): Promise<{ outcome: ApplyOutcome; open: OpenConnections }> {
  const care = new Care(target.netns, use);
  try {
    care.before();
    const outcome = await applyRedirect(target);
    // Otherwise there were rules before, and these are connections under them.
    if (outcome !== "created") return { outcome, open: NO_OPEN_CONNECTIONS };
    return { outcome, open: care.after() };
  } finally {
    care[Symbol.dispose]();
  }
}

class Care implements Disposable {
  readonly #netns: Fd;
  readonly #use: OpenConnectionsUse;
  #sockets: TcpSockets | undefined;
  #found: readonly TcpSocket[] = [];
  readonly #done = new Set<TcpSocket>();
  #problem: string | undefined;

  constructor(netns: Fd, use: OpenConnectionsUse) {
    this.#netns = netns;
    this.#use = use;
  }

  before(): void {
    this.#try(() => {
      this.#sockets = new TcpSockets(this.#netns);
      this.#found = withPeerElsewhere(this.#sockets.list(OPEN_CONNECTIONS_MAX));
    });
    if (this.#use !== "keep" || this.#found.length === 0) return;
    this.#try(() => {
      using conntrack = new Conntrack(this.#netns);
      this.#each(({ local, peer }) =>
        conntrack.track({ local: unmapped(local), peer: unmapped(peer) })
      );
    });
  }

  after(): OpenConnections {
    // Not before: what a program opens anew has to be redirected.
    if (this.#use === "reset") {
      this.#each((socket) => this.#sockets?.destroy(socket));
    }
    const well: OpenConnectionFate = this.#use === "keep" ? "kept" : "reset";
    const connections = this.#found.map((socket): OpenConnection => ({
      local: textOf(socket.local),
      peer: textOf(socket.peer),
      fate: this.#done.has(socket) ? well : "ending",
    }));
    return { connections, problem: this.#problem };
  }

  [Symbol.dispose](): void {
    this.#sockets?.[Symbol.dispose]();
  }

  #each(action: (socket: TcpSocket) => void): void {
    for (const socket of this.#found) {
      this.#try(() => {
        action(socket);
        this.#done.add(socket);
      });
    }
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (reason) {
      this.#problem ??= messageOf(reason);
    }
  }
}

/** Both ends of a connection inside of the pod are found; redirection leaves it alone. */
function withPeerElsewhere(sockets: readonly TcpSocket[]): TcpSocket[] {
  const name = (from: RawAddress, to: RawAddress) =>
    `${textOf(from)} ${textOf(to)}`;
  const ends = new Set(sockets.map(({ local, peer }) => name(local, peer)));
  return sockets.filter(({ local, peer }) => !ends.has(name(peer, local)));
}

/** A socket of both families has IPv4's addresses in IPv6's form. */
function unmapped({ ip, port }: RawAddress): RawAddress {
  const read = ipFromBytes(ip);
  return { ip: read === undefined ? ip : ipToBytes(read), port };
}

const textOf = ({ ip, port }: RawAddress): string =>
  formatAddress({ ip: ipFromBytes(ip) ?? "", port });

/** How many there are of each fate. */
export function countFates(
  { connections }: OpenConnections,
): Readonly<Record<OpenConnectionFate, number>> {
  const counts = { kept: 0, reset: 0, ending: 0 };
  for (const { fate } of connections) counts[fate]++;
  return counts;
}

const MEANINGS: Readonly<Record<OpenConnectionFate, string>> = {
  kept: "kept as they are, past the proxy",
  reset: "reset",
  ending: "ending with their next packet",
};

/**
 * One line for people, such as `open connections: 2 kept as they are, past the proxy`.
 *
 * @returns undefined when there is nothing to tell.
 */
export function describeOpenConnections(
  open: OpenConnections,
): string | undefined {
  const counts = Object.entries(countFates(open))
    .filter(([, count]) => count > 0)
    .map(([fate, count]) => `${count} ${MEANINGS[fate as OpenConnectionFate]}`);
  const { problem } = open;
  const parts = problem === undefined ? counts : [...counts, problem];
  return parts.length === 0
    ? undefined
    : `open connections: ${parts.join("; ")}`;
}
