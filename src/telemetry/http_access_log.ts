/** A waypoint's access log: one line a request, in Envoy's default shapes. */
import {
  type AccessFields,
  accessFields,
  type HttpAccessEntry,
} from "./http_access_fields.ts";
import type { LogFormat, Logger } from "./log.ts";
import { escapeQuoted, jsonLine, quote } from "./log_format.ts";

export type {
  HairpinOrigin,
  HttpAccessEntry,
  UpstreamHost,
} from "./http_access_fields.ts";

export interface HttpAccessLogOptions {
  /** Of the scope `access`, whose level says what is written. */
  readonly logger: Pick<Logger, "enabled">;
  readonly format: LogFormat;
  /** Takes lines with their line feeds, such as {@link Logging.writeLine}. */
  readonly write: (line: string) => void;
}

export class HttpAccessLog {
  readonly #options: HttpAccessLogOptions;

  constructor(options: HttpAccessLogOptions) {
    this.#options = options;
  }

  /** Writes at level error what has a flag, and at level info the rest. */
  complete(entry: HttpAccessEntry): void {
    const { logger, format, write } = this.#options;
    const level = entry.responseFlags.length === 0 ? "info" : "error";
    if (!logger.enabled(level)) return;
    const fields = accessFields(entry);
    write(format === "json" ? jsonLine(fields) : textLine(fields));
  }
}

/** Envoy's default format, then the policy and whom a hairpin vouched for. */
function textLine(fields: AccessFields): string {
  const { method, path, protocol } = fields;
  return [
    `[${fields.start_time}]`,
    `"${[method, path, protocol].map(word).join(" ")}"`,
    fields.response_code,
    fields.response_flags,
    word(fields.response_code_details),
    word(fields.connection_termination_details),
    quoted(fields.upstream_transport_failure_reason),
    fields.bytes_received,
    fields.bytes_sent,
    fields.duration,
    word(fields.upstream_service_time),
    quoted(fields.x_forwarded_for),
    quoted(fields.user_agent),
    quoted(fields.request_id),
    quoted(fields.authority),
    quoted(fields.upstream_host),
    word(fields.upstream_cluster),
    word(fields.upstream_local_address),
    fields.downstream_local_address,
    fields.downstream_remote_address,
    word(fields.requested_server_name),
    word(fields.route_name),
    word(fields.policy),
    word(fields.hairpin_source),
  ].join(" ") + "\n";
}

/** What stands for a value that there is not. */
const NOTHING = "-";

const quoted = (value: string | null): string => quote(value ?? NOTHING);

/** A value without quotes of its own: nothing in it ends its column, or the quotes around it. */
const word = (value: string | null): string =>
  value === null ? NOTHING : escapeWord(value);

/** All that {@link quote} escapes, and white space. */
function escapeWord(value: string): string {
  const text = escapeQuoted(value);
  return /\s/.test(text)
    ? text.replaceAll(/\s/g, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`)
    : text;
}
