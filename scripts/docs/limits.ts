/** The page of limits, with the values that the constants have. */
import { LIMIT_GROUPS, type LimitGroup } from "./limit_rows.ts";
import { code, GENERATED, page, table } from "./markdown.ts";

const INTRODUCTION = `
# Limits

Everything that comes from outside has a named limit, and everything that waits
has an end: a constant in a file \`limits.ts\` beside the code that keeps it,
with the reason in its comment. These are the ones that a user can meet. Where
"source" is empty the value is hairpin's own choice. None of them is a setting;
what can be set (windows, frame size, streams of one tunnel, drain time) is in
[configuration](configuration.md).

What exceeds a limit while hairpin runs is refused alone: the request, the connection, the object
or the file, never the process.
`;

/** The text of `limits.md`, before it is formatted. */
export const limitsPage = (): string =>
  page(GENERATED, INTRODUCTION, ...LIMIT_GROUPS.map(groupText));

const groupText = ({ title, parts }: LimitGroup): string =>
  page(
    `## ${title}`,
    table(
      ["limit", "value", "of what", "source", "file"],
      parts.flatMap(({ path, exports, rows }) =>
        rows.map(([name, meaning, source = ""]) => [
          code(name),
          valueText(name, exports[name]),
          meaning,
          source,
          code(path),
        ])
      ),
    ),
  );

const KIB = 1_024;
const SIZED = /(?:OCTETS|BYTES|SIZE)_(?:MAX|MIN)$|^REPLAY_MAX$|_WAITING_MAX$/;

/** A number with the unit that the constant's name says. */
function valueText(name: string, value: unknown): string {
  if (typeof value !== "number") throw new Error(`limit ${name} is no number`);
  if (name.endsWith("_MS")) return timeText(value);
  if (name.endsWith("_SECONDS")) return timeText(value * 1_000);
  if (SIZED.test(name)) return sizeText(value);
  return value.toLocaleString("en");
}

function timeText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  const seconds = ms / 1_000;
  return seconds % 60 === 0 && seconds > 60
    ? `${seconds / 60} min`
    : `${seconds} s`;
}

function sizeText(octets: number): string {
  if (octets % KIB ** 2 === 0) return `${octets / KIB ** 2} MiB`;
  return octets % KIB === 0 ? `${octets / KIB} KiB` : `${octets} octets`;
}
