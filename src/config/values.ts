/** How the text of a flag or a variable becomes a value. */
import { parseIp, parsePort } from "../model/address.ts";
import type { HostPort, NamespacedName } from "./config.ts";

/** One kind of value: what to say it wants, and how to read it. */
export interface ValueKind<T> {
  /** Ends the sentence "want ..." in an error. */
  readonly want: string;
  /** undefined when `text` is no such value. */
  read(text: string): T | undefined;
}

/** Any text that is not empty. */
export const TEXT: ValueKind<string> = {
  want: "a text that is not empty",
  read: (text) => text === "" ? undefined : text,
};

/** A text that a pattern matches. */
export const matching = (want: string, pattern: RegExp): ValueKind<string> => ({
  want,
  read: (text) => pattern.test(text) ? text : undefined,
});

/** ztunnel's booleans: these two words and no other. */
export const BOOLEAN: ValueKind<boolean> = {
  want: "true or false",
  read: (text) => text === "true" ? true : text === "false" ? false : undefined,
};

/** A switch on the command line. */
export const ON_OFF: ValueKind<boolean> = {
  want: "on or off",
  read: (text) => text === "on" ? true : text === "off" ? false : undefined,
};

/** One of a few words, matched exactly. */
export function oneOf<T extends string>(...words: readonly T[]): ValueKind<T> {
  return {
    want: words.length < 2
      ? words.join()
      : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`,
    read: (text) => words.find((word) => word === text),
  };
}

/** A decimal number without sign; both ends are included. */
export function wholeNumber(min: number, max: number): ValueKind<number> {
  return {
    want: `a whole number from ${min} to ${max}`,
    read(text) {
      if (!/^\d{1,15}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= min && value <= max ? value : undefined;
    },
  };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
};
const DURATION_SHAPE = /^(?:\d{1,15}(?:ms|d|h|m|s))+$/;
const DURATION_PART = /(\d+)(ms|d|h|m|s)/g;

/** `500ms`, `1m30s`, or a bare number of seconds, as ms; both ends are included. */
export function duration(minMs: number, maxMs: number): ValueKind<number> {
  return {
    want: `a duration such as 500ms, 5s or 1m30s, from ${formatMs(minMs)} to ${
      formatMs(maxMs)
    }`,
    read(text) {
      const value = readDuration(text);
      if (value === undefined || value < minMs || value > maxMs) {
        return undefined;
      }
      return value;
    },
  };
}

function readDuration(text: string): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text) * 1_000;
  if (!DURATION_SHAPE.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(DURATION_PART)) {
    total += Number(count) * UNIT_MS[unit!]!;
  }
  return total;
}

const formatMs = (ms: number): string =>
  ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;

/** A TCP port; 0 lets the kernel choose. */
export const PORT: ValueKind<number> = {
  want: "a port from 0 to 65535",
  read: parsePort,
};

/** An IPv4 or IPv6 address, in canonical text. */
export const IP: ValueKind<string> = {
  want: "an IP address",
  read: parseIp,
};

/** Where to listen: an IP address or `localhost`, and a port. */
export const LISTEN: ValueKind<HostPort> = {
  want: "HOST:PORT, the host an IP address or localhost, IPv6 in brackets",
  read(text) {
    const found = splitHostPort(text);
    if (found === undefined) return undefined;
    if (found.host === "localhost") return found;
    return readIpHost(found);
  },
};

/** Where to listen, but only inside this machine. */
export const LISTEN_LOOPBACK: ValueKind<HostPort> = {
  want: "a loopback HOST:PORT such as 127.0.0.1:15000",
  read(text) {
    const found = LISTEN.read(text);
    if (found === undefined) return undefined;
    const local = found.host === "localhost" || found.host === "::1" ||
      found.host.startsWith("127.");
    return local ? found : undefined;
  },
};

/** A destination as a user would type it; kept as text once it is well formed. */
export const DESTINATION: ValueKind<string> = {
  want: "IP:PORT or HOST:PORT",
  read(text) {
    const found = splitHostPort(text);
    if (found === undefined || found.port === 0) return undefined;
    const named = !found.host.includes(":") && HOST_NAME.test(found.host);
    return named || readIpHost(found) !== undefined ? text : undefined;
  },
};

const HOST_NAME =
  /^(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

function splitHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+:[^\]]*)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = parsePort(match[3]!);
  return port === undefined ? undefined : { host: match[1] ?? match[2]!, port };
}

function readIpHost(found: HostPort): HostPort | undefined {
  const ip = parseIp(found.host);
  return ip === undefined ? undefined : { host: ip, port: found.port };
}

const NAME = "[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?";
const NAMESPACED = new RegExp(`^(${NAME})/(${NAME})$`);
const WORKLOAD = new RegExp(`^(${NAME})/(${NAME})/(${NAME})$`);

/** A Kubernetes object within its namespace. */
export const NAMESPACED_NAME: ValueKind<NamespacedName> = {
  want: "NAMESPACE/NAME",
  read(text) {
    const match = NAMESPACED.exec(text);
    return match === null
      ? undefined
      : { namespace: match[1]!, name: match[2]! };
  },
};

/** ztunnel's `PROXY_WORKLOAD_INFO`. */
export const WORKLOAD_INFO: ValueKind<
  NamespacedName & { readonly serviceAccount: string }
> = {
  want: "NAMESPACE/NAME/SERVICEACCOUNT",
  read(text) {
    const match = WORKLOAD.exec(text);
    if (match === null) return undefined;
    return {
      namespace: match[1]!,
      name: match[2]!,
      serviceAccount: match[3]!,
    };
  },
};

/** Who may be the source in `explain`: a pod or an address, kept as text. */
export const POD_OR_IP: ValueKind<string> = {
  want: "NAMESPACE/POD or an IP address",
  read(text) {
    const good = NAMESPACED_NAME.read(text) !== undefined ||
      parseIp(text) !== undefined;
    return good ? text : undefined;
  },
};

/** A control-plane server. A missing scheme is taken as https, as ztunnel does. */
export const HTTPS_ADDRESS: ValueKind<string> = {
  want: "a URL https://HOST:PORT",
  read(text) {
    const url = URL.parse(text.includes("://") ? text : `https://${text}`);
    if (url === null || url.protocol !== "https:") return undefined;
    const bare = url.pathname === "/" && url.search === "" && url.hash === "" &&
      url.username === "" && url.password === "";
    // URL drops the scheme's own port; a server address keeps it in sight.
    return bare ? `https://${url.hostname}:${url.port || "443"}` : undefined;
  },
};

/** A whole or fractional CPU count of Kubernetes, rounded up: `2`, `1.5`, `500m`. */
export const CPU_QUANTITY: ValueKind<number> = {
  want: "a CPU quantity such as 2, 1.5 or 500m",
  read(text) {
    const match = /^(\d{1,9}(?:\.\d{1,9})?)(m?)$/.exec(text);
    if (match === null) return undefined;
    const cpus = Number(match[1]) / (match[2] === "m" ? 1_000 : 1);
    return Math.ceil(cpus);
  },
};

const LEVEL = "(?:off|error|warn|info|debug|trace)";
const DIRECTIVE = `(?:[A-Za-z0-9_:-]+=)?${LEVEL}`;
const FILTER = new RegExp(`^${DIRECTIVE}(?:,${DIRECTIVE})*$`, "i");

/** A log filter: levels for everything or for one target. */
export const LOG_FILTER: ValueKind<string> = {
  want: "levels such as info or info,access=debug",
  read: (text) => FILTER.test(text) ? text : undefined,
};
