/**
 * The task `use-jsr`: takes what deno.json imports from JSR from there, where
 * JSR can be reached, and not the local packages that stand in for it.
 *
 *     deno task use-jsr
 *
 * Changes deno.json and deno.lock; Deno adds what it fetches to the latter.
 */
import { REPOSITORY } from "./steps.ts";

type Json = Record<string, unknown>;

/** deno.json without its links. */
export function withoutLinks({ links: _links, ...config }: Json): Json {
  return config;
}

/** deno.lock without what it knows of them. */
export function withoutLockedLinks(lock: Json): Json {
  const { links: _links, ...workspace } = lock.workspace as Json ?? {};
  return { ...lock, workspace };
}

async function change(name: string, by: (json: Json) => Json): Promise<void> {
  const path = `${REPOSITORY}/${name}`;
  const json = by(JSON.parse(await Deno.readTextFile(path)));
  await Deno.writeTextFile(path, `${JSON.stringify(json, null, 2)}\n`);
}

if (import.meta.main) {
  await change("deno.json", withoutLinks);
  await change("deno.lock", withoutLockedLinks);
}
