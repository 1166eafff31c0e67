import type { Context } from "hono";
import type {
  ExplainedWay,
  ExplainQuestion,
  Explanation,
  Unexplained,
} from "../model/explanation.ts";
import { type Json, sortedJson } from "./json.ts";

/** Whoever answers `/explain`. */
export type Explain = (
  question: ExplainQuestion,
) => Explanation | Unexplained;

/** `GET /explain?from=…&to=…[&method=…&path=…]`: the answer as JSON. */
export function explainRoute(c: Context, explain: Explain): Response {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    return c.body(null, 405);
  }
  const question = readQuestion((key) => c.req.query(key));
  const answer = "error" in question ? question : explain(question);
  const isAnswered = !("error" in answer);
  const body = isAnswered ? dumpExplanation(answer) : { ...answer };
  return c.body(`${sortedJson(body)}\n`, isAnswered ? 200 : 400, {
    "content-type": "application/json",
  });
}

function readQuestion(
  query: (key: string) => string | undefined,
): ExplainQuestion | Unexplained {
  const [from, to] = [query("from"), query("to")];
  if (!from || !to) return { error: "Cannot explain: want from and to" };
  const [method, path] = [query("method"), query("path")];
  if (!method && !path) return { from, to };
  if (!method || !path) {
    return { error: "Cannot explain: method and path go together" };
  }
  return { from, to, request: { method, path } };
}

const dumpExplanation = (explanation: Explanation): Json => ({
  ...explanation,
  ways: explanation.ways.map(dumpWay),
});

const dumpWay = (way: ExplainedWay): Json => ({
  ...way,
  steps: way.steps.map((step) => ({ ...step })),
});
