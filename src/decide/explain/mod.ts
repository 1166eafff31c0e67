/** Says what would become of a connection, by the very decisions that it would meet. */
import type {
  ExplainedWay,
  ExplainQuestion,
  ExplainVerdict,
  Explanation,
  Unexplained,
} from "../../model/explanation.ts";
import type { SocketAddress } from "../../model/address.ts";
import type { ExplainContext } from "./context.ts";
import {
  CHANCES,
  METHOD_LENGTH_MAX,
  PATH_LENGTH_MAX,
  WAYS_MAX,
} from "./limits.ts";
import { explainOutbound } from "./outbound.ts";
import {
  type Client,
  describeClient,
  describeTarget,
  findClient,
  findTarget,
  isEnrolled,
} from "./parties.ts";
import { explainPlaintext } from "./plaintext.ts";
import { Trail } from "./trail.ts";

export type { ExplainContext, ExplainedWaypoint } from "./context.ts";

/**
 * Goes through the decisions over the state as it is, without sending anything.
 * Where one is left to chance, each choice is told as a way of its own.
 */
export function explain(
  context: ExplainContext,
  question: ExplainQuestion,
): Explanation | Unexplained {
  const { request } = question;
  if (request !== undefined && !isAskable(request)) {
    return { error: "Cannot read the request: its method or path is too long" };
  }
  const client = findClient(context, question.from);
  if ("error" in client) return client;
  const target = findTarget(context, question.to, client);
  if ("error" in target) return target;
  const { ways, more } = exploreWays(context, question, { client, target });
  return {
    from: describeClient(client),
    to: describeTarget(context, target, client),
    ...summaryOf(ways),
    ways,
    more,
  };
}

const isAskable = (
  { method, path }: NonNullable<ExplainQuestion["request"]>,
): boolean =>
  method.length <= METHOD_LENGTH_MAX && path.length <= PATH_LENGTH_MAX;

interface Parties {
  readonly client: Client;
  readonly target: SocketAddress;
}

/** Every choice that evenly spread chances lead to, each once. */
function exploreWays(
  context: ExplainContext,
  question: ExplainQuestion,
  parties: Parties,
): { ways: readonly ExplainedWay[]; more: boolean } {
  const ways = new Map<string, ExplainedWay>();
  for (let at = 0; at < CHANCES; at++) {
    const chance = (at + 0.5) / CHANCES;
    const way = explainWay(context, question, parties, () => chance);
    ways.set(JSON.stringify(way), way);
  }
  const all = [...ways.values()];
  return { ways: all.slice(0, WAYS_MAX), more: all.length > WAYS_MAX };
}

function explainWay(
  context: ExplainContext,
  { to, request }: ExplainQuestion,
  { client, target }: Parties,
  random: () => number,
): ExplainedWay {
  const host = hostOf(to);
  const inquiry = {
    ...{ context, client, target, request, random, host },
    authority: to,
    trail: new Trail(),
  };
  const { workload } = client;
  return workload !== undefined && isEnrolled(workload)
    ? explainOutbound(inquiry, workload)
    : explainPlaintext(inquiry);
}

/** The name in `HOST:PORT`; undefined for an address. */
function hostOf(to: string): string | undefined {
  const host = to.slice(0, to.lastIndexOf(":"));
  return /[a-z]/i.test(host) && !host.includes(":")
    ? host.toLowerCase()
    : undefined;
}

function summaryOf(
  ways: readonly ExplainedWay[],
): { verdict: ExplainVerdict; because: string } {
  const [first] = ways;
  if (first === undefined) throw new Error("no way was looked into");
  const { verdict, because } = first;
  if (ways.every((way) => way.verdict === verdict)) {
    const alike = ways.every((way) => way.because === because);
    const others = `${because}, or alike by other ways`;
    return { verdict, because: alike ? because : others };
  }
  return { verdict: "depends", because: "the ways end differently" };
}
