/** `hairpin check`: what keeps a pod, or a node's pods, from being served. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { CheckCommand } from "../../config/mod.ts";
import type { Ip } from "../../model/address.ts";
import { readKernelFile } from "../../sys/kernel_file.ts";
import { type Dump, parseDump } from "../../view/mod.ts";
import { askAdmin } from "../ask_admin.ts";
import {
  about,
  exitCodeOf,
  failed,
  type Finding,
  findingLine,
  ok,
} from "./finding.ts";
import { listeningSockets } from "./gather.ts";
import {
  agentSocketOf,
  judgeAgentSocket,
  judgeCapabilities,
  judgeCertificates,
  judgeDescriptors,
  judgePods,
} from "./judge_node.ts";
import { checkNamespaces, type Proxy, type Wanted } from "./namespaces.ts";

/** What to print, and how the process ends. */
export interface CheckReport {
  readonly exitCode: 0 | 1;
  readonly lines: readonly string[];
}

const ADMIN = { host: "127.0.0.1" as Ip, port: 15000 };

/** Looks and probes; what goes wrong on the way is a finding, too. */
export async function runCheck(command: CheckCommand): Promise<CheckReport> {
  const findings = await findingsOf(command);
  return {
    exitCode: exitCodeOf(findings),
    lines: command.json
      ? JSON.stringify(findings, undefined, 2).split("\n")
      : findings.map(findingLine),
  };
}

async function findingsOf({ target }: CheckCommand): Promise<Finding[]> {
  const { proxy, findings } = await checkProxy();
  return [...findings, ...await checkNamespaces(wantedOf(target), proxy)];
}

function wantedOf(target: CheckCommand["target"]): Wanted {
  return target.kind === "pod"
    ? { kind: "pod", name: `${target.pod.namespace}/${target.pod.name}` }
    : target;
}

async function checkProxy(): Promise<{ proxy: Proxy; findings: Finding[] }> {
  const asked = await readProxyDump();
  if (typeof asked === "string") {
    const judgement = failed(
      "admin server",
      asked,
      "start hairpin on this node",
    );
    return {
      proxy: { dump: undefined, pid: undefined },
      findings: about("node", [judgement]),
    };
  }
  const pid = (await listeningSockets())
    ?.find(({ localPort }) => localPort === ADMIN.port)?.owner?.pid;
  return {
    proxy: { dump: asked, pid },
    findings: about("node", nodeJudgements(asked, pid)),
  };
}

const nodeJudgements = (
  dump: Dump,
  pid: number | undefined,
  agent = agentSocketOf(dump),
) => [
  ok("admin server", pid === undefined ? "answers" : `answers (pid ${pid})`),
  judgeDescriptors(procFile(pid, "limits")),
  judgeCapabilities(procFile(pid, "status")),
  judgeCertificates(dump, new Date()),
  judgePods(dump),
  judgeAgentSocket(agent, agent !== undefined && isSocket(agent)),
];

function isSocket(path: string): boolean {
  try {
    return Deno.statSync(path).isSocket === true;
  } catch {
    return false; // it is not there, or not for us
  }
}

const procFile = (pid: number | undefined, name: string) =>
  pid === undefined ? undefined : readKernelFile(`/proc/${pid}/${name}`);

/** The dump, or why there is none. */
async function readProxyDump(): Promise<Dump | string> {
  try {
    const { status, body } = await askAdmin(ADMIN, "/config_dump");
    return status === 200 ? parseDump(body) : `answers ${status}`;
  } catch (reason) {
    if (reason instanceof HairpinError) return messageOf(reason);
    throw reason;
  }
}
