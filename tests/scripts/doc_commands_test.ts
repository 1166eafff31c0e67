/** Every command of the pages is run by a test, or is in a list that says why not. */
import assert from "node:assert/strict";
import { REPOSITORY } from "../../scripts/steps.ts";
import {
  ELSEWHERE,
  IN_A_CLUSTER,
  IN_A_MESH,
  NOT_HERE,
} from "../e2e/docs_table.ts";
import { commandsOf } from "../support/doc_commands.ts";

const read = (path: string) => Deno.readTextFileSync(`${REPOSITORY}/${path}`);
const pagesIn = (folder: string): string[] =>
  Array.from(Deno.readDirSync(`${REPOSITORY}/${folder}`))
    .flatMap(({ name }) => name.endsWith(".md") ? [`${folder}/${name}`] : []);

const PAGES = ["README.md", ...pagesIn(".github"), ...pagesIn(".github/docs")];
const listed = [...IN_A_MESH, ...IN_A_CLUSTER, ...ELSEWHERE, ...NOT_HERE]
  .map(([command]) => command);

Deno.test("the lists have each command of the pages, and nothing else", () => {
  const typed = new Set(PAGES.flatMap((page) => commandsOf(read(page))));
  assert.deepEqual([...typed].toSorted(), listed.toSorted());
});

for (const [command, test, shows] of ELSEWHERE) {
  Deno.test(`${test} runs \`${command}\``, () => {
    assert.ok(read(test).includes(shows), shows);
  });
}

Deno.test("commandsOf() has what is typed: no drawing, no object, no script, nothing beside it", () => {
  const page = [
    "Text `hairpin check`.",
    "",
    "    hairpin check        all of it",
    "    hairpin --mode node     --kube FILE \\",
    "      --ca-dir DIR # a comment",
    "",
    "    ┌ pod ┐",
    "    hairpin check",
    "",
    "Text",
    "",
    "    apiVersion: v1",
    "    kind: Pod",
    "",
    "- a list",
    "",
    "```sh",
    "kubectl delete pod x",
    "```",
    "",
    "```",
    "kubectl get pods",
    "```",
  ].join("\n");
  assert.deepEqual(commandsOf(page), [
    "hairpin check",
    "hairpin --mode node --kube FILE --ca-dir DIR",
    "kubectl get pods",
  ]);
});
