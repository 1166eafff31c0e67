/** Judgement on a node's own redirection where another way to redirect is in use; pure. */
import type { LeftBehind } from "../../redirect/node/mod.ts";
import { failed, type Judgement, ok, warning } from "./finding.ts";

/** What hairpin itself does about what is left, by how it redirects. */
const HINTS: Readonly<Record<string, string>> = {
  self:
    "it goes by itself once every pod is enrolled: see which are not, above and in the log; " +
    "hairpin redirect remove --node takes it away at once, and leaves those pods open",
};

const HINT =
  "hairpin redirect remove --node, once somebody else redirects those pods: they are open from then on";

/** @param redirect How the process that answers redirects; undefined: none answers. */
export function judgeLeftBehind(
  found: LeftBehind,
  redirect: string | undefined,
): Judgement {
  const check = "node's redirection";
  switch (found) {
    case "none":
      return ok(check, "nothing left of --redirect node");
    case "idle":
      return failed(
        check,
        "left by --redirect node, and nobody serves it: the pods that it captures are closed",
        HINTS[redirect ?? ""] ?? HINT,
      );
    case "served":
      return warning(
        check,
        "another process serves this node with --redirect node",
        "end one of the two",
      );
    default:
      throw new Error(`unhandled: ${found satisfies never}`);
  }
}
