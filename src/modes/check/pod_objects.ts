/** The pods of this node as the Kubernetes API has them. */
import { HairpinError, messageOf } from "../../base/errors.ts";
import type { CheckCommand, KubeSource } from "../../config/mod.ts";
import {
  type ClusterAccess,
  inClusterAccess,
  KubeClient,
  listAll,
  type RawObject,
  readKubeconfig,
} from "../../control/kube_api/mod.ts";
import { readConfigText } from "../../control/read_files.ts";
import { systemClock } from "../../control/system_clock.ts";
import { type KubeObject, parseObject, podMarks } from "../../kube/mod.ts";
import type { Dump } from "../../view/mod.ts";
import { failed, type Judgement, ok } from "./finding.ts";
import { judgeMarks } from "./judge_mesh.ts";
import { judgeRuns } from "./judge_runs.ts";
import { KUBE_MS } from "./limits.ts";
import { readPodRun } from "./pod_runs.ts";

/** Labels, annotations and containers, where the API can be asked. */
export async function checkPodObjects(
  { hairpin, config }: Dump,
  { kube, inCluster }: Pick<CheckCommand, "kube" | "inCluster">,
): Promise<Judgement[]> {
  const told = hairpin?.kube ?? undefined;
  const source = kube ?? (told === "in-cluster" ? inCluster : undefined);
  const marks = told === undefined ? [] : [judgeMarks({ hairpin })];
  if (source === undefined) {
    return [
      ...marks,
      ok("containers", "not asked for: name the Kubernetes API with --kube"),
    ];
  }
  const raw = await listPods(source, config.localNode);
  if (typeof raw === "string") {
    return [...marks, failed("Kubernetes API", raw, API_HINT)];
  }
  return [
    ...told === undefined
      ? [judgeMarks({ hairpin: { podMarks: marksOf(raw, config.localNode) } })]
      : marks,
    judgeRuns(raw.flatMap((object) => readPodRun(object) ?? [])),
  ];
}

const API_HINT =
  "name a kubeconfig with --kube whose user may list pods and namespaces";

const marksOf = (raw: readonly RawObject[], node: string) => [
  ...podMarks(raw.flatMap(objectOf), node),
];

const objectOf = (raw: RawObject): KubeObject[] => {
  const parsed = parseObject(raw);
  return parsed.kind === "object" ? [parsed.object] : [];
};

/** A node's pods and all namespaces; else why they cannot be had. */
async function listPods(
  source: KubeSource,
  node: string,
): Promise<RawObject[] | string> {
  let client: KubeClient | undefined;
  try {
    client = new KubeClient({
      access: await accessOf(source),
      clock: systemClock,
    });
    const objects: RawObject[] = [];
    const signal = AbortSignal.timeout(KUBE_MS);
    const take = (object: RawObject) => void objects.push(object);
    const fieldSelector = `spec.nodeName=${node}`;
    await listAll(client, { kind: "Namespace" }, "v1", take, signal);
    await listAll(client, { kind: "Pod", fieldSelector }, "v1", take, signal);
    return objects;
  } catch (reason) {
    const isOurs = reason instanceof HairpinError ||
      reason instanceof DOMException;
    if (isOurs) return messageOf(reason);
    throw reason;
  } finally {
    client?.[Symbol.dispose]();
  }
}

const accessOf = async (source: KubeSource): Promise<ClusterAccess> =>
  source.kind === "in-cluster"
    ? inClusterAccess(source.server)
    : readKubeconfig(await readConfigText(source.path), source.path);
