/** Kubernetes objects as hairpin knows them: read, checked, with defaults filled in. */
import type { PackedSpec } from "./packed_spec.ts";
import type {
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
} from "./schema/authentication.ts";
import type { AuthorizationPolicySpec } from "./schema/authorization.ts";
import type { PodSpec, PodStatus, ServiceSpec } from "./schema/core.ts";
import type { EndpointSliceFields } from "./schema/discovery.ts";
import type { Metadata } from "./schema/fields.ts";
import type {
  GatewayClassSpec,
  GatewaySpec,
  GatewayStatus,
} from "./schema/gateway.ts";
import type {
  ServiceEntrySpec,
  ServiceEntryStatus,
  WorkloadEntrySpec,
} from "./schema/networking.ts";

/** Name and labels; `namespace` is empty for the kinds that have none. */
export interface ObjectMeta extends Omit<Metadata, "namespace"> {
  readonly namespace: string;
}

interface Of<Kind extends string> {
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
}

export type NamespaceObject = Of<"Namespace">;
export type NodeObject = Of<"Node">;
export interface GatewayClassObject extends Of<"GatewayClass"> {
  readonly spec: GatewayClassSpec;
}
export interface PodObject extends Of<"Pod"> {
  readonly spec: PodSpec;
  readonly status: PodStatus;
}
export interface ServiceObject extends Of<"Service"> {
  readonly spec: ServiceSpec;
}
export interface ConfigMapObject extends Of<"ConfigMap"> {
  readonly data: Readonly<Record<string, string>>;
}
export interface EndpointSliceObject
  extends Of<"EndpointSlice">, EndpointSliceFields {}
export interface ServiceEntryObject extends Of<"ServiceEntry"> {
  readonly spec: ServiceEntrySpec;
  readonly status: ServiceEntryStatus;
}
export interface WorkloadEntryObject extends Of<"WorkloadEntry"> {
  readonly spec: WorkloadEntrySpec;
}
export interface GatewayObject extends Of<"Gateway"> {
  readonly spec: GatewaySpec;
  readonly status: GatewayStatus;
}
export interface AuthorizationPolicyObject extends Of<"AuthorizationPolicy"> {
  readonly spec: AuthorizationPolicySpec;
}
export interface PeerAuthenticationObject extends Of<"PeerAuthentication"> {
  readonly spec: PeerAuthenticationSpec;
}
export interface RequestAuthenticationObject
  extends Of<"RequestAuthentication"> {
  readonly spec: RequestAuthenticationSpec;
}
/** With all that is written, for the waypoint to read. */
interface Raw<Kind extends string> extends Of<Kind> {
  readonly spec: PackedSpec;
}

/** Kinds of layer 7. */
export type RouteObject =
  | Raw<"HTTPRoute">
  | Raw<"GRPCRoute">
  | Raw<"TCPRoute">
  | Raw<"TLSRoute">
  | Raw<"ReferenceGrant">
  | Raw<"DestinationRule">;

export type KubeObject =
  | NamespaceObject
  | NodeObject
  | GatewayClassObject
  | PodObject
  | ServiceObject
  | ConfigMapObject
  | EndpointSliceObject
  | ServiceEntryObject
  | WorkloadEntryObject
  | GatewayObject
  | AuthorizationPolicyObject
  | PeerAuthenticationObject
  | RequestAuthenticationObject
  | RouteObject;

export type Kind = KubeObject["kind"];
export type ObjectOf<K extends Kind> = Extract<KubeObject, { kind: K }>;

/** `namespace/name`, or the name alone for a kind without namespace. */
export function nameOf(object: { readonly metadata: ObjectMeta }): string {
  const { namespace, name } = object.metadata;
  return namespace === "" ? name : `${namespace}/${name}`;
}
