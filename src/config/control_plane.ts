/** Where mesh state, certificates and tokens come from. */
import { ConfigError } from "../base/errors.ts";
import type {
  AuthToken,
  CertificateAuthority,
  Config,
  ControlPlane,
  KubeSource,
  LocalXds,
  Mode,
  Roots,
} from "./config.ts";
import { FILE_NAME_MAX, PATH_MAX } from "./limits.ts";
import type { Machine } from "./machine.ts";
import type { ProxyConfig } from "./proxy_config.ts";
import { describe, type Found, readAs, type Settings } from "./settings.ts";
import { BOOLEAN, HTTPS_ADDRESS, PORT } from "./values.ts";

const ISTIOD_IN_CLUSTER = "https://istiod.istio-system.svc:15012";
const DEFAULT_ROOTS = "./var/run/secrets/istio/root-cert.pem";
const DEFAULT_TOKEN = "./var/run/secrets/tokens/istio-token";
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\x20-\x7e]*$/;

/** The sources of mesh state. */
export type Sources = Pick<Config, "configPaths" | "localXds" | "kube" | "xds">;

/** Kubernetes sets this in every container. */
const inCluster = (settings: Settings): boolean =>
  settings.variable("KUBERNETES_SERVICE_HOST") !== undefined;

/** @throws {ConfigError} when there is no source, or two where one can count. */
export function readSources(
  mode: Mode,
  settings: Settings,
  proxyConfig: ProxyConfig,
  machine: Machine,
): Sources {
  const configPaths = readConfigPaths(settings);
  const localXds = readLocalXds(settings);
  const kube = readKube(mode, settings);
  // A waypoint that finds itself in a cluster asks both: layer 7 is not in xDS.
  const standsIn = configPaths.length > 0 ||
    settings.named("kube") !== undefined;
  const address = xdsAddress(settings, proxyConfig, standsIn);
  const xds = address === undefined ? undefined : {
    ...controlPlane("XDS", address, settings, machine),
    onDemand: settings.read("XDS_ON_DEMAND", BOOLEAN, false),
  };
  const sources = [configPaths[0], localXds, kube, xds];
  if (sources.every((source) => source === undefined)) {
    throw new ConfigError(
      "no source of mesh state: want --config, --local-xds, --kube or --xds-address",
    );
  }
  return { configPaths, localXds, kube, xds };
}

function readConfigPaths(settings: Settings): readonly string[] {
  const given = settings.flags("config");
  if (given.length > 0) return given;
  const variable = settings.named("config")?.text ?? "";
  return variable.split(":").filter((path) => path !== "");
}

function readLocalXds(settings: Settings): LocalXds | undefined {
  const file = settings.named("local-xds");
  const inline = settings.variable("LOCAL_XDS");
  if (file !== undefined && inline !== undefined) {
    throw new ConfigError(
      `${describe(file)} and ${inline.place} exclude each other`,
    );
  }
  if (file !== undefined) return { kind: "file", path: file.text };
  if (inline !== undefined) return { kind: "inline", text: inline.text };
  return undefined;
}

/**
 * The Kubernetes API as it is named; a waypoint in a cluster has one unnamed.
 *
 * @throws {ConfigError} when it is the cluster's, and this is none.
 */
export function readKube(
  mode: Mode,
  settings: Settings,
): KubeSource | undefined {
  const found = settings.named("kube");
  if (found === undefined) {
    return mode === "waypoint" ? clusterApi(settings) : undefined;
  }
  if (found.text !== "in-cluster") {
    return { kind: "kubeconfig", path: found.text };
  }
  const api = clusterApi(settings);
  if (api !== undefined) return api;
  throw new ConfigError(
    `${
      describe(found)
    } wants KUBERNETES_SERVICE_HOST, which Kubernetes sets in a pod`,
  );
}

/** The API of the cluster in whose pod this process runs. */
export const clusterApi = (settings: Settings): KubeSource | undefined =>
  inCluster(settings)
    ? { kind: "in-cluster", server: apiServer(settings) }
    : undefined;

