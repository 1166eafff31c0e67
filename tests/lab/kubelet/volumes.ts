/** Puts the volumes of a pod into folders, as a kubelet does. */
import { LabError } from "../command.ts";
import type { ControlPlane } from "../control_plane/mod.ts";
import type { Volume } from "./template.ts";

/** Whose volumes they are, and where its node's files lie. */
export interface VolumeOwner {
  readonly plane: ControlPlane;
  readonly namespace: string;
  readonly pod: string;
  readonly serviceAccount: string;
  /** Where a path of the node is on this machine. */
  readonly hostPath: (path: string) => string;
}

/** Of the objects that a volume shows. */
const FILE_MODE = 0o644;

/**
 * Makes a volume.
 *
 * @param folder An empty one for it.
 * @returns where it is: the folder, or a path of the node.
 * @throws {LabError} when what it shows is not there.
 */
export async function makeVolume(
  volume: Volume,
  folder: string,
  owner: VolumeOwner,
): Promise<string> {
  const { configMap, secret, projected, hostPath } = volume;
  if (hostPath !== undefined) {
    return await onHost(owner.hostPath(hostPath.path), hostPath.type);
  }
  if (configMap !== undefined) {
    const { data } = await dataOf(owner, "configmap", configMap.name);
    await write(folder, Object.entries(data), FILE_MODE);
  }
  if (secret !== undefined) {
    const { data } = await dataOf(owner, "secret", secret.secretName);
    const files = Object.entries(data).map(([name, text]) =>
      [name, atob(text)] as const
    );
    await write(folder, files, secret.defaultMode ?? FILE_MODE);
  }
  for (const { serviceAccountToken } of projected?.sources ?? []) {
    const { path, audience, expirationSeconds } = serviceAccountToken;
    const duration = `${expirationSeconds}s`;
    const token = await tokenOf(owner, { audience, duration });
    await write(folder, [[path, token]], FILE_MODE);
  }
  return folder;
}

/** What Kubernetes mounts into a pod without being asked: its account at the API. */
export async function makeAccount(
  folder: string,
  owner: VolumeOwner,
): Promise<void> {
  const files: [string, string][] = [
    ["token", await tokenOf(owner, { duration: "1h" })],
    ["namespace", owner.namespace],
    ["ca.crt", await Deno.readTextFile(owner.plane.api.caPath)],
  ];
  await write(folder, files, FILE_MODE);
}

async function tokenOf(
  { plane, namespace, serviceAccount, pod }: VolumeOwner,
  { audience, duration }: {
    readonly audience?: string;
    readonly duration: string;
  },
): Promise<string> {
  const { metadata } = await plane.get<{ metadata: { uid: string } }>(
    "pod",
    pod,
    namespace,
  );
  const token = await plane.kubectl([
    ...["create", "token", serviceAccount, "-n", namespace],
    ...audience === undefined ? [] : ["--audience", audience],
    ...["--duration", duration, "--bound-object-kind", "Pod"],
    ...["--bound-object-name", pod, "--bound-object-uid", metadata.uid],
  ]);
  return token.trim();
}

const dataOf = (
  { plane, namespace }: VolumeOwner,
  kind: string,
  name: string,
) => plane.get<{ data: Record<string, string> }>(kind, name, namespace);

async function write(
  folder: string,
  files: readonly (readonly [name: string, text: string])[],
  mode: number,
): Promise<void> {
  for (const [name, text] of files) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    await Deno.chmod(`${folder}/${name}`, mode);
  }
}

async function onHost(path: string, type = ""): Promise<string> {
  if (type === "DirectoryOrCreate") await Deno.mkdir(path, { recursive: true });
  if (type === "FileOrCreate") {
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, "", { append: true });
  }
  const found = await Deno.stat(path).catch(() => undefined);
  if (type.startsWith("Directory") ? found?.isDirectory : found?.isFile) {
    return path;
  }
  throw new LabError(`Cannot mount "${path}": it is no ${type}`);
}
