/** Runs a list of CNI plugins as a container runtime does. */

export interface Sandbox {
  readonly containerId: string;
  readonly netns: string;
  readonly podName: string;
  readonly podNamespace: string;
}

export interface PluginConf {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface ConfList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConf[];
}

export interface RunnerOptions {
  /** Words in front of each plugin, such as those that enter a node's namespace. */
  readonly prefix: readonly string[];
  /** Folders of plugins. */
  readonly path: readonly string[];
}

/** What one plugin said: a result, an error, or nothing. */
export interface PluginReply {
  readonly exitCode: number;
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** The plugin in front of which a list stopped, by what it said. */
export class CniRunError extends Error {
  constructor(readonly plugin: string, readonly reply: PluginReply) {
    super(`${plugin}: ${JSON.stringify(reply.json)}`);
  }
}

/** ADD of every plugin, each given the result of those before. @throws {CniRunError} */
export async function addAll(
  list: ConfList,
  sandbox: Sandbox,
  options: RunnerOptions,
): Promise<PluginReply["json"]> {
  let prevResult: PluginReply["json"];
  for (const plugin of list.plugins) {
    const more = prevResult === undefined ? {} : { prevResult };
    const conf = confOf(list, plugin, more);
    prevResult = await runPlugin("ADD", plugin.type, conf, sandbox, options);
  }
  return prevResult;
}

/** DEL of every plugin, the last one first. @throws {CniRunError} */
export async function delAll(
  list: ConfList,
  sandbox: Sandbox,
  options: RunnerOptions,
  prevResult: PluginReply["json"],
): Promise<void> {
  for (const plugin of list.plugins.toReversed()) {
    const conf = confOf(list, plugin, { prevResult });
    await runPlugin("DEL", plugin.type, conf, sandbox, options);
  }
}

const confOf = (
  { cniVersion, name }: ConfList,
  plugin: PluginConf,
  more: object,
): object => ({ cniVersion, name, ...plugin, ...more });

async function runPlugin(
  command: string,
  type: string,
  conf: object,
  sandbox: Sandbox,
  { prefix, path }: RunnerOptions,
): Promise<PluginReply["json"]> {
  const [program, ...args] = [...prefix, await find(type, path)];
  const child = new Deno.Command(program!, {
    args,
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: sandbox.containerId,
      CNI_NETNS: sandbox.netns,
      CNI_IFNAME: "eth0",
      CNI_PATH: path.join(":"),
      CNI_ARGS: "IgnoreUnknown=1;" +
        `K8S_POD_NAMESPACE=${sandbox.podNamespace};` +
        `K8S_POD_NAME=${sandbox.podName}`,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(conf)));
  await writer.close();
  const { code, stdout } = await child.output();
  const text = new TextDecoder().decode(stdout).trim();
  const json = text === "" ? undefined : JSON.parse(text);
  if (code !== 0) throw new CniRunError(type, { exitCode: code, json });
  return json;
}

async function find(type: string, path: readonly string[]): Promise<string> {
  for (const folder of path) {
    const file = `${folder}/${type}`;
    if (await Deno.stat(file).then(() => true, () => false)) return file;
  }
  throw new Error(`no plugin "${type}" in ${path.join(", ")}`);
}
