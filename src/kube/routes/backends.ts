/** The services that routes name as backends. */
import type { BackendTarget } from "../../model/backend.ts";
import { type Service, serviceKey } from "../../model/service.ts";
import type { ReferenceGrants } from "./reference_grants.ts";
import type { FieldPath, RouteNotes } from "./notes.ts";
import type { ObjectRef } from "../schema/route_parts.ts";
import type { MeshSettings } from "../settings.ts";

/** Whether a reference into another namespace needs a ReferenceGrant. */
export type GrantPolicy = "optional" | "required";

/** Who refers. */
export interface Referrer {
  readonly kind: string;
  readonly namespace: string;
  /** Keys of its parents: to send a service's calls to itself needs no grant. */
  readonly parents: ReadonlySet<string>;
  readonly notes: RouteNotes;
}

const GATEWAY_API = "gateway.networking.k8s.io";
const ISTIO = "networking.istio.io";

export class Backends {
  readonly #byKey: ReadonlyMap<string, Service>;
  readonly #byHost = new Map<string, Service>();

  constructor(
    services: readonly Service[],
    readonly grants: ReferenceGrants,
    readonly settings: Pick<MeshSettings, "clusterDomain"> & {
      readonly referenceGrants: GrantPolicy;
    },
  ) {
    this.#byKey = new Map(services.map((s) => [serviceKey(s), s]));
    for (const service of services) {
      if (service.canonical || !this.#byHost.has(service.hostname)) {
        this.#byHost.set(service.hostname, service);
      }
    }
  }

  /** The target of a reference; where it has none, why not, which is also noted. */
  resolve(ref: ObjectRef, path: FieldPath, from: Referrer): BackendTarget {
    const invalid = (
      reason: Parameters<RouteNotes["missing"]>[0],
      why: string,
    ): BackendTarget => ({
      kind: "invalid",
      because: from.notes.missing(reason, path, why),
    });
    const known = isHostname(ref) || isService(ref);
    if (!known) {
      const kind = [ref.group, ref.kind].filter((t) => t !== "").join("/");
      return invalid("InvalidKind", `has the kind ${kind}, not Service`);
    }
    const service = this.#find(ref, from);
    const name = service?.hostname ?? ref.name;
    if (service === undefined) {
      return invalid("BackendNotFound", `names no service: "${name}"`);
    }
    if (!this.#permits(service, ref, from)) {
      return invalid("RefNotPermitted", "is not allowed by a ReferenceGrant");
    }
    if (ref.port === undefined) {
      return invalid("BackendNotFound", "has no port");
    }
    if (service.ports[ref.port] === undefined) {
      const why = `names port ${ref.port}, which "${name}" has not`;
      return invalid("BackendNotFound", why);
    }
    return { kind: "service", service: serviceKey(service), port: ref.port };
  }

  #find(ref: ObjectRef, { namespace }: Referrer): Service | undefined {
    if (isHostname(ref)) {
      const host = ref.name.toLowerCase();
      return this.#byKey.get(`${ref.namespace ?? namespace}/${host}`) ??
        this.#byHost.get(host);
    }
    return this.#byKey.get(this.#keyOf(ref, namespace));
  }

  #keyOf({ name, namespace: own }: ObjectRef, fallback: string): string {
    const namespace = own ?? fallback;
    return `${namespace}/${name}.${namespace}.svc.${this.settings.clusterDomain}`;
  }

  #permits(service: Service, ref: ObjectRef, from: Referrer): boolean {
    return this.settings.referenceGrants === "optional" ||
      from.parents.has(serviceKey(service)) ||
      this.grants.permits(
        { group: GATEWAY_API, kind: from.kind, namespace: from.namespace },
        {
          group: isHostname(ref) ? ISTIO : "",
          kind: ref.kind,
          name: ref.name,
          namespace: service.namespace,
        },
      );
  }
}

const isService = ({ group, kind }: ObjectRef): boolean =>
  (group === "" || group === "core") && kind === "Service";

/** Istio's way to name a service by its host name, also that of a ServiceEntry. */
const isHostname = ({ group, kind }: ObjectRef): boolean =>
  group === ISTIO && kind === "Hostname";