function apiServer(settings: Settings): string {
  const host = settings.variable("KUBERNETES_SERVICE_HOST")?.text ?? "";
  const port = settings.read("KUBERNETES_SERVICE_PORT", PORT, 443);
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function xdsAddress(
  settings: Settings,
  proxyConfig: ProxyConfig,
  standsIn: boolean,
): string | undefined {
  const said = settings.named("xds-address");
  if (said === undefined && settings.isEmptied("XDS_ADDRESS")) return undefined;
  const found = said ?? proxyConfig.discoveryAddress;
  if (found !== undefined) return readAs(found, HTTPS_ADDRESS, undefined);
  return inCluster(settings) && !standsIn ? ISTIOD_IN_CLUSTER : undefined;
}

/** @throws {ConfigError} unless exactly one authority is named, or the cluster's is at hand. */
export function readCertificateAuthority(
  settings: Settings,
  machine: Machine,
): CertificateAuthority {
  const dir = settings.named("ca-dir");
  const fake = settings.read("FAKE_CA", BOOLEAN, false);
  const remote = fake ? undefined : settings.named("ca-address");
  if (dir !== undefined && remote !== undefined) {
    throw new ConfigError(
      `${describe(dir)} and ${describe(remote)} exclude each other`,
    );
  }
  if (dir !== undefined && fake) {
    throw new ConfigError(
      `${describe(dir)} and variable FAKE_CA exclude each other`,
    );
  }
  if (fake) return { kind: "fake" };
  if (dir !== undefined) return { kind: "embedded", dir: dir.text };
  const address = readAs(remote, HTTPS_ADDRESS, undefined) ??
    defaultCaAddress(settings);
  return {
    kind: "remote",
    server: controlPlane("CA", address, settings, machine),
  };
}

function defaultCaAddress(settings: Settings): string {
  const emptied = settings.isEmptied("CA_ADDRESS");
  if (inCluster(settings) && !emptied) return ISTIOD_IN_CLUSTER;
  throw new ConfigError(
    "no certificate authority: want exactly one of --ca-dir and --ca-address",
  );
}

function controlPlane(
  prefix: "XDS" | "CA",
  address: string,
  settings: Settings,
  machine: Machine,
): ControlPlane {
  return {
    address,
    roots: readRoots(settings.variable(`${prefix}_ROOT_CA`), machine),
    alternativeHostname: settings.variable(`ALT_${prefix}_HOSTNAME`)?.text,
    ...settings.variable("TLS12_ENABLED")?.text === "true"
      ? { tls12: true }
      : {},
    headers: readHeaders(`${prefix}_HEADER_`, settings),
  };
}

function readRoots(found: Found | undefined, machine: Machine): Roots {
  if (found === undefined) return { kind: "file", path: DEFAULT_ROOTS };
  if (found.text === "SYSTEM") return { kind: "system" };
  if (namesFile(found.text, machine)) return { kind: "file", path: found.text };
  if (found.text.includes("-----BEGIN CERTIFICATE-----")) {
    return { kind: "inline", pem: found.text };
  }
  throw new ConfigError(
    `invalid ${describe(found)}: want a file that exists, SYSTEM, or PEM text`,
  );
}

/** Values may be secrets: an error names the variable alone. */
function readHeaders(
  prefix: string,
  settings: Settings,
): Readonly<Record<string, string>> {
  const headers = settings.withPrefix(prefix).map(({ rest, found }) => {
    if (!HEADER_NAME.test(rest)) {
      throw new ConfigError(
        `invalid ${found.place}: want a header name behind ${prefix}`,
      );
    }
    if (!HEADER_VALUE.test(found.text)) {
      throw new ConfigError(`invalid ${found.place}: want printable ASCII`);
    }
    return [rest.toLowerCase(), found.text];
  });
  return Object.fromEntries(headers);
}

/** A token or a certificate may be longer than any path: the kernel is not asked for such. */
function namesFile(text: string, machine: Machine): boolean {
  const couldBe = text.length <= PATH_MAX && !text.includes("\0") &&
    text.split("/").every((name) => name.length <= FILE_NAME_MAX);
  return couldBe && machine.fileExists(text);
}

/** A path that exists names a token file; any other text is the token itself. */
export function readAuthToken(
  settings: Settings,
  machine: Machine,
): AuthToken | undefined {
  const given = settings.variable("AUTH_TOKEN")?.text;
  const path = given ?? DEFAULT_TOKEN;
  if (namesFile(path, machine)) return { kind: "file", path };
  return given === undefined ? undefined : { kind: "static", token: given };
}
