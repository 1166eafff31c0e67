/** What the plugin in the chain finds when a pod starts: tried as it would try. */
import { X509Certificate } from "node:crypto";
import { decodeJwt } from "jose";
import { ConfigError, HairpinError, messageOf } from "../../base/errors.ts";
import { askSocket } from "../../control/cni/mod.ts";
import {
  type ClusterAccess,
  KubeApiError,
  KubeClient,
  readKubeconfig,
  readSource,
} from "../../control/kube_api/mod.ts";
import { readConfigText } from "../../control/read_files.ts";
import { systemClock } from "../../control/system_clock.ts";
import {
  type JsonObject,
  nodePath,
  type PluginConf,
  readConf,
  readNodeAnswer,
} from "../../wire/cni/mod.ts";
import { failed, type Judgement } from "./finding.ts";
import type { ChainPlugin } from "./judge_chain.ts";
import {
  type ApiAnswer,
  judgePluginAgent,
  judgePluginApi,
  judgePluginKubeconfig,
  type PluginKubeconfig,
} from "./judge_plugin.ts";
import { PROBE_MS } from "./limits.ts";

/** Everything that the plugin needs beside its place in the chain. */
export async function checkPlugin(
  plugin: ChainPlugin,
  now: Date,
): Promise<Judgement[]> {
  const conf = confOf(plugin);
  if (typeof conf === "string") {
    return [failed("plugin's entry", conf, "write it anew: restart hairpin")];
  }
  const { agentSocket: socket } = conf;
  const agent = judgePluginAgent({ socket, problem: await problemOf(conf) });
  // hairpin's own asks nobody but the node process.
  if (conf.agent === "hairpin") return [agent];
  const { file, access } = await readAccess(conf.kubeconfig);
  const kubeconfig = judgePluginKubeconfig(file, now);
  return [
    agent,
    kubeconfig,
    ...access === undefined || kubeconfig.level === "failed"
      ? []
      : [judgePluginApi(access.server, await askApi(access))],
  ];
}

/** As the plugin reads its entry; else why it would not. */
function confOf({ type, entry }: ChainPlugin): PluginConf | string {
  try {
    return readConf(type === "istio-cni" ? asIstios(entry) : entry);
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  }
}

/** Istio's plugin asks no other agent; before 1.24 its file was named by another key. */
function asIstios(entry: JsonObject): JsonObject {
  const { kubernetes } = entry;
  const older = typeof kubernetes === "object" && kubernetes !== null &&
      "kubeconfig" in kubernetes
    ? { kubeconfig: kubernetes.kubeconfig }
    : {};
  return { ...older, ...entry, agent: "istio" };
}

/** Why the agent would take no pod now. */
async function problemOf(
  { agent, agentSocket: socket }: PluginConf,
): Promise<string | undefined> {
  const path = agent === "hairpin" ? nodePath("status") : "/";
  try {
    const answer = await askSocket({ socket, path, timeoutMs: PROBE_MS });
    // Istio's has one path alone: who answers anything is there.
    if (agent === "istio") return undefined;
    const { outcome, reason } = readNodeAnswer(answer.text);
    return outcome === "refused" ? reason ?? "it takes no pods" : undefined;
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  }
}

interface ReadAccess {
  readonly file: PluginKubeconfig;
  readonly access?: ClusterAccess;
}

async function readAccess(path: string): Promise<ReadAccess> {
  try {
    const { mode } = await Deno.stat(path).catch(() => ({ mode: null }));
    const access = readKubeconfig(await readConfigText(path), path);
    const shown = await shownBy(access);
    const file = { path, problem: undefined, mode: mode ?? undefined };
    return { file: { ...file, ...shown }, access };
  } catch (reason) {
    if (!(reason instanceof ConfigError)) throw reason;
    const problem = messageOf(reason);
    const nothing = { mode: undefined, expires: undefined };
    return { file: { path, problem, ...nothing, shows: "none" } };
  }
}

/** @throws {ConfigError} when a file that it names cannot be read. */
async function shownBy(
  { token, clientCertificate }: ClusterAccess,
): Promise<Pick<PluginKubeconfig, "shows" | "expires">> {
  if (token !== undefined) {
    const expires = endOfToken((await readSource(token)).trim());
    return { shows: "token", expires };
  }
  if (clientCertificate === undefined) {
    return { shows: "none", expires: undefined };
  }
  const pem = await readSource(clientCertificate.certificate);
  return { shows: "certificate", expires: endOfCertificate(pem) };
}

/** Tokens of service accounts say when they end; others need not. */
function endOfToken(token: string): Date | undefined {
  try {
    const { exp } = decodeJwt(token);
    return exp === undefined ? undefined : new Date(exp * 1_000);
  } catch {
    return undefined; // no JWT
  }
}

/** @throws {ConfigError} */
function endOfCertificate(pem: string): Date {
  try {
    return new X509Certificate(pem).validToDate;
  } catch (cause) {
    throw new ConfigError("Cannot read its certificate: no X.509 in PEM", {
      cause,
    });
  }
}

/** Asks for what the plugin asks for: namespaces, whose labels it needs. */
async function askApi(access: ClusterAccess): Promise<ApiAnswer> {
  const client = new KubeClient({ access, clock: systemClock });
  try {
    const path = "/api/v1/namespaces?limit=1";
    const request = { verb: "list", resource: "namespaces", path } as const;
    await client.json(request, AbortSignal.timeout(PROBE_MS));
    return { kind: "answered" };
  } catch (reason) {
    if (!(reason instanceof KubeApiError)) {
      return { kind: "silent", why: messageOf(reason) };
    }
    const isRefusal = reason.status === 401 || reason.status === 403;
    const kind = isRefusal ? "refused" : "silent";
    return { kind, why: reason.message };
  } finally {
    client[Symbol.dispose]();
  }
}
