import { netnsPath } from "../lab/command.ts";

/** Adds a process of a pod to a folder that looks like a proc file system. */
export async function addProcess(
  root: string,
  id: number,
  uid: string,
  netns: string,
): Promise<void> {
  await Deno.mkdir(`${root}/${id}/ns`, { recursive: true });
  const cgroup = `0::/kubepods/pod${uid}/${"a".repeat(64)}\n`;
  await Deno.writeTextFile(`${root}/${id}/cgroup`, cgroup);
  const rest = Array.from({ length: 30 }, (_, at) => at + id).join(" ");
  await Deno.writeTextFile(`${root}/${id}/stat`, `${id} (a) b) S ${rest}`);
  await Deno.symlink(netnsPath(netns), `${root}/${id}/ns/net`);
}
