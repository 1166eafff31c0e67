/** The file that kubectl reads, as far as a process without a user can use it. */
import * as v from "valibot";
import { ConfigError } from "../../base/errors.ts";
import { fields, formatProblem, problemOfIssue } from "../../kube/mod.ts";
import { readYaml } from "../yaml_file.ts";
import type { ClusterAccess, TextSource } from "./cluster_access.ts";

const { flag, filled, mapOf, open, someOf, text } = fields;

const optional = v.optional(text, "");

const cluster = open({
  server: filled,
  "certificate-authority": optional,
  "certificate-authority-data": optional,
  "insecure-skip-tls-verify": v.optional(flag, false),
  "tls-server-name": optional,
  "proxy-url": optional,
});

const user = open({
  token: optional,
  tokenFile: optional,
  "client-certificate": optional,
  "client-certificate-data": optional,
  "client-key": optional,
  "client-key-data": optional,
  username: optional,
  as: optional,
  "as-uid": optional,
  "as-groups": someOf(text),
  "as-user-extra": v.optional(mapOf(v.unknown()), {}),
  exec: v.optional(v.unknown()),
  "auth-provider": v.optional(v.unknown()),
});

const kubeconfig = open({
  "current-context": filled,
  clusters: someOf(open({ name: text, cluster })),
  contexts: someOf(open({
    name: text,
    context: open({ cluster: filled, user: optional }),
  })),
  users: someOf(open({ name: text, user: v.optional(user, {}) })),
});

type Cluster = v.InferOutput<typeof cluster>;
type User = v.InferOutput<typeof user>;

/**
 * Reads who and where the current context is.
 *
 * @param path Names the file in errors; relative paths in it start beside it.
 * @throws {ConfigError} when it cannot be read, or asks for what hairpin does
 * not do: commands and plugins that get credentials, impersonation, proxies,
 * connections that nobody checks.
 */
export function readKubeconfig(contents: string, path: string): ClusterAccess {
  const config = parse(contents, path);
  const refuse = (why: string) =>
    new ConfigError(`Cannot use "${path}": ${why}`);
  const named = <T extends { readonly name: string }>(
    list: readonly T[],
    what: string,
    name: string,
  ): T => {
    const found = list.find((item) => item.name === name);
    if (found === undefined) throw refuse(`there is no ${what} "${name}"`);
    return found;
  };
  const current = config["current-context"];
  const { context } = named(config.contexts, "context", current);
  const at = named(config.clusters, "cluster", context.cluster).cluster;
  const who = context.user === ""
    ? undefined
    : named(config.users, "user", context.user).user;
  const what = refusalOf(at) ?? (who && refusalOfUser(who));
  if (what !== undefined) throw refuse(`${what} is not supported`);
  const folder = path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".";
  return {
    server: serverOf(at, refuse),
    roots: sourceOf(at, "certificate-authority", folder, refuse),
    token: who && tokenOf(who, folder),
    clientCertificate: who && clientCertificateOf(who, folder, refuse),
  };
}

type Refuse = (why: string) => ConfigError;

function parse(
  contents: string,
  path: string,
): v.InferOutput<typeof kubeconfig> {
  const [document, second] = readYaml(contents, path);
  if (document === undefined || second !== undefined) {
    throw new ConfigError(`Cannot use "${path}": want one document`);
  }
  const result = v.safeParse(kubeconfig, document.value);
  if (result.success) return result.output;
  const problem = problemOfIssue(result.issues[0]);
  const line = document.lineOf(problem.path);
  // The value may be a secret.
  const why = formatProblem({ path: problem.path, why: problem.why });
  throw new ConfigError(`Cannot use "${path}": line ${line}: ${why}`);
}

function refusalOf(at: Cluster): string | undefined {
  if (at["insecure-skip-tls-verify"]) return "insecure-skip-tls-verify";
  if (at["tls-server-name"] !== "") return "tls-server-name";
  return at["proxy-url"] !== "" ? "proxy-url" : undefined;
}

function refusalOfUser(who: User): string | undefined {
  if (who.exec !== undefined) return "a user by exec (a command)";
  if (who["auth-provider"] !== undefined) return "a user by auth-provider";
  if (who.username !== "") return "a user by username and password";
  const impersonates = who.as !== "" || who["as-uid"] !== "" ||
    who["as-groups"].length > 0 || Object.keys(who["as-user-extra"]).length > 0;
  return impersonates ? "impersonation (as)" : undefined;
}

function serverOf({ server }: Cluster, refuse: Refuse): string {
  const url = URL.parse(server);
  if (url?.protocol !== "https:" || url.username !== "" || url.search !== "") {
    throw refuse(`server ${JSON.stringify(server)} is not an https URL`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** A file beside inline data: the data counts, as in kubectl. */
function sourceOf<Key extends string>(
  from: Readonly<Record<Key | `${Key}-data`, string>>,
  key: Key,
  folder: string,
  refuse: Refuse,
): TextSource | undefined {
  const data = from[`${key}-data`];
  if (data !== "") {
    return { kind: "inline", text: decodeBase64(data, `${key}-data`, refuse) };
  }
  return from[key] === ""
    ? undefined
    : { kind: "file", path: pathIn(folder, from[key]) };
}

function decodeBase64(data: string, key: string, refuse: Refuse): string {
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(Uint8Array.fromBase64(data));
  } catch {
    throw refuse(`${key} is not text in base64`);
  }
}

/** A token file beside a token: the file counts, as in kubectl. */
function tokenOf(who: User, folder: string): TextSource | undefined {
  if (who.tokenFile !== "") {
    return { kind: "file", path: pathIn(folder, who.tokenFile) };
  }
  return who.token === "" ? undefined : { kind: "inline", text: who.token };
}

function clientCertificateOf(
  who: User,
  folder: string,
  refuse: Refuse,
): ClusterAccess["clientCertificate"] {
  const certificate = sourceOf(who, "client-certificate", folder, refuse);
  const key = sourceOf(who, "client-key", folder, refuse);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw refuse("want client-certificate and client-key, or neither");
  }
  return { certificate, key };
}

const pathIn = (folder: string, path: string): string =>
  path.startsWith("/") ? path : `${folder}/${path}`;
