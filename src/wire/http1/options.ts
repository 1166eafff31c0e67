import {
  BACKLOG_OCTETS_MAX,
  FIELDS_MAX,
  HEAD_OCTETS_MAX,
  RECEIVE_WINDOW,
} from "./limits.ts";

/** How a connection behaves. */
export interface Http1Options {
  /** `:scheme` of requests; other absolute targets are refused. Default http. */
  scheme?: "http" | "https";
  /** Whether a server answers HTTP/1.0. Default false: 426. */
  http10?: boolean;
  /** Whether CONNECT is taken. Default false: 501. */
  connect?: boolean;
  /** Octets of a head. Default 64 KiB. */
  headOctetsMax?: number;
  /** Field lines of a head. Default 100, as Envoy. */
  fieldsMax?: number;
  /** Body octets handed out before the connection is paused. Default 1 MiB. */
  receiveWindow?: number;
  /** Octets of requests kept until their turn. Default 4 MiB. */
  backlogOctetsMax?: number;
}

/** Options with every default filled in. */
export type Http1Config = Readonly<Required<Http1Options>>;

/** Fills in the defaults. */
export function resolveOptions(options: Http1Options = {}): Http1Config {
  return {
    scheme: "http",
    http10: false,
    connect: false,
    headOctetsMax: HEAD_OCTETS_MAX,
    fieldsMax: FIELDS_MAX,
    receiveWindow: RECEIVE_WINDOW,
    backlogOctetsMax: BACKLOG_OCTETS_MAX,
    ...options,
  };
}
