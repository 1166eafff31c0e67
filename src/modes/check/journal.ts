/** A process's log in systemd's journal. */
import { linkTarget } from "../../sys/link_target.ts";
import { outputOf } from "./gather.ts";
import { JOURNAL_LINES_MAX } from "./limits.ts";
import { type ReadLog, readLogText } from "./log_source.ts";

/** Whether a process writes to a socket, as systemd has services do. */
export const writesToJournal = (pid: number): boolean =>
  (linkTarget(`/proc/${pid}/fd/1`) ?? "").startsWith("socket:");

/** For who has the right to read it, or another machine's. */
export const journalCommand = (pid: number): string =>
  `journalctl -o cat _PID=${pid} | hairpin check --log -`;

/**
 * What a process has written since this boot, its last
 * {@link JOURNAL_LINES_MAX} lines.
 *
 * @returns undefined when there is no journal, or none of it for us.
 */
export async function readJournal(
  pid: number,
  after?: string,
): Promise<ReadLog | undefined> {
  const text = await outputOf("journalctl", [
    ...["--quiet", "--no-pager", "--boot", "--output=cat", "--show-cursor"],
    `--lines=${JOURNAL_LINES_MAX}`,
    ...after === undefined ? [] : [`--after-cursor=${after}`],
    `_PID=${pid}`,
  ]);
  if (text === undefined) return undefined;
  const cursor = CURSOR.exec(text)?.[1] ?? after;
  if (cursor === undefined) return undefined;
  return readLogText(
    `journal of pid ${pid}`,
    text.replace(CURSOR, ""),
    () => readJournal(pid, cursor),
  );
}

/** The last line, where there is any other. */
const CURSOR = /^-- cursor: (\S+)\n*$(?![\s\S])/m;
