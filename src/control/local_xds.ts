/** ztunnel's static state file (`LOCAL_XDS_PATH`), read once. */
import * as v from "valibot";
import type { CollectionTag, ScalarTag } from "yaml";
import { ConfigError } from "../base/errors.ts";
import { formatProblem, problemOfIssue } from "../kube/mod.ts";
import { EMPTY_DELTA, type MeshDelta } from "../model/delta.ts";
import { localFile } from "./local_xds_schema.ts";
import { readYaml } from "./yaml_file.ts";

/**
 * @param file Names the text in errors.
 * @throws {ConfigError} on the first thing that is wrong.
 */
export function readLocalXds(text: string, file: string): MeshDelta {
  const [document, ...others] = readYaml(text, file, STRING_MATCH_TAGS);
  if (others.length > 0) {
    throw new ConfigError(`Cannot use "${file}": more than one document`);
  }
  if (document === undefined) return EMPTY_DELTA;
  const result = v.safeParse(localFile, document.value);
  if (!result.success) {
    const problem = problemOfIssue(result.issues[0]);
    throw new ConfigError(
      `Cannot use "${file}": line ${document.lineOf(problem.path)}: ` +
        formatProblem(problem),
    );
  }
  const { workloads, services, policies } = result.output;
  return {
    ...EMPTY_DELTA,
    workloads: workloads.map(({ workloadIps, ...rest }) => ({
      ...rest,
      ips: workloadIps,
    })),
    services,
    policies: policies.map((policy) => ({
      key: `${policy.namespace}/${policy.name}`,
      ...policy,
    })),
  };
}

/** `!Exact "x"` in place of the mapping `{Exact: "x"}` that a dump shows. */
const STRING_MATCH_TAGS: (ScalarTag | CollectionTag)[] = [
  ...["Exact", "Prefix", "Suffix"].map((kind) => ({
    tag: `!${kind}`,
    resolve: (text: string) => ({ [kind]: text }),
  })),
  { tag: "!Presence", resolve: () => ({ Presence: [] }) },
  ...(["seq", "map"] as const).map((collection) => ({
    tag: "!Presence",
    collection,
    resolve: () => ({ Presence: [] }),
  })),
];
