import { messageOf } from "../../base/errors.ts";
import type { Ip } from "../../model/address.ts";
import type { Workload } from "../../model/workload.ts";
import {
  answerName,
  type NameAnswer,
  type NameSettings,
} from "../../decide/dns_answer.ts";
import {
  dnsLabels,
  type DnsMetrics,
  type DnsProtocol,
} from "../../telemetry/dns_metrics.ts";
import {
  CLASS_IN,
  type DnsQuery,
  encodeQuery,
  encodeRefusal,
  encodeReply,
  isName,
  MESSAGE_MAX,
  Rcode,
  readAddresses,
  readQuery,
  RecordType,
  truncate,
  typeName,
  udpRoom,
} from "../../wire/dns/mod.ts";
import type { PodInfo, ProxyContext } from "../context.ts";
import {
  type Forwarded,
  Forwarder,
  type ForwarderOptions,
} from "./forwarder.ts";
import { FORWARDS_PER_POD_MAX, QUERIES_PER_POD_MAX } from "./limits.ts";

/** What the resolvers of all pods share. */
export interface DnsParts {
  readonly names: NameSettings;
  readonly metrics: DnsMetrics;
  readonly resolvers: ForwarderOptions["resolvers"];
}

export interface ResolverOptions extends DnsParts {
  readonly context: ProxyContext;
  readonly pod: PodInfo;
  readonly podNetns: ForwarderOptions["podNetns"];
}

/** A message for the client, and what the log says of it. */
interface Outcome {
  readonly reply: Uint8Array;
  readonly result: string;
  readonly endpoints: number;
}

/** Answers the queries of one pod: names of the mesh itself, others by asking on. */
export class DnsResolver {
  readonly #options: ResolverOptions;
  readonly #forwarder: Forwarder;
  #open = 0;
  #forwarding = 0;

  constructor(options: ResolverOptions) {
    const { context, resolvers, podNetns } = options;
    const { packetMark: mark, tuning } = context.settings;
    this.#options = options;
    this.#forwarder = new Forwarder({
      resolvers,
      podNetns,
      mark,
      tuning,
      random: () => context.random(),
      randomId: () => randomId(context),
    });
  }

  /**
   * Answers one message; never rejects.
   *
   * @returns undefined for what deserves no answer.
   */
  async answer(
    octets: Uint8Array,
    protocol: DnsProtocol,
  ): Promise<Uint8Array | undefined> {
    const received = readQuery(octets);
    if (received.kind === "ignore") return undefined;
    if (received.kind === "refuse") {
      return encodeRefusal(octets, received.rcode);
    }
    const { query } = received;
    if (this.#open >= QUERIES_PER_POD_MAX) return failed(query);
    this.#open++;
    try {
      return await this.#answerQuery(query, protocol);
    } catch (reason) {
      this.#options.context.log("dns::server").error("cannot answer a query", {
        error: messageOf(reason),
      });
      return failed(query);
    } finally {
      this.#open--;
    }
  }

  /** The addresses of a name, as the pod would get them; none when there are none. */
  async lookUp(name: string, family: 4 | 6): Promise<Ip[]> {
    if (!isName(name)) return [];
    const type = family === 4 ? RecordType.A : RecordType.AAAA;
    const query = encodeQuery(randomId(this.#options.context), name, type);
    const reply = await this.answer(query, "tcp");
    return reply === undefined ? [] : readAddresses(reply, family);
  }

  async #answerQuery(
    query: DnsQuery,
    protocol: DnsProtocol,
  ): Promise<Uint8Array> {
    const { context, pod, metrics } = this.#options;
    const source = await context.workloadOf(pod);
    const type = typeName(query.type);
    const labels = dnsLabels(type, protocol, source);
    metrics.request(labels);
    if ((query.edns?.version ?? 0) > 0) {
      return encodeReply(query, { rcode: Rcode.BADVERS }, MESSAGE_MAX);
    }
    const outcome = source === undefined
      ? { reply: failed(query), result: "unknown client", endpoints: 0 }
      : this.#local(query, protocol, source) ??
        await this.#forward(query, protocol, labels);
    this.#tell(query, type, source, outcome);
    return outcome.reply;
  }

  /** undefined when the name is not of the mesh. */
  #local(
    query: DnsQuery,
    protocol: DnsProtocol,
    client: Workload,
  ): Outcome | undefined {
    const family = familyOf(query);
    if (family === undefined) return undefined;
    const { context, names } = this.#options;
    const question = { name: query.name, family, client };
    const answer = answerName(
      context.mesh,
      question,
      names,
      () => context.random(),
    );
    return answer.kind === "none"
      ? undefined
      : outcomeOf(answer, query, protocol);
  }

  async #forward(
    query: DnsQuery,
    protocol: DnsProtocol,
    labels: ReturnType<typeof dnsLabels>,
  ): Promise<Outcome> {
    const startMs = performance.now();
    const end = await this.#forwardOne(query, protocol === "tcp");
    const seconds = (performance.now() - startMs) / 1_000;
    this.#options.metrics.forwarded(labels, seconds, !end.ok);
    if (!end.ok) {
      const result = `forwarding failed (${end.why})`;
      return { reply: failed(query), result, endpoints: 0 };
    }
    const fits = protocol === "tcp" ||
      end.octets.length <= (query.edns?.payloadMax ?? udpRoom(query));
    const reply = fits ? end.octets : truncate(query);
    return { reply, result: "forwarded", endpoints: 0 };
  }

  async #forwardOne(query: DnsQuery, whole: boolean): Promise<Forwarded> {
    if (this.#forwarding >= FORWARDS_PER_POD_MAX) {
      return { ok: false, why: `more than ${FORWARDS_PER_POD_MAX} at once` };
    }
    this.#forwarding++;
    const end = await this.#forwarder.forward(query, whole);
    this.#forwarding--;
    return end;
  }

  #tell(
    query: DnsQuery,
    type: string,
    source: Workload | undefined,
    { result, endpoints }: Outcome,
  ): void {
    this.#options.context.log("dns").debug("", {
      "src.workload": source?.name ?? "unknown",
      "src.namespace": source?.namespace ?? "unknown",
      query: type.toUpperCase(),
      domain: `${query.name}.`,
      result,
      endpoints,
    });
  }
}

function outcomeOf(
  answer: Exclude<NameAnswer, { kind: "none" }>,
  query: DnsQuery,
  protocol: DnsProtocol,
): Outcome {
  const most = protocol === "tcp" ? MESSAGE_MAX : udpRoom(query);
  if (answer.kind === "empty") {
    const result = answer.why === "family"
      ? "service does not support this record type"
      : "no records";
    return { reply: encodeReply(query, {}, most), result, endpoints: 0 };
  }
  const { ips, alias } = answer;
  const reply = encodeReply(query, { alias, ips }, most);
  return { reply, result: "success", endpoints: ips.length };
}

/** undefined when it does not ask for addresses. */
function familyOf(query: DnsQuery): 4 | 6 | undefined {
  if (query.class !== CLASS_IN || query.name === "") return undefined;
  if (query.type === RecordType.A) return 4;
  return query.type === RecordType.AAAA ? 6 : undefined;
}

const failed = (query: DnsQuery): Uint8Array =>
  encodeReply(query, { rcode: Rcode.SERVFAIL }, MESSAGE_MAX);

function randomId(context: ProxyContext): number {
  const [high = 0, low = 0] = context.randomBytes(2);
  return high << 8 | low;
}
