/**
 * The task `sbom`: what the compiled program is made of, as CycloneDX 1.6.
 *
 *     deno task sbom > hairpin.cdx.json
 */
import type { Lock } from "./compile/lock.ts";
import { stageRepository } from "./compile.ts";
import { VERSION } from "../src/modes/version.ts";

interface Component {
  readonly type: "application" | "library" | "platform";
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly {
    readonly alg: string;
    readonly content: string;
  }[];
}

/** @param deno Version of the runtime that is embedded. */
export function sbomOf(lock: Lock, deno: string): object {
  const components: Component[] = [
    { type: "platform", name: "deno", version: deno },
    ...Object.entries(lock.npm ?? {}).map(([id, { integrity }]) =>
      library(id, integrity)
    ),
    ...Object.keys(lock.jsr as object ?? {}).map((id): Component => {
      const { name, version } = split(id);
      return {
        type: "library",
        name,
        version,
        purl: `pkg:jsr/${name.replace("@", "%40")}@${version}`,
      };
    }),
  ];
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", name: "hairpin", version: VERSION },
    },
    components,
  };
}

/** `@scope/name@1.0.0_peer@2.0.0`: the peers are no part of what it is. */
function split(
  id: string,
): { readonly name: string; readonly version: string } {
  const [, name = id, version = ""] = /^(.+?)@([^_@]+)/.exec(id) ?? [];
  return { name, version };
}

function library(id: string, integrity: unknown): Component {
  const { name, version } = split(id);
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const component = { type: "library", name, version, purl } as const;
  const [, digest] = /^sha512-(.+)$/.exec(String(integrity)) ?? [];
  if (digest === undefined) return component;
  const content = Uint8Array.fromBase64(digest).toHex();
  return { ...component, hashes: [{ alg: "SHA-512", content }] };
}

if (import.meta.main) {
  const stage = await Deno.makeTempDir({ prefix: "hairpin-stage-" });
  try {
    await stageRepository(stage);
    const lock: Lock = JSON.parse(
      await Deno.readTextFile(`${stage}/deno.lock`),
    );
    console.log(JSON.stringify(sbomOf(lock, Deno.version.deno), null, 2));
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}
