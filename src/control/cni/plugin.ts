/** The chained plugin: one command of a container runtime, from stdin to stdout. */
import {
  addReply,
  addressesOf,
  CNI_CODES,
  type CniCall,
  CniError,
  type Environment,
  errorReply,
  ISTIO_ADD_PATH,
  istioEvent,
  type NodeAnswer,
  nodePath,
  type NodeQuestion,
  type PluginConf,
  type PodMessage,
  type PodName,
  readCall,
  readNodeAnswer,
  type Sandbox,
  versionOfInput,
  versionReply,
} from "../../wire/cni/mod.ts";
import { askSocket } from "./ask_socket.ts";
import { isEnrolledByApi } from "./enrolled_by_api.ts";
import {
  ADD_TIMEOUT_MS,
  ISTIO_TIMEOUT_MS,
  QUICK_TIMEOUT_MS,
} from "./limits.ts";

export interface PluginOutcome {
  /** All that may stand on stdout; empty where the specification wants nothing. */
  readonly stdout: string;
  readonly exitCode: number;
}

/**
 * Runs one command. A pod whose capture is not certain does not start: every
 * doubt is an error of the command.
 *
 * @param input stdin, whole.
 */
export async function runPlugin(
  environment: Environment,
  input: string,
): Promise<PluginOutcome> {
  try {
    return { stdout: await answer(readCall(environment, input)), exitCode: 0 };
  } catch (reason) {
    const stdout = errorReply(versionOfInput(input), reason);
    return { stdout, exitCode: 1 };
  }
}

async function answer(call: CniCall): Promise<string> {
  switch (call.command) {
    case "VERSION":
      return versionReply(call.version);
    case "ADD":
      await add(call.conf, call.sandbox);
      return addReply(call.version, call.conf.prevResult);
    case "CHECK":
      await check(call.conf, call.sandbox);
      return "";
    case "DEL":
      await remove(call.conf, call.sandbox);
      return "";
    case "STATUS":
      await status(call.conf);
      return "";
    case "GC":
      // What a sandbox leaves behind is in its namespace, and gone with that.
      return "";
    default:
      throw new Error(`unhandled: ${call satisfies never}`);
  }
}

/** The pod that the agent has to be asked about, if any. */
const concerned = (
  { excludedNamespaces }: PluginConf,
  { pod }: Sandbox,
): PodName | undefined =>
  pod === undefined || excludedNamespaces.includes(pod.namespace)
    ? undefined
    : pod;

async function add(conf: PluginConf, sandbox: Sandbox): Promise<void> {
  const pod = concerned(conf, sandbox);
  if (pod === undefined) return;
  if (conf.agent === "istio") return await addByIstio(conf, sandbox, pod);
  const message = podMessage(conf, sandbox, pod);
  checkTaken(await askNode(conf, "add", ADD_TIMEOUT_MS, message), pod);
}

async function check(conf: PluginConf, sandbox: Sandbox): Promise<void> {
  const pod = concerned(conf, sandbox);
  // Istio's agent is asked of new pods alone.
  if (pod === undefined || conf.agent === "istio") return;
  const message = podMessage(conf, sandbox, pod);
  checkTaken(await askNode(conf, "check", ADD_TIMEOUT_MS, message), pod);
}

/** Never fails: a sandbox has to be gone for good, whoever is there to hear of it. */
async function remove(conf: PluginConf, sandbox: Sandbox): Promise<void> {
  const pod = concerned(conf, sandbox);
  if (pod === undefined || conf.agent === "istio") return;
  const message = podMessage(conf, sandbox, pod);
  await askNode(conf, "del", QUICK_TIMEOUT_MS, message).catch(() => {});
}

/** @throws {CniError} when ADD would fail now. */
async function status(conf: PluginConf): Promise<void> {
  if (conf.agent === "istio") return;
  try {
    const { outcome, reason } = await askNode(conf, "status", QUICK_TIMEOUT_MS);
    if (outcome === "refused") throw new Error(reason);
  } catch (reason) {
    throw new CniError(
      CNI_CODES.notAvailable,
      reason instanceof Error ? reason.message : "not ready",
    );
  }
}

const podMessage = (
  { prevResult }: PluginConf,
  { containerId, netns }: Sandbox,
  { name, namespace, uid }: PodName,
): PodMessage => ({
  containerId,
  ...netns !== undefined && { netns },
  name,
  namespace,
  ...uid !== undefined && { uid },
  ips: addressesOf(prevResult).map(({ ip }) => ip),
});

async function askNode(
  { agentSocket: socket }: PluginConf,
  question: NodeQuestion,
  timeoutMs: number,
  message?: PodMessage,
): Promise<NodeAnswer> {
  const { status, text } = await askSocket({
    socket,
    path: nodePath(question),
    timeoutMs,
    ...message !== undefined && { body: JSON.stringify(message) },
  });
  if (status === 200) return readNodeAnswer(text);
  return { outcome: "refused", reason: `status ${status}: ${text.trim()}` };
}

function checkTaken(
  { outcome, reason = "the node process does not say why" }: NodeAnswer,
  { namespace, name }: PodName,
): void {
  if (outcome === "captured" || outcome === "passed") return;
  throw new CniError(
    CNI_CODES.tryAgainLater,
    `Cannot capture pod "${namespace}/${name}": ${reason}`,
  );
}

/** Its agent refuses pods that are not to be captured, so the plugin asks the API first. */
async function addByIstio(
  { agentSocket: socket, kubeconfig, prevResult, excludedNamespaces }:
    PluginConf,
  { netns }: Sandbox,
  pod: PodName,
): Promise<void> {
  if (!await isEnrolledByApi(kubeconfig, pod, excludedNamespaces)) return;
  const { status, text } = await askSocket({
    socket,
    path: ISTIO_ADD_PATH,
    body: istioEvent(netns ?? "", pod, addressesOf(prevResult)),
    timeoutMs: ISTIO_TIMEOUT_MS,
  });
  if (status === 200) return;
  throw new CniError(
    CNI_CODES.tryAgainLater,
    `Cannot capture pod "${pod.namespace}/${pod.name}": ` +
      `Istio's agent says ${status}: ${text.trim()}`,
  );
}
