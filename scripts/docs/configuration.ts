/** The page of all flags and variables. */
import { type CommandName, type Flag, FLAGS } from "../../src/config/flags.ts";
import { VARIABLES } from "../../src/config/variables.ts";
import { code, GENERATED, page, table } from "./markdown.ts";
import { refusals } from "./refusals.ts";

const ALL: readonly Flag[] = FLAGS;

/** How a command is typed. */
const COMMANDS: readonly (readonly [CommandName, string])[] = [
  ["run", "`hairpin --mode node|waypoint`, and `hairpin proxy ztunnel`"],
  ["deployer", "`hairpin --mode deployer`"],
  ["check", "`hairpin check`"],
  ["explain", "`hairpin explain`"],
  ["config", "`hairpin config`"],
  ["redirect", "`hairpin redirect`"],
];

const INTRODUCTION = `
# Configuration

A setting is a flag, a variable of the environment, or both. The flag outranks
the variable, and the variable outranks \`PROXY_CONFIG\` where Istio's
ProxyConfig has the same setting (\`ISTIO_META_CLUSTER_ID\` outranks
\`CLUSTER_ID\`). A variable that is set to nothing counts as
not set, except where its row says otherwise. Names are ztunnel's where it has
the setting, and \`HAIRPIN_*\` where it has not.

A value that cannot be used ends the start with exit code 2 and one line that
names the flag or the variable and the value. A \`HAIRPIN_*\` variable that
nothing reads is named in a warning. Durations are written \`500ms\`, \`5s\`,
\`1m30s\`, or as a number of seconds.
`;

/** The text of `configuration.md`, before it is formatted. */
export const configurationPage = (): string =>
  page(
    GENERATED,
    INTRODUCTION,
    ...COMMANDS.map(([name, typed]) =>
      `## Flags of ${typed}\n\n${flags(name)}`
    ),
    "## Variables without a flag",
    table(
      ["variable", "default", "meaning"],
      VARIABLES.map((row) => [
        code(row.name),
        row.byDefault ?? "",
        row.meaning,
      ]),
    ),
    "## Refused at start",
    "These are read, and what they ask for is not there: the start ends with exit code 2 and the line given here.",
    refusals().map((line) => `- ${code(line)}`).join("\n"),
  );

const flags = (command: CommandName): string =>
  table(
    ["flag", "variable", "default", "meaning"],
    ALL.filter((flag) => flag.commands.includes(command)).map(flagRow),
  );

function flagRow(flag: Flag): readonly string[] {
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  const value = flag.value === undefined ? "" : ` ${flag.value}`;
  const repeat = flag.repeatable === true ? " May be repeated." : "";
  return [
    code(`${short}--${flag.name}${value}`),
    code(flag.variable),
    flag.byDefault ?? "",
    flag.meaning + repeat,
  ];
}
