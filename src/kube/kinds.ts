/** Which kinds hairpin knows, under which API groups, and how each is read. */
import * as v from "valibot";
import type { Kind } from "./objects.ts";
import { packSpec } from "./packed_spec.ts";
import {
  peerAuthenticationSpec,
  requestAuthenticationSpec,
} from "./schema/authentication.ts";
import { authorizationPolicySpec } from "./schema/authorization.ts";
import { podSpec, podStatus, serviceSpec } from "./schema/core.ts";
import { endpointSlice } from "./schema/discovery.ts";
import {
  anyMapping,
  closed,
  mapOf,
  metadata,
  open,
  text,
} from "./schema/fields.ts";
import {
  gatewayClassSpec,
  gatewaySpec,
  gatewayStatus,
} from "./schema/gateway.ts";
import {
  serviceEntrySpec,
  serviceEntryStatus,
  workloadEntrySpec,
} from "./schema/networking.ts";

export interface KindRow {
  /** Which `apiVersion` texts name this kind. */
  readonly apiVersions: RegExp;
  /** Whether its objects live in a namespace. */
  readonly namespaced: boolean;
  /** Whether a field without a value is an error instead of an absent one. */
  readonly strict: boolean;
  readonly schema: v.GenericSchema<unknown, object>;
  /** The one name that matters; objects of other names are left aside. */
  readonly only?: string;
}

/** Where Istio keeps the settings of a mesh. */
export const MESH_CONFIG_MAP = "istio";

const CORE = /^v1$/;
const DISCOVERY = /^discovery\.k8s\.io\/v1$/;
const NETWORKING = /^networking\.istio\.io\/v1/;
const SECURITY = /^security\.istio\.io\/v1(beta1)?$/;
const GATEWAY_API = /^gateway\.networking\.k8s\.io\/v1/;

const head = { apiVersion: text, kind: text, metadata };

const row = (
  apiVersions: RegExp,
  entries: v.ObjectEntries = {},
): KindRow => ({
  apiVersions,
  namespaced: true,
  strict: false,
  schema: open({ ...head, ...entries }),
});

const clusterWide = (
  apiVersions: RegExp,
  entries: v.ObjectEntries = {},
): KindRow => ({
  ...row(apiVersions, entries),
  namespaced: false,
});

const security = (spec: v.GenericSchema<unknown, object>): KindRow => ({
  apiVersions: SECURITY,
  namespaced: true,
  strict: true,
  schema: closed({
    ...head,
    spec: v.optional(spec, {}),
    status: v.exactOptional(v.unknown()),
  }),
});

const route = (apiVersions: RegExp): KindRow =>
  row(apiVersions, {
    spec: v.optional(v.pipe(anyMapping, v.transform(packSpec)), {}),
  });

export const KINDS: Readonly<Record<Kind, KindRow>> = {
  Namespace: clusterWide(CORE),
  Node: clusterWide(CORE),
  GatewayClass: clusterWide(GATEWAY_API, {
    spec: v.optional(gatewayClassSpec, {}),
  }),
  Pod: row(CORE, {
    spec: v.optional(podSpec, {}),
    status: v.optional(podStatus, {}),
  }),
  Service: row(CORE, { spec: v.optional(serviceSpec, {}) }),
  ConfigMap: {
    ...row(CORE, { data: v.optional(mapOf(text), {}) }),
    only: MESH_CONFIG_MAP,
  },
  EndpointSlice: row(DISCOVERY, endpointSlice),
  ServiceEntry: row(NETWORKING, {
    spec: serviceEntrySpec,
    status: v.optional(serviceEntryStatus, {}),
  }),
  WorkloadEntry: row(NETWORKING, { spec: workloadEntrySpec }),
  Gateway: row(GATEWAY_API, {
    spec: v.optional(gatewaySpec, {}),
    status: v.optional(gatewayStatus, {}),
  }),
  AuthorizationPolicy: security(authorizationPolicySpec),
  PeerAuthentication: security(peerAuthenticationSpec),
  RequestAuthentication: security(requestAuthenticationSpec),
  HTTPRoute: route(GATEWAY_API),
  GRPCRoute: route(GATEWAY_API),
  TCPRoute: route(GATEWAY_API),
  TLSRoute: route(GATEWAY_API),
  ReferenceGrant: route(GATEWAY_API),
  DestinationRule: route(NETWORKING),
};

export const isKnownKind = (kind: string): kind is Kind =>
  Object.hasOwn(KINDS, kind);
