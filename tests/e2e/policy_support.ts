/** Manifests of policies, and who gets through under them. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { AccessLine, HairpinProcess, LabPod, Place } from "../lab/mod.ts";
import { AccessTail, type Call, Growth } from "./calls.ts";
import { eventually, type Mesh } from "./support.ts";

/**
 * Everyone who calls the server: two accounts of its namespace, the first
 * account's namesake in another namespace, and someone without an identity.
 */
export type Caller = "sleep" | "notsleep" | "stranger" | "outsider";

export const MESH_CALLERS = ["sleep", "notsleep", "stranger"] as const;
export const EVERYBODY = [...MESH_CALLERS, "outsider"] as const;
export const NOBODY: readonly Caller[] = [];

export interface PolicyOptions {
  /** Default `default`, the server's. */
  readonly namespace?: string;
  /** Default: none, the policy is enforced. */
  readonly dryRun?: "true" | "false";
}

/** An AuthorizationPolicy; its name is what logs and metrics call it. */
export function authorizationPolicy(
  name: string,
  spec: object,
  { namespace = "default", dryRun }: PolicyOptions = {},
): object {
  const annotations = dryRun === undefined
    ? {}
    : { annotations: { "istio.io/dry-run": dryRun } };
  return {
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace, ...annotations },
    spec,
  };
}

export function peerAuthentication(
  name: string,
  namespace: string,
  spec: object,
): object {
  return {
    apiVersion: "security.istio.io/v1",
    kind: "PeerAuthentication",
    metadata: { name, namespace },
    spec,
  };
}

/** Runs the body while AuthorizationPolicies are in force at the servers' node. */
export async function underPolicies(
  mesh: Mesh,
  policies: readonly object[],
  body: () => Promise<void>,
): Promise<void> {
  await enforce(mesh, policies, body);
  for (const name of policies.map(nameOf)) {
    await mesh.server.untilPolicy(name, false);
  }
}

/**
 * The same without waiting until the policies are gone again, for tables of
 * policies: configuration is read as a whole, so that the next policy's coming
 * shows the last one's going.
 *
 * @param policies Their names must be the file's only ones.
 */
export async function enforce(
  { lab, server }: Mesh,
  policies: readonly object[],
  body: () => Promise<void>,
): Promise<void> {
  const names = policies.map(nameOf);
  const file = `policies-${names.join("-")}`;
  await lab.apply(file, policies.map((p) => stringify(p)).join("---\n"));
  try {
    for (const name of names) await server.untilPolicy(name);
    await body();
  } finally {
    await lab.delete(file);
  }
}

const nameOf = (policy: object): string =>
  (policy as { metadata: { name: string } }).metadata.name;

const strangers = new WeakMap<Mesh, Promise<LabPod>>();

/** The pod `other/stranger` of service account `sleep`, made when first asked for. */
export function strangerOf(mesh: Mesh): Promise<LabPod> {
  const known = strangers.get(mesh) ?? addStranger(mesh);
  strangers.set(mesh, known);
  return known;
}

async function addStranger({ lab, client }: Mesh): Promise<LabPod> {
  const stranger = await lab.addPod({
    name: "stranger",
    namespace: "other",
    serviceAccount: "sleep",
    node: "node-1",
  });
  await client.untilPodUp(stranger);
  return stranger;
}

/**
 * What curl calls a connection that was cut, by the moment in which it noticed:
 * while it connected, before an answer, sending, or receiving.
 */
const CUT_OFF_CODES: readonly number[] = [7, 52, 55, 56];

/** Whether curl got an answer, or was cut off without one. @throws when it saw anything else. */
export function isAnswered(
  reply: Pick<Call, "curlCode" | "status">,
): boolean {
  if (reply.curlCode === 0 && reply.status === 200) return true;
  assert.ok(
    CUT_OFF_CODES.includes(reply.curlCode) && reply.status === 0,
    `neither answered nor cut off: ${JSON.stringify(reply)}`,
  );
  return false;
}

/** Who of everybody gets an answer from there, in the order of {@link EVERYBODY}. */
export async function whoGetsThrough(
  mesh: Mesh,
  url: string,
): Promise<Caller[]> {
  const places: Record<Caller, Place> = {
    sleep: mesh.sleep,
    notsleep: mesh.notsleep,
    stranger: await strangerOf(mesh),
    outsider: mesh.lab.outsider,
  };
  const answers = await Promise.all(
    EVERYBODY.map(async (caller) =>
      isAnswered(await mesh.get(places[caller], url))
    ),
  );
  return EVERYBODY.filter((_, at) => answers[at]);
}

/** By how much a counter grew while the body ran. */
export async function growthOf(
  proxy: HairpinProcess,
  name: string,
  labels: Readonly<Record<string, string>>,
  body: () => Promise<void>,
): Promise<number> {
  const growth = await Growth.watch(proxy);
  await body();
  return await growth.of(name, labels);
}

/** Waits for an access-log line that was not there when the watch began; its fields. */
export type AccessWatch = (
  what: string,
  test: (line: AccessLine) => boolean,
) => Promise<AccessLine["fields"]>;

/** Begins to watch a proxy's access log. */
export function watchAccess(proxy: HairpinProcess): AccessWatch {
  const tail = new AccessTail(proxy);
  return async (what, test) => {
    let hit: AccessLine | undefined;
    await eventually(what, () => {
      hit = tail.lines.find(test);
      return Promise.resolve(hit !== undefined);
    });
    return hit?.fields ?? {};
  };
}

/** Lines of connections that came from that place. */
export const isFrom = (ip: string | undefined) => (line: AccessLine): boolean =>
  line.fields["src.addr"]?.startsWith(`${ip}:`) === true;
