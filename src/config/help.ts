import { type CommandName, type Flag, FLAGS } from "./flags.ts";
import { VARIABLES } from "./variables.ts";

const WIDTH = 80;
const INDENT = "      ";

const USAGE = `hairpin: the data plane of an ambient service mesh

Usage:
  hairpin --mode node [flags]
  hairpin --mode waypoint --gateway NAMESPACE/NAME [flags]
  hairpin --mode deployer --image IMAGE [--ca-secret NAME] [flags]
  hairpin check [--netns PATH | --pod NAMESPACE/NAME] [--admin HOST:PORT] [--json]
  hairpin explain --from NAMESPACE/POD|IP --to IP:PORT|HOST:PORT [--method M --path P] [--json]
  hairpin config workloads|services|policies|certificates|connections|routes|all [-o table|json] [--file DUMP]
  hairpin redirect apply|verify|remove --netns PATH [--dry-run] [--redirect-backend BACKEND] [--open-connections keep|reset]
  hairpin redirect verify|remove --node
  hairpin version

The arguments "proxy ztunnel" mean --mode node. A flag outranks its variable; an
empty variable counts as not set. Durations are written 500ms, 5s, 1m30s, or as
a number of seconds.
`;

/** The whole help text, made of the flag and the variable table. */
export function helpText(): string {
  const all: readonly Flag[] = FLAGS;
  const run = all.filter((flag) => flag.commands.includes("run"));
  const others = all.filter((flag) => !flag.commands.includes("run"));
  return [
    USAGE,
    section("Flags of --mode", run.map((flag) => flagEntry(flag, []))),
    section(
      "Flags of the commands",
      others.map((flag) => flagEntry(flag, flag.commands)),
    ),
    section(
      "Variables without a flag",
      VARIABLES.map((row) =>
        entry(`  ${row.name}`, [row.meaning], row.byDefault)
      ),
    ),
  ].join("\n");
}

const section = (title: string, entries: readonly string[]): string =>
  `${title}:\n${entries.join("")}`;

function flagEntry(flag: Flag, commands: readonly CommandName[]): string {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` ${flag.value}`;
  const repeat = flag.repeatable === true ? " (may be repeated)" : "";
  const notes = [
    ...(commands.length === 0 ? [] : [`(${commands.join(", ")})`]),
    flag.meaning,
    ...(flag.variable === undefined ? [] : [`Variable: ${flag.variable}.`]),
  ];
  return entry(
    `  ${short}--${flag.name}${value}${repeat}`,
    notes,
    flag.byDefault,
  );
}

function entry(
  head: string,
  notes: readonly string[],
  byDefault: string | undefined,
): string {
  const tail = byDefault === undefined ? [] : [`Default: ${byDefault}.`];
  return `${head}\n${wrap([...notes, ...tail].join(" "))}`;
}

/** Breaks a text into indented lines of at most 80 columns, where words allow. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = INDENT.slice(1);
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH && line.length > INDENT.length) {
      lines.push(line);
      line = INDENT.slice(1);
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join("\n")}\n`;
}
