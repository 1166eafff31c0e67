import type { Context } from "hono";

/** What `/logging` may do; each change reaches every thread. */
export interface LogLevels {
  /** The filter in force. */
  filter(): string;
  /** Adds to it; false, and no change, for text that is no filter. */
  merge(filter: string): boolean;
  /** Goes back to the start-up filter, then adds; false as above. */
  reset(filter?: string): boolean;
}

const USAGE = `
usage: POST /logging                          show the filter in force
       POST /logging?level=LEVEL              change the default level
       POST /logging?level=TARGET=LEVEL,...   change the level of some targets
       POST /logging?reset[&level=...]        go back to the start, then change

LEVEL:  off|error|warn|info|debug|trace
TARGET: a scope and all below it, such as access or ztunnel::proxy
`;

/** Shows or changes log levels, in ztunnel's words. */
export function loggingRoute(c: Context, levels: LogLevels): Response {
  if (c.req.method !== "POST") {
    return c.text(`Invalid HTTP method\n ${USAGE}`, 405);
  }
  const level = c.req.query("level") || undefined;
  if (!change(levels, { level, reset: c.req.query("reset") !== undefined })) {
    return c.text(`Invalid level provided: ${level}\n${USAGE}`, 400);
  }
  return c.text(`current log level is ${levels.filter()}\n`);
}

function change(
  levels: LogLevels,
  { level, reset }: { level: string | undefined; reset: boolean },
): boolean {
  if (reset) return levels.reset(level);
  return level === undefined || levels.merge(level);
}
