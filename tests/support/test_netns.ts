import { closeFd, type Fd } from "../../src/sys/libc.ts";
import { openNetns } from "../../src/sys/netns.ts";

/** A network namespace of the test's own, removed at the end of its scope. */
export interface TestNetns extends AsyncDisposable {
  readonly name: string;
  readonly path: string;
  readonly fd: Fd;
  /** Runs a shell script inside; its output, and an error when it fails. */
  sh(script: string): Promise<string>;
}

/** Makes one, with its loopback up. Needs root. */
export async function makeTestNetns(): Promise<TestNetns> {
  const name = `hairpin-test-${crypto.randomUUID().slice(0, 8)}`;
  await sh(`ip netns add ${name} && ip -n ${name} link set lo up`);
  const path = `/var/run/netns/${name}`;
  const fd = openNetns(path);
  return {
    name,
    path,
    fd,
    sh: (script) => sh(script, ["ip", "netns", "exec", name]),
    async [Symbol.asyncDispose]() {
      closeFd(fd);
      await sh(`ip netns del ${name}`);
    },
  };
}

/** A namespace in a user namespace of its own, as a pod with `hostUsers: false` has it. */
export interface UserTestNetns extends TestNetns {
  /** A process in both. */
  readonly pid: number;
}

/** Where the ids of its users begin on the machine. */
const USERS_FROM = 1_000_000;

/** Makes one, with its loopback up. Needs root. */
export async function makeUserTestNetns(): Promise<UserTestNetns> {
  const args = ["--user", "--net", "sh", "-c", "echo up; exec sleep infinity"];
  const child = new Deno.Command("unshare", { args, stdout: "piped" }).spawn();
  const { pid } = child;
  const reader = child.stdout.getReader();
  await reader.read();
  const name = `hairpin-test-${crypto.randomUUID().slice(0, 8)}`;
  await sh(`
    echo "0 ${USERS_FROM} 65536" > /proc/${pid}/uid_map
    echo "0 ${USERS_FROM} 65536" > /proc/${pid}/gid_map
    ip netns attach ${name} ${pid} && ip -n ${name} link set lo up`);
  const path = `/var/run/netns/${name}`;
  const fd = openNetns(path);
  return {
    pid,
    name,
    path,
    fd,
    sh: (script) => sh(script, ["ip", "netns", "exec", name]),
    async [Symbol.asyncDispose]() {
      closeFd(fd);
      await sh(`ip netns del ${name}`);
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** Runs a shell script behind a prefix of words. */
export async function sh(
  script: string,
  prefix: readonly string[] = [],
): Promise<string> {
  const [program, ...args] = [...prefix, "sh", "-ec", script];
  const { code, stdout, stderr } = await new Deno.Command(program!, { args })
    .output();
  const decoder = new TextDecoder();
  if (code !== 0) throw new Error(`${script}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}
