/** Notices when somebody changes a node's redirection. */
import { messageOf } from "../base/errors.ts";
import { readableSockets } from "../net/readable_sockets.ts";
import { mayConcernNode, RULE_TOPICS } from "../redirect/node/mod.ts";
import type { Fd } from "../sys/libc.ts";
import { NetlinkEvents } from "../sys/netlink_events.ts";
import type { Logger } from "../telemetry/log.ts";

/** From the first change to the look at the rules: one change seldom comes alone. Own choice. */
export const RULE_CHANGE_MS = 100;

export interface NodeRuleWatchOptions {
  /** The node's namespace; it need not stay open. */
  readonly node: Fd;
  readonly log: Pick<Logger, "error">;
  /** Told some time after a change that may be of the node's redirection. */
  onChange(): void;
}

/** Listens to the kernel for as long as it is not disposed of. */
export class NodeRuleWatch implements Disposable {
  readonly #options: NodeRuleWatchOptions;
  readonly #sockets: NetlinkEvents[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;

  /** @throws {SyscallError} when the kernel does not tell. */
  constructor(options: NodeRuleWatchOptions) {
    this.#options = options;
    try {
      for (const topic of RULE_TOPICS) {
        const socket = new NetlinkEvents(options.node, topic);
        this.#sockets.push(socket);
        readableSockets.add(socket.fd, () => this.#receive(socket));
      }
    } catch (reason) {
      this[Symbol.dispose]();
      throw reason;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#soon);
    for (const socket of this.#sockets.splice(0)) this.#close(socket);
  }

  #close(socket: NetlinkEvents): void {
    readableSockets.remove(socket.fd);
    socket[Symbol.dispose]();
  }

  #receive(socket: NetlinkEvents): void {
    try {
      const told = socket.receive();
      if (told === undefined) return;
      if (told === "lost" || told.some(mayConcernNode)) this.#tellSoon();
    } catch (reason) {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
      this.#close(socket);
      this.#options.log.error("cannot watch the node's redirection", {
        error: messageOf(reason),
      });
    }
  }

  #tellSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#options.onChange();
    }, RULE_CHANGE_MS);
  }
}
