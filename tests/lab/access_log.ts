/** One line of a proxy's access log in the plain format. */
export interface AccessLine {
  readonly time: string;
  readonly level: string;
  /** `connection complete`, `connection opened` or `connection failed`. */
  readonly message: string;
  /** As `src.addr`, `dst.service`, `error`; strings without their quotes. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The access-log lines of a log; all others are passed over. */
export function parseAccessLog(text: string): AccessLine[] {
  return text.split("\n").map(parseAccessLine).filter((line) =>
    line !== undefined
  );
}

/** Reads one line: time, level, scope `access`, message and fields, between tabs. */
export function parseAccessLine(line: string): AccessLine | undefined {
  const [time, level, scope, message, fields] = line.split("\t");
  if (time === undefined || level === undefined || message === undefined) {
    return undefined;
  }
  if (scope !== "access") return undefined;
  return { time, level, message, fields: parseFields(fields ?? "") };
}

function parseFields(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (
    const [, key, value] of text.matchAll(/([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)/g)
  ) {
    if (key !== undefined && value !== undefined) fields[key] = unquote(value);
  }
  return fields;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.slice(1, -1).replaceAll(/\\(.)/g, "$1");
}
