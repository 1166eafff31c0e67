/** MeshConfig out of the objects that hold it: YAML inside YAML. */
import { messageOf } from "../base/errors.ts";
import {
  type KubeObject,
  meshConfigText,
  type MeshSettings,
  type ReadMeshConfig,
  readMeshConfig,
  unreadMeshConfig,
} from "../kube/mod.ts";
import { readYaml } from "./yaml_file.ts";

/**
 * Reads the MeshConfig of a mesh, with the limits of configuration files. One
 * that cannot be read is named, and replaced by what denies more.
 */
export function meshConfigOf(
  objects: readonly KubeObject[],
  settings: Partial<MeshSettings> = {},
): ReadMeshConfig {
  const text = meshConfigText(objects, settings);
  if (text === undefined) return readMeshConfig(undefined);
  try {
    const [document, second] = readYaml(text, "mesh");
    return second === undefined
      ? readMeshConfig(document?.value)
      : unreadMeshConfig("it has several documents");
  } catch (reason) {
    return unreadMeshConfig(messageOf(reason));
  }
}
