/** Judgements on what the plugin in the chain needs to let a pod start; pure. */
import { failed, type Judgement, ok, warning } from "./finding.ts";

/** The file by which a plugin asks the Kubernetes API. */
export interface PluginKubeconfig {
  readonly path: string;
  /** Why it cannot be used; undefined: it can. */
  readonly problem: string | undefined;
  /** Permission bits of the file, where it is there. */
  readonly mode: number | undefined;
  /** Whom it makes the plugin; `none` is nobody. */
  readonly shows: "token" | "certificate" | "none";
  /** When that ends, as far as it says so. */
  readonly expires: Date | undefined;
}

const INSTALLER =
  "restart whoever installs the plugin: it writes the file anew, with a token of its own";

/** Whether the plugin can show the API who it is. */
export function judgePluginKubeconfig(
  { path, problem, mode = 0, shows, expires }: PluginKubeconfig,
  now: Date,
): Judgement {
  const check = "plugin's kubeconfig";
  if (problem !== undefined) return failed(check, problem, INSTALLER);
  if (shows === "none") {
    return failed(
      check,
      `${path} has neither token nor certificate`,
      INSTALLER,
    );
  }
  if (expires !== undefined && expires.getTime() <= now.getTime()) {
    const at = expires.toISOString();
    return failed(check, `${path}: its ${shows} expired at ${at}`, INSTALLER);
  }
  if ((mode & OTHERS) !== 0) {
    const bits = (mode & 0o777).toString(8).padStart(4, "0");
    return warning(
      check,
      `${path} can be read by others than its owner (mode ${bits})`,
      `chmod 600 ${path}`,
    );
  }
  const until = expires === undefined
    ? "without an end"
    : `until ${expires.toISOString()}`;
  return ok(check, `${path}, a ${shows} ${until}`);
}

/** Bits by which a group's members, or everybody, read a file or change it. */
const OTHERS = 0o066;

/** What the API server said to the plugin's own credentials. */
export type ApiAnswer =
  | { readonly kind: "answered" }
  | {
    readonly kind: "refused" | "silent";
    readonly why: string;
  };

/** Whether the API server takes the plugin for somebody who may look pods up. */
export function judgePluginApi(server: string, answer: ApiAnswer): Judgement {
  const check = "plugin's API server";
  if (answer.kind === "answered") {
    return ok(check, `${server} takes its credentials`);
  }
  return failed(
    check,
    `${server}: ${answer.why}: no pod of the mesh can start`,
    answer.kind === "refused"
      ? INSTALLER
      : "see whether this node reaches the API server at that address",
  );
}

/** Whom the plugin asks, and what came of asking. */
export interface PluginAgent {
  readonly socket: string;
  /** Why no pod would be taken now; undefined: one would. */
  readonly problem: string | undefined;
}

/** Whether somebody takes the pods that start. */
export function judgePluginAgent({ socket, problem }: PluginAgent): Judgement {
  const check = "plugin's agent";
  return problem === undefined ? ok(check, `answers at ${socket}`) : failed(
    check,
    `${problem}: no pod of the mesh can start`,
    "start the node process or agent, or take the plugin out of the network",
  );
}
