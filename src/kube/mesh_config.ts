/** Istio's MeshConfig: the key `mesh` of the ConfigMap `istio`, as an object. */
import * as v from "valibot";
import {
  DEFAULT_MESH_CONFIG,
  type MeshConfig,
  type PathNormalization,
} from "../model/mesh_config.ts";
import { readAuthorizers } from "./extension_providers.ts";
import { formatProblem, problemOfIssue } from "./problem.ts";
import { filled, open, someOf, text } from "./schema/fields.ts";

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
  const result = v.safeParse(meshConfig, mesh);
  if (!result.success) {
    const why = formatProblem(problemOfIssue(result.issues[0]));
    const config: MeshConfig = {
      ...DEFAULT_MESH_CONFIG,
      pathNormalization: STRICTEST,
    };
    return { config, warnings: [`MeshConfig cannot be read: ${why}`] };
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

const STRICTEST: PathNormalization = "DECODE_AND_MERGE_SLASHES";

const unknownNormalization = (name: string): string =>
  `MeshConfig pathNormalization ${
    JSON.stringify(name)
  } is not known: ${STRICTEST} is used`;
