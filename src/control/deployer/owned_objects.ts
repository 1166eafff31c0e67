/** The deployer's objects at the API server. */
import { type AppliedObject, DEPLOYER, ownershipOf } from "../../kube/mod.ts";
import { HairpinError } from "../../base/errors.ts";
import {
  type KubeApi,
  KubeApiError,
  type KubeResource,
  pathOf,
  titleOf,
} from "../kube_api/mod.ts";

type Kind = AppliedObject["kind"];

const RESOURCES: Readonly<Record<Kind, KubeResource>> = {
  ServiceAccount: { group: "", versions: ["v1"], plural: "serviceaccounts" },
  Service: { group: "", versions: ["v1"], plural: "services" },
  RoleBinding: {
    group: "rbac.authorization.k8s.io",
    versions: ["v1"],
    plural: "rolebindings",
  },
  Deployment: { group: "apps", versions: ["v1"], plural: "deployments" },
};

/** An object of a wanted name is somebody else's. */
export class ForeignObjectError extends HairpinError {
  readonly code = "API";

  constructor({ kind, metadata }: AppliedObject, why: string) {
    super(
      `Cannot take over ${kind} "${metadata.namespace}/${metadata.name}": it ${why}`,
    );
  }
}

/** Where an object stands, and what is known of it. */
interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
}

/** Reads and applies; every failure is a HairpinError. */
export class OwnedObjects {
  readonly #api: Pick<KubeApi, "json">;
  readonly #signal: AbortSignal;

  constructor(api: Pick<KubeApi, "json">, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  /**
   * Looks whether an object may be applied.
   *
   * @returns the uid of the one that there is; undefined when there is none.
   * @throws {ForeignObjectError} when it is not the deployer's.
   */
  async uidOf(object: AppliedObject): Promise<string | undefined> {
    const raw = await this.#read({ ...object.metadata, kind: object.kind });
    if (raw === undefined) return undefined;
    const owner = ownershipOf(raw);
    if (!owner.ours) throw new ForeignObjectError(object, owner.why);
    return owner.uid;
  }

  /** Whether there is an account of this name, and it is the deployer's. */
  async hasAccount(
    { namespace, name }: Pick<Target, "namespace" | "name">,
  ): Promise<boolean> {
    const raw = await this.#read({ kind: "ServiceAccount", namespace, name });
    return raw !== undefined && ownershipOf(raw).ours;
  }

  /**
   * Applies an object; where it is so already the server changes nothing.
   *
   * @param uid Of the one that was looked at: another one in its place is not written to.
   */
  async apply(object: AppliedObject, uid: string | undefined): Promise<void> {
    const { kind, metadata } = object;
    const { path, resource } = placeOf({ kind, ...metadata });
    await this.#api.json({
      verb: "patch",
      resource,
      path: `${path}?fieldManager=${DEPLOYER}&force=true`,
      apply: uid === undefined
        ? object
        : { ...object, metadata: { ...metadata, uid } },
    }, this.#signal);
  }

  async #read(target: Target): Promise<unknown> {
    try {
      const place = placeOf(target);
      return await this.#api.json({ verb: "get", ...place }, this.#signal);
    } catch (reason) {
      if (reason instanceof KubeApiError && reason.status === 404) return;
      throw reason;
    }
  }
}

function placeOf({ kind, namespace, name }: Target) {
  const resource = RESOURCES[kind];
  const version = resource.versions[0] ?? "";
  return {
    resource: titleOf(resource),
    path: pathOf(resource, { version, namespace, name }),
  };
}
