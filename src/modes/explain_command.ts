/** `hairpin explain`: asks the process that runs, and shows what it says. */
import { explanationLines } from "../admin/explain_text.ts";
import type { ExplainCommand } from "../config/mod.ts";
import type { Explanation, Unexplained } from "../model/explanation.ts";
import { AdminError, askAdmin } from "./ask_admin.ts";

/**
 * @returns the lines to print.
 * @throws {AdminError} when the process cannot be asked, or the question
 * cannot be answered.
 */
export async function runExplain(command: ExplainCommand): Promise<string[]> {
  const { from, to, request, json, admin } = command;
  const query = new URLSearchParams({ from, to, ...request });
  const { status, body } = await askAdmin(admin, `/explain?${query}`);
  if (status !== 200) throw new AdminError(errorOf(status, body));
  // What another process says is shown, never acted on.
  return json
    ? body.trimEnd().split("\n")
    : explanationLines(JSON.parse(body) as Explanation);
}

function errorOf(status: number, body: string): string {
  const text = status === 400 ? (JSON.parse(body) as Unexplained).error : "";
  return text || `Cannot explain: the admin server answers ${status}`;
}
