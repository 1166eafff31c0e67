/** What a check has to say; plain data, shown as text or as JSON. */

export type Level = "ok" | "warning" | "failed";

export interface Finding {
  /** What was looked at, in a few words. */
  readonly check: string;
  /** `node`, or which pod or namespace. */
  readonly subject: string;
  readonly level: Level;
  readonly found: string;
  /** What to do; absent when all is well. */
  readonly hint?: string;
}

/** A finding about something that is known already. */
export type Judgement = Omit<Finding, "subject">;

export const ok = (check: string, found: string): Judgement => ({
  check,
  level: "ok",
  found,
});

export const warning = (
  check: string,
  found: string,
  hint: string,
): Judgement => ({ check, level: "warning", found, hint });

export const failed = (
  check: string,
  found: string,
  hint: string,
): Judgement => ({ check, level: "failed", found, hint });

/** Judgements about one subject. */
export const about = (
  subject: string,
  judgements: readonly Judgement[],
): Finding[] => judgements.map((judgement) => ({ subject, ...judgement }));

/** One line; what others wrote moves no cursor. */
export function findingLine(finding: Finding): string {
  const { check, subject, level, found, hint } = finding;
  const line = `${level.padEnd(7)} ${subject}: ${check}: ${found}`;
  const whole = hint === undefined ? line : `${line} (hint: ${hint})`;
  return whole.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, "?");
}

/** 1 when a check failed. */
export const exitCodeOf = (findings: readonly Finding[]): 0 | 1 =>
  findings.some(({ level }) => level === "failed") ? 1 : 0;
