/** Istio's MeshConfig: the key `mesh` of the ConfigMap `istio`, as an object. */
import * as v from "valibot";
import {
  DEFAULT_MESH_CONFIG,
  type MeshConfig,
  type PathNormalization,
} from "../model/mesh_config.ts";
import { readAuthorizers } from "./extension_providers.ts";
import { MESH_CONFIG_MAP } from "./kinds.ts";
import type { ConfigMapObject, KubeObject } from "./objects.ts";
import { formatProblem, problemOfIssue } from "./problem.ts";
import { filled, open, someOf, text } from "./schema/fields.ts";
import { DEFAULT_SETTINGS, type MeshSettings } from "./settings.ts";
import { shapeProblem, withoutNulls } from "./shape.ts";

/**
 * The text of the mesh's settings, as the root namespace has it.
 *
 * @returns YAML; undefined when there is none.
 */
export function meshConfigText(
  objects: readonly KubeObject[],
  options: Partial<MeshSettings> = {},
): string | undefined {
  const { rootNamespace } = { ...DEFAULT_SETTINGS, ...options };
  const found = objects.find((object): object is ConfigMapObject =>
    object.kind === "ConfigMap" &&
    object.metadata.namespace === rootNamespace &&
    object.metadata.name === MESH_CONFIG_MAP
  );
  return found?.data.mesh;
}

export interface ReadMeshConfig {
  readonly config: MeshConfig;
  /** Each on one line. */
  readonly warnings: readonly string[];
}

const meshConfig = open({
  trustDomain: v.exactOptional(text),
  trustDomainAliases: someOf(filled),
  pathNormalization: v.exactOptional(open({
    normalization: v.exactOptional(text),
  })),
  extensionProviders: v.optional(v.unknown(), []),
});

const NORMALIZATIONS: Readonly<Record<string, PathNormalization>> = {
  DEFAULT: "BASE",
  NONE: "NONE",
  BASE: "BASE",
  MERGE_SLASHES: "MERGE_SLASHES",
  DECODE_AND_MERGE_SLASHES: "DECODE_AND_MERGE_SLASHES",
};

/**
 * Reads what a waypoint needs; all other fields are ignored.
 *
 * What cannot be read is named and replaced by what denies more: no provider,
 * and the path normalisation that decodes most.
 *
 * @param mesh The parsed YAML of the key `mesh`; undefined when there is none.
 */
export function readMeshConfig(mesh: unknown): ReadMeshConfig {
  if (mesh === undefined || mesh === null) {
    return { config: DEFAULT_MESH_CONFIG, warnings: [] };
  }
  const shape = shapeProblem(mesh);
  if (shape !== undefined) return unreadMeshConfig(formatProblem(shape));
  const result = v.safeParse(meshConfig, withoutNulls(mesh));
  if (!result.success) {
    return unreadMeshConfig(formatProblem(problemOfIssue(result.issues[0])));
  }
  const { trustDomain, trustDomainAliases, pathNormalization } = result.output;
  const named = pathNormalization?.normalization ?? "DEFAULT";
  const known = Object.hasOwn(NORMALIZATIONS, named)
    ? NORMALIZATIONS[named]
    : undefined;
  const read = readAuthorizers(result.output.extensionProviders);
  return {
    config: {
      trustDomain: trustDomain === "" ? undefined : trustDomain,
      trustDomainAliases,
      pathNormalization: known ?? STRICTEST,
      authorizers: read.authorizers,
    },
    warnings: [
      ...known === undefined ? [unknownNormalization(named)] : [],
      ...read.warnings,
    ],
  };
}

/** What holds when nothing of it can be read. @param why On one line. */
export const unreadMeshConfig = (why: string): ReadMeshConfig => ({
  config: { ...DEFAULT_MESH_CONFIG, pathNormalization: STRICTEST },
  warnings: [`MeshConfig cannot be read: ${why}`],
});

const STRICTEST: PathNormalization = "DECODE_AND_MERGE_SLASHES";

const unknownNormalization = (name: string): string =>
  `MeshConfig pathNormalization ${
    JSON.stringify(name)
  } is not known: ${STRICTEST} is used`;
