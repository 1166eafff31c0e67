/** What the plugin speaks of the CNI specification. */
export const COMMANDS = [
  "ADD",
  "DEL",
  "CHECK",
  "GC",
  "STATUS",
  "VERSION",
] as const;
export type CniCommand = typeof COMMANDS[number];

/** Versions, oldest first: those that hand the result of the plugins before on to the next. */
export const SUPPORTED_VERSIONS: readonly string[] = [
  "0.3.0",
  "0.3.1",
  "0.4.0",
  "1.0.0",
  "1.1.0",
];

/** The commands that a supported version has. */
export function commandsOf(version: string): ReadonlySet<CniCommand> {
  const at = SUPPORTED_VERSIONS.indexOf(version);
  return new Set<CniCommand>([
    "ADD",
    "DEL",
    "VERSION",
    ...at >= SUPPORTED_VERSIONS.indexOf("0.4.0") ? ["CHECK"] as const : [],
    ...at >= SUPPORTED_VERSIONS.indexOf("1.1.0")
      ? ["GC", "STATUS"] as const
      : [],
  ]);
}
