/** One table of a text for `iptables-restore`; nothing when it has no lines. */
export function section(table: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return [`*${table}`, ...lines, "COMMIT", ""].join("\n");
}
