/** Everyone who may try to reach the server, and by which way each of them has to end up. */
import { urlHost } from "../lab/mod.ts";
import {
  type Answers,
  byCurl,
  byTunnel,
  type RawTunnel,
  type Way,
} from "./bypass_callers.ts";
import { HTTP_PORT } from "./support.ts";
import type { WaypointMesh } from "./waypoint_support.ts";

export type Mode = "hairpin" | "reject" | "observe";
export type Lane = "on" | "off";

export const MODES: readonly Mode[] = ["hairpin", "reject", "observe"];

/** What is to become of a source in each mode. */
type Fate = Readonly<Record<Mode, Way>>;

/** Comes through the waypoint, or is one. */
const by = (way: Way): Fate => ({ hairpin: way, reject: way, observe: way });

/** Goes past it. */
const PAST: Fate = {
  hairpin: "round",
  reject: "refused",
  observe: "straight",
};

export interface Source {
  readonly name: string;
  readonly form: "captured" | "plaintext" | "tunnel";
  readonly fate: Fate;
  /** Also with the node-local lane off. Default: only with it on. */
  readonly bothLanes?: true;
  ask(mesh: WaypointMesh): Promise<Answers>;
}

const vipOf = ({ services }: WaypointMesh): string => services.httpbin.vips[0];
const aliasOf = ({ services }: WaypointMesh): string => services.alias.vips[0];
const podOf = ({ pods }: WaypointMesh): string => pods.httpbin.ips[0] ?? "";
const pod6Of = ({ pods }: WaypointMesh): string =>
  urlHost(pods.httpbin.ips[1] ?? "");

const CAPTURED: readonly Source[] = [
  {
    name: "a client by VIP, as it should be",
    form: "captured",
    fate: by("round"),
    ask: (mesh) => byCurl(mesh, mesh.pods.sleep, vipOf(mesh)),
  },
  {
    name: "a client by pod IP",
    form: "captured",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.pods.sleep, podOf(mesh)),
  },
  {
    name: "a client by the pod's IPv6 address",
    form: "captured",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.pods.sleep, pod6Of(mesh)),
  },
  {
    name: "a client by another service of the pod, which has no waypoint",
    form: "captured",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.pods.sleep, aliasOf(mesh)),
  },
  {
    name: "a neighbour on the node by VIP",
    form: "captured",
    fate: by("round"),
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.neighbour, vipOf(mesh)),
  },
  {
    name: "a neighbour on the node by pod IP",
    form: "captured",
    fate: PAST,
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.neighbour, podOf(mesh)),
  },
  {
    name: "a neighbour on the node by another service of the pod",
    form: "captured",
    fate: PAST,
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.neighbour, aliasOf(mesh)),
  },
  {
    name: "the pod itself by VIP",
    form: "captured",
    fate: by("round"),
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.httpbin, vipOf(mesh)),
  },
  {
    name: "the pod itself by another service of the pod",
    form: "captured",
    fate: PAST,
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.httpbin, aliasOf(mesh)),
  },
];

const PLAINTEXT: readonly Source[] = [
  {
    name: "an outsider by pod IP",
    form: "plaintext",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.lab.outsider, podOf(mesh)),
  },
  {
    name: "an outsider by the pod's IPv6 address",
    form: "plaintext",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.lab.outsider, pod6Of(mesh)),
  },
  {
    name: "a pod that is not enrolled, as one with a sidecar or an ingress",
    form: "plaintext",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.pods.bystander, podOf(mesh)),
  },
  {
    name: "the same on the server's node",
    form: "plaintext",
    fate: PAST,
    bothLanes: true,
    ask: (mesh) => byCurl(mesh, mesh.pods.loner, podOf(mesh)),
  },
  {
    name: "the waypoint's own pod in plaintext",
    form: "plaintext",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.pods.waypoint, podOf(mesh)),
  },
  {
    name: "the server's node, as kubelet's probes",
    form: "plaintext",
    fate: by("straight"),
    ask: (mesh) => byCurl(mesh, mesh.lab.node("node-2"), podOf(mesh)),
  },
  {
    name: "another node",
    form: "plaintext",
    fate: PAST,
    ask: (mesh) => byCurl(mesh, mesh.lab.node("node-1"), podOf(mesh)),
  },
  {
    name: "the pod itself by its own address, which never leaves it",
    form: "plaintext",
    fate: by("straight"),
    ask: (mesh) => byCurl(mesh, mesh.pods.httpbin, podOf(mesh)),
  },
];

const SLEEP = { serviceAccount: "sleep" };
const atPod = (mesh: WaypointMesh) => `${podOf(mesh)}:${HTTP_PORT}`;
const HOST = "httpbin.default.svc.cluster.local";
const WAYPOINT_ID = "spiffe://cluster.local/ns/default/sa/waypoint";

/** A proxy that ignores the waypoint, with somebody's valid certificate. */
const tunnel = (
  name: string,
  fate: Fate,
  how: (mesh: WaypointMesh) => RawTunnel,
): Source => ({
  name,
  form: "tunnel",
  fate,
  ask: (mesh) => byTunnel(mesh, how(mesh)),
});

const TUNNELS: readonly Source[] = [
  tunnel("a client's proxy, asking for the pod", PAST, (mesh) => ({
    certificate: SLEEP,
    authority: atPod(mesh),
  })),
  tunnel(
    "a client's proxy, asking for the VIP",
    by("refused"),
    (mesh) => ({
      certificate: SLEEP,
      authority: `${vipOf(mesh)}:${HTTP_PORT}`,
    }),
  ),
  tunnel("a client's proxy, asking for the host name", PAST, () => ({
    certificate: SLEEP,
    authority: `${HOST}:${HTTP_PORT}`,
  })),
  tunnel(
    "a client's proxy, asking for the other service's name",
    PAST,
    () => ({
      certificate: SLEEP,
      authority: `alias.default.svc.cluster.local:${HTTP_PORT}`,
    }),
  ),
  tunnel("a client's proxy from beside the server", PAST, (mesh) => ({
    certificate: SLEEP,
    authority: atPod(mesh),
    from: mesh.pods.loner,
  })),
  tunnel(
    "a client that says in headers to be the waypoint",
    PAST,
    (mesh) => ({
      certificate: SLEEP,
      authority: atPod(mesh),
      headers: {
        "x-hairpin-source": WAYPOINT_ID,
        "x-istio-source": "waypoint",
        forwarded: `for="${mesh.pods.waypoint.ips[0]}:1";host=${HOST}`,
      },
    }),
  ),
  tunnel("a certificate of the pod's own account", PAST, (mesh) => ({
    certificate: { serviceAccount: "httpbin" },
    authority: atPod(mesh),
  })),
  tunnel("a stolen certificate of an unrelated pod", PAST, (mesh) => ({
    certificate: { serviceAccount: "stolen", namespace: "elsewhere" },
    authority: atPod(mesh),
  })),
  tunnel("the waypoint of another service", PAST, (mesh) => ({
    certificate: { serviceAccount: "other-waypoint" },
    authority: atPod(mesh),
  })),
  tunnel(
    "the waypoint's namesake in another namespace",
    PAST,
    (mesh) => ({
      certificate: { serviceAccount: "waypoint", namespace: "other" },
      authority: atPod(mesh),
    }),
  ),
  tunnel("the waypoint", by("straight"), (mesh) => ({
    certificate: { serviceAccount: "waypoint" },
    authority: atPod(mesh),
  })),
];

export const SOURCES: readonly Source[] = [
  ...CAPTURED,
  ...PLAINTEXT,
  ...TUNNELS,
];
