/** The modules that a program is made of, as `deno info --json` tells them. */

/** What one root leads to, by imports static and dynamic. */
export interface Graph {
  /** Local files, from the repository's root. */
  readonly files: readonly string[];
  /** Imports that are no paths, as they are written: `yaml`, `node:net`. */
  readonly bare: readonly string[];
  /** What could not be found, one line each. */
  readonly errors: readonly string[];
}

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly code?: { readonly error?: string };
    }[];
  }[];
}

/** @param root URL of the repository's folder, with a slash at its end. */
export function readGraph(json: string, root: string): Graph {
  const { modules } = JSON.parse(json) as Info;
  const dependencies = modules.flatMap(({ dependencies = [] }) => dependencies);
  return {
    files: modules.map(({ specifier }) => specifier)
      .filter((specifier) => specifier.startsWith(root))
      .map((specifier) => decodeURIComponent(specifier.slice(root.length))),
    bare: [
      ...new Set(
        dependencies.filter(({ code }) => code !== undefined)
          .map(({ specifier }) => specifier)
          .filter((specifier) => !/^\.{0,2}\/|^file:/.test(specifier)),
      ),
    ],
    errors: [
      ...modules.flatMap(({ error }) => error ?? []),
      ...dependencies.flatMap(({ code }) => code?.error ?? []),
    ],
  };
}

/** Several graphs as one. */
export const union = (graphs: readonly Graph[]): Graph => ({
  files: [...new Set(graphs.flatMap(({ files }) => files))].toSorted(),
  bare: [...new Set(graphs.flatMap(({ bare }) => bare))].toSorted(),
  errors: [...new Set(graphs.flatMap(({ errors }) => errors))],
});
