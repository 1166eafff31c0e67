/** Which pod a process is of, by its cgroup. */

const UID = "[0-9a-f]{8}[^0-9a-z]?[0-9a-f]{4}[^0-9a-z]?[0-9a-f]{4}" +
  "[^0-9a-z]?[0-9a-f]{4}[^0-9a-z]?[0-9a-f]{12}";
/** A pod's part of a path, and behind it the container's. */
const POD = new RegExp(`[^0-9a-z]pod(${UID})[^0-9a-z](.*)$`, "i");

/**
 * The uid of the pod that a process is in, by the text of `/proc/PID/cgroup`.
 *
 * @returns undefined when it is in none, or its controllers say different ones.
 */
export function podUidOfCgroup(text: string): string | undefined {
  const uids = new Set<string>();
  for (const line of text.split("\n")) {
    const [, , ...path] = line.split(":");
    const [, uid, container = ""] = POD.exec(path.join(":")) ?? [];
    if (uid !== undefined && /[0-9a-z]/i.test(container)) {
      uids.add(withDashes(uid));
    }
  }
  const [uid] = uids;
  return uids.size === 1 ? uid : undefined;
}

/** systemd's slices have underscores, and some runtimes nothing. */
function withDashes(uid: string): string {
  const digits = uid.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
