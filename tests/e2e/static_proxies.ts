/**
 * Proxies of both kinds that are told alike: state from ztunnel's local file,
 * pods by a node agent of the test's, certificates of the lab's authority.
 */
import { stringify } from "yaml";
import { handover } from "../bench/ztunnel_proxies.ts";
import { HairpinProcess, type Lab, type LabPod } from "../lab/mod.ts";
import { startZtunnel } from "../lab/ztunnel.ts";

export type Kind = "hairpin" | "ztunnel";

export interface StaticProxy {
  readonly node: string;
  readonly kind: Kind;
  /** In ztunnel's static format. */
  readonly mesh: string;
  readonly network: string;
  /** Path of the program, for that kind. */
  readonly ztunnel: string | undefined;
}

const CA_PORT = 15_012;

/** Starts the proxy of a node, and waits until its pods are served. They must be redirected. */
export async function startStaticProxy(
  lab: Lab,
  proxy: StaticProxy,
): Promise<HairpinProcess> {
  const path = `${lab.folder}/mesh-${proxy.node}.yaml`;
  await Deno.writeTextFile(path, proxy.mesh);
  return proxy.kind === "hairpin"
    ? await startHairpin(lab, proxy, path)
    : await startAsPeer(lab, proxy, path);
}

async function startHairpin(
  lab: Lab,
  { node, network }: StaticProxy,
  path: string,
): Promise<HairpinProcess> {
  const objects = `${lab.folder}/objects.yaml`;
  await Deno.writeTextFile(objects, stringify(NAMESPACE));
  const socket = `${lab.folder}/zds-${node}.sock`;
  const pods = lab.pods.filter((pod) => pod.node === node);
  const agent = await handover(socket, pods);
  const hairpin = await lab.startHairpin(lab.node(node), {
    redirect: "agent",
    flags: ["--config", objects, "--local-xds", path, "--inpod-uds", socket],
    env: { NETWORK: network },
  });
  hairpin.process.ended.then(() => agent[Symbol.asyncDispose]());
  for (const pod of pods) await hairpin.untilPodUp(pod);
  return hairpin;
}

/** There has to be one object. */
const NAMESPACE = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "default" },
};

async function startAsPeer(
  lab: Lab,
  { node, network, ztunnel = "" }: StaticProxy,
  path: string,
): Promise<HairpinProcess> {
  const root = `${lab.caFolder}/root-cert.pem`;
  const authority = lab.start(lab.node(node), `ca-${node}`, [
    ...[Deno.execPath(), "run", "-A", SIGNING_CA],
    ...[`${CA_PORT}`, root, `${lab.caFolder}/ca-key.pem`],
  ]);
  await authority.untilLog(/listening/);
  const token = `${lab.folder}/token`;
  await Deno.writeTextFile(token, "token");
  const process = await startZtunnel(lab, lab.node(node), {
    program: ztunnel,
    workers: 1,
    handover,
    env: {
      FAKE_CA: undefined,
      CA_ADDRESS: `https://localhost:${CA_PORT}`,
      CA_ROOT_CA: root,
      AUTH_TOKEN: token,
      LOCAL_XDS_PATH: path,
      NETWORK: network,
    },
  });
  return new HairpinProcess(lab.node(node), process, false);
}

const SIGNING_CA =
  new URL("./programs/signing_ca.ts", import.meta.url).pathname;

/** A pod's record in ztunnel's static format. */
export const staticWorkload = (pod: LabPod, network: string) => ({
  uid: `Kubernetes//Pod/default/${pod.name}`,
  name: pod.name,
  namespace: "default",
  serviceAccount: pod.serviceAccount,
  trustDomain: "cluster.local",
  workloadIps: pod.ips,
  network,
  node: pod.node,
  protocol: "HBONE",
  status: "Healthy",
  clusterId: network === "" ? "Kubernetes" : "cluster-2",
  workloadName: pod.name,
  workloadType: "deployment",
  canonicalName: pod.name,
  services: {},
});
