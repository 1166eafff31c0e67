import { BUILD, type Build } from "./build.ts";

/** The product's version, as `hairpin version` and the dump tell it. */
export const VERSION = "0.1.0";

/** What `hairpin version` prints: `hairpin 0.1.0 (commit 3c1f…, built 2026-01-31T12:00:00Z)`. */
export function versionLine(build: Build | undefined = BUILD): string {
  const origin = build === undefined
    ? "from source"
    : `commit ${build.commit}, built ${build.date}`;
  return `hairpin ${VERSION} (${origin})`;
}
