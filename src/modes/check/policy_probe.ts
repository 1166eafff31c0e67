/** Tries a connection by the mesh, and what the proxy said and counted of it. */
import type { HostPort } from "../../config/mod.ts";
import {
  formatAddress,
  type Ip,
  type SocketAddress,
} from "../../model/address.ts";
import { dialTcp } from "../../net/dial.ts";
import { DialError } from "../../net/errors.ts";
import type { Fd } from "../../sys/libc.ts";
import type { Dump } from "../../view/mod.ts";
import { type Caller, withCaller } from "./callers.ts";
import type { Judgement } from "./finding.ts";
import { openConnections } from "./gather.ts";
import {
  type Explained,
  judgeCounted,
  judgePolicyEffect,
  openedInto,
  type PolicyOutcome,
  readExplained,
  type TestConnection,
} from "./judge_policy.ts";
import { hostOf } from "./judge_mesh.ts";
import { judgeAccessLine, saysInfo } from "./judge_log.ts";
import type { ReadLog } from "./log_source.ts";
import { PROBE_LOOK_MS, PROBE_MS } from "./limits.ts";
import { askAt, askServer } from "./node_facts.ts";

/** A pod that is called, at a port of its application. */
export interface Called {
  /** `NAMESPACE/NAME`. */
  readonly name: string;
  readonly netns: Fd;
  readonly to: SocketAddress;
}

interface AskedProxy {
  readonly dump: Dump;
  readonly pid: number | undefined;
  readonly admin: HostPort;
  readonly log: ReadLog | undefined;
}

/** Opens one connection from another pod of the node, as that pod, and sends nothing. */
export async function checkPolicyEffect(
  proxy: AskedProxy,
  called: Called,
): Promise<Judgement[]> {
  const { name, to: { ip } } = called;
  const tried = await withCaller(
    proxy,
    { name, ip },
    (caller) => tryAs(caller, proxy, called),
  );
  return tried ?? [judgePolicyEffect(undefined)];
}

async function tryAs(
  caller: Caller,
  { admin, dump, log }: AskedProxy,
  called: Called,
): Promise<Judgement[]> {
  const [namespace = ""] = called.name.split("/");
  const count = () => openedConnections(dump, namespace);
  const before = await count();
  const to = formatAddress(called.to);
  const explained = await explanationOf(admin, caller.name, to);
  const logged = await logUntilNow(dump, log);
  const outcome = await outcomeOf(caller, called);
  const test = { from: caller.name, to, explained, outcome };
  const judgements = [
    judgePolicyEffect(test),
    ...logged === undefined ? [] : await judgeLine(logged, caller, test),
  ];
  if (before === undefined || outcome !== "arrived") return judgements;
  const after = await countAbove(before, count);
  return [
    ...judgements,
    ...after === undefined ? [] : [judgeCounted({ before, after })],
  ];
}

/** A log that will have a line of each connection; undefined for one that cannot be read, or will not. */
async function logUntilNow(
  { hairpin }: Dump,
  log: ReadLog | undefined,
): Promise<ReadLog | undefined> {
  return saysInfo(hairpin?.log.filter ?? "", "access")
    ? await log?.next()
    : undefined;
}

/** Looks until the line is there, or time is up. */
async function judgeLine(
  log: ReadLog,
  { ip }: Caller,
  { from, to, explained, outcome }: TestConnection,
): Promise<Judgement[]> {
  if (typeof explained === "string" || outcome === "unknown") return [];
  const { verdict } = explained;
  // What did not get there has no line, and the judgement before says so.
  const isDue = verdict === "deny" ||
    verdict === "allow" && outcome === "arrived";
  if (!isDue) return [];
  const late = performance.now() + PROBE_MS;
  for (;;) {
    const { entries = [] } = await log.next() ?? {};
    const of = entries.filter(({ scope, fields }) =>
      scope === "access" && hostOf(fields["src.addr"] ?? "") === ip &&
      [fields["dst.addr"], fields["dst.hbone_addr"]].includes(to)
    );
    const isThere = of.some(({ fields }) => fields.direction === "inbound");
    if (isThere || performance.now() > late) {
      return [judgeAccessLine({ from, to, verdict, entries: of })];
    }
    await pause();
  }
}

async function explanationOf(
  admin: HostPort,
  from: string,
  to: string,
): Promise<Explained> {
  const query = new URLSearchParams({ from, to });
  const asked = await askAt(admin, `/explain?${query}`);
  if (typeof asked === "string") return asked;
  return asked.status === 200
    ? readExplained(asked.body)
    : `the proxy does not explain connections: ${asked.status}`;
}

/** undefined where metrics cannot be read. */
async function openedConnections(
  { config }: Dump,
  namespace: string,
): Promise<number | undefined> {
  const asked = await askServer(config.statsAddr, "/metrics");
  return asked === undefined || typeof asked === "string" ||
      asked.status !== 200
    ? undefined
    : openedInto(namespace, asked.body);
}

/** Looks again until it has grown, or time is up. */
async function countAbove(
  before: number,
  count: () => Promise<number | undefined>,
): Promise<number | undefined> {
  const end = performance.now() + PROBE_MS;
  for (;;) {
    const now = await count();
    if (now === undefined || now > before) return now;
    if (performance.now() > end) return now;
    await pause();
  }
}

/** The application sees the caller's address; its connections from before are known by their ports. */
async function outcomeOf(
  { netns, ip }: Caller,
  called: Called,
): Promise<PolicyOutcome> {
  const before = await portsFrom(ip, called);
  if (before === undefined) return "unknown";
  let socket;
  try {
    const options = { netns, tuning: {}, timeoutMs: PROBE_MS };
    socket = await dialTcp(called.to, options);
  } catch (reason) {
    if (reason instanceof DialError) return "cut";
    throw reason;
  }
  let end: PolicyOutcome | undefined;
  socket.on("data", () => end ??= "arrived");
  socket.on("end", () => end ??= "closed");
  socket.on("error", () => end ??= "cut");
  socket.on("close", () => end ??= "cut");
  try {
    const late = performance.now() + PROBE_MS;
    while (end === undefined && performance.now() < late) {
      const now = await portsFrom(ip, called);
      if (now?.some((port) => !before.includes(port))) return "arrived";
      await pause();
    }
    return end ?? "silent";
  } finally {
    socket.destroy();
  }
}

const pause = () =>
  new Promise<void>((resolve) => setTimeout(resolve, PROBE_LOOK_MS));

async function portsFrom(
  ip: Ip,
  { netns, to }: Called,
): Promise<number[] | undefined> {
  const open = await openConnections(netns);
  return open?.filter((row) => row.localPort === to.port && row.peer === ip)
    .map(({ peerPort }) => peerPort);
}
