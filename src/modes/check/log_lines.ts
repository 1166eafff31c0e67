/** Lines of a proxy's log, in both of its shapes, as they are or as a container runtime wraps them; pure. */
import { asRecord } from "./records.ts";

/** One line, as far as a check needs it. */
export interface LogEntry {
  readonly time: string;
  readonly level: string;
  /** Without `ztunnel::` in front. */
  readonly scope: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

const PLAIN =
  /^(\d{4}-\d\d-\d\dT\S+)\t(\w+)\t([^\t:{]+(?:::[^\t:{]+)*)[^\t]*\t([^\t]*)(?:\t(.*))?$/;
/** What kubelets of today write before each line of a container: the time, the stream and a tag. */
const CRI = /^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) F /;

/** @returns undefined for what is no line of the proxy. */
export function readLogLine(line: string): LogEntry | undefined {
  const own = unwrapped(line);
  const [, time, level, scope, message, rest] = PLAIN.exec(own) ?? [];
  if (time !== undefined) {
    return {
      ...{ time, level: level!, scope: scope!, message: message! },
      fields: plainFields(rest ?? ""),
    };
  }
  const value = asRecord(own);
  return value && jsonEntry(value);
}

/** The line behind what was put before it, or around it. */
function unwrapped(line: string): string {
  const behind = line.replace(CRI, "");
  if (behind !== line) return behind;
  // Docker's own log files.
  const log = asRecord(line)?.log;
  return typeof log === "string" ? log.trimEnd() : line;
}

function jsonEntry(
  { level, time, scope, message, ...rest }: Readonly<Record<string, unknown>>,
): LogEntry | undefined {
  if (typeof level !== "string" || typeof scope !== "string") return undefined;
  return {
    level,
    time: `${time ?? ""}`,
    scope: scope.replace(/^ztunnel::/, ""),
    message: `${message ?? ""}`,
    fields: Object.fromEntries(
      Object.entries(rest).map(([key, value]) => [key, `${value}`]),
    ),
  };
}

const FIELD = /(?:^| )([\w.]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

const plainFields = (text: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(
      text.matchAll(FIELD),
      ([, key, quoted, bare]) => [key!, quoted ?? bare ?? ""],
    ),
  );
