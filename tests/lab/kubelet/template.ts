/** What a kubelet reads in the template of a DaemonSet's or a Deployment's pods. */
import type { Manifest } from "../../support/manifests.ts";
import { LabError } from "../command.ts";

/** Where a container has a volume. */
export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly mountPropagation?: "None" | "HostToContainer";
}

/** A volume of the kinds that hairpin's manifests have. */
export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: {
    readonly secretName: string;
    readonly defaultMode?: number;
  };
  readonly emptyDir?: object;
  readonly hostPath?: { readonly path: string; readonly type?: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly serviceAccountToken: {
        readonly path: string;
        readonly audience: string;
        readonly expirationSeconds: number;
      };
    }[];
  };
}

export interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
  }[];
  readonly ports: readonly {
    readonly name: string;
    readonly containerPort: number;
  }[];
  readonly readinessProbe: {
    readonly httpGet: { readonly path: string; readonly port: string };
  };
  readonly securityContext: {
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
    readonly runAsUser: number;
    readonly runAsGroup?: number;
    readonly capabilities: { readonly add?: readonly string[] };
  };
  readonly volumeMounts: readonly VolumeMount[];
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken?: boolean;
    readonly hostNetwork?: boolean;
    readonly containers: readonly [Container];
    readonly volumes: readonly Volume[];
  };
}

/** The template of the only DaemonSet or Deployment among some objects. @throws {LabError} when there is not exactly one. */
export function templateIn(
  objects: readonly Manifest[],
): { readonly owner: Manifest; readonly template: PodTemplate } {
  const owners = objects.filter(({ kind }) =>
    kind === "DaemonSet" || kind === "Deployment"
  );
  const [owner] = owners;
  if (owner === undefined || owners.length > 1) {
    throw new LabError(`Cannot find a pod's template: ${owners.length} owners`);
  }
  return {
    owner,
    template: (owner.spec as { readonly template: PodTemplate }).template,
  };
}

/** What the downward API tells of a pod, by path of the field. */
export type PodFields = Readonly<Record<string, string>>;

/**
 * The environment that a container gets from its manifest.
 *
 * @throws {LabError} for a field that `fields` does not have.
 */
export function environmentOf(
  { env }: Container,
  fields: PodFields,
): Record<string, string> {
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => {
    if (value !== undefined) return [name, value];
    const path = valueFrom?.fieldRef.fieldPath ?? "";
    const field = fields[path];
    if (field === undefined) throw new LabError(`Cannot tell "${path}"`);
    return [name, field];
  }));
}

/** The container's arguments, `$(NAME)` replaced where there is a variable of that name. */
export const argumentsOf = (
  { args }: Container,
  env: Readonly<Record<string, string>>,
): string[] =>
  args.map((arg) =>
    arg.replaceAll(/\$\((\w+)\)/g, (all, name: string) => env[name] ?? all)
  );

/** URL of the container's readiness probe at that address. */
export function probeUrl(container: Container, host: string): string {
  const { path, port } = container.readinessProbe.httpGet;
  const found = container.ports.find(({ name }) => name === port);
  if (found === undefined) throw new LabError(`Cannot probe port "${port}"`);
  return `http://${host}:${found.containerPort}${path}`;
}
