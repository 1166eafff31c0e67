import { messageOf } from "../../base/errors.ts";
import type { TcpTuning } from "../../net/handles.ts";
import type { Fd } from "../../net/handles.ts";
import { type DnsQuery, Rcode, type ResolvConf } from "../../wire/dns/mod.ts";
import {
  askByTcp,
  askByUdp,
  type ExchangeOptions,
  type UpstreamReply,
} from "./exchange.ts";
import { ATTEMPTS, FORWARD_MS, TRY_MS } from "./limits.ts";
import { planUpstreams, type Upstream } from "./upstreams.ts";

export interface ForwarderOptions {
  resolvers(): ResolvConf;
  /** Where queries leave from; read for each, and may throw once the pod is gone. */
  podNetns(): Fd | undefined;
  readonly mark: number | undefined;
  readonly tuning: TcpTuning;
  random(): number;
  randomId(): number;
}

/** What came of it: a message for the client, or why there is none. */
export type Forwarded =
  | { readonly ok: true; readonly octets: Uint8Array }
  | { readonly ok: false; readonly why: string };

/** Passes questions on to the machine's resolvers, as they are. */
export class Forwarder {
  readonly #options: ForwarderOptions;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /**
   * Asks one upstream after the other, each one also when those before take
   * long; the first answer counts. Never rejects.
   *
   * @param whole Whether a truncated answer is asked for again over TCP.
   */
  async forward(query: DnsQuery, whole: boolean): Promise<Forwarded> {
    const over = new AbortController();
    try {
      const { resolvers, random, podNetns, mark, tuning, randomId } =
        this.#options;
      const conf = resolvers();
      const plan = planUpstreams(conf, {
        rounds: ATTEMPTS,
        podNetns: podNetns(),
        first: random(),
      });
      const options = { mark, tuning, randomId, signal: over.signal };
      return await firstAnswer(
        plan.map((upstream) => () => ask(upstream, query, whole, options)),
        conf.timeoutMs ?? TRY_MS,
      );
    } catch (reason) {
      return { ok: false, why: messageOf(reason) };
    } finally {
      over.abort();
    }
  }
}

async function ask(
  upstream: Upstream,
  query: DnsQuery,
  whole: boolean,
  options: ExchangeOptions,
): Promise<UpstreamReply> {
  const reply = await askByUdp(upstream, query, options);
  if (!whole || !reply.truncated) return reply;
  return await askByTcp(upstream, query, options);
}

/** Codes by which a server says that it cannot help, so that another may. */
const NO_HELP: ReadonlySet<number> = new Set([
  Rcode.SERVFAIL,
  Rcode.NOTIMP,
  Rcode.REFUSED,
]);

/**
 * Starts tries one after the other: when one fails, or has taken `tryMs`.
 *
 * @returns the first answer that helps, else the first one, within {@link FORWARD_MS}.
 */
function firstAnswer(
  tries: readonly (() => Promise<UpstreamReply>)[],
  tryMs: number,
): Promise<Forwarded> {
  return new Promise((resolve) => {
    let next = 0;
    let open = 0;
    let ended = false;
    let impatience: ReturnType<typeof setTimeout> | undefined;
    let unhelpful: Uint8Array | undefined;
    let why = "no answer in time";
    const end = (octets = unhelpful) => {
      ended = true;
      clearTimeout(deadline);
      clearTimeout(impatience);
      resolve(octets === undefined ? { ok: false, why } : { ok: true, octets });
    };
    const deadline = setTimeout(() => end(), FORWARD_MS);
    const start = () => {
      clearTimeout(impatience);
      const attempt = tries[next++];
      if (ended) return;
      if (attempt === undefined) {
        if (open === 0) end();
        return;
      }
      open++;
      impatience = setTimeout(start, tryMs);
      attempt().then(onReply, (reason: unknown) => {
        why = messageOf(reason);
      }).finally(() => {
        open--;
        start();
      });
    };
    const onReply = ({ rcode, octets }: UpstreamReply) => {
      if (!NO_HELP.has(rcode)) end(octets);
      else unhelpful ??= octets;
    };
    start();
  });
}
