/** The part of deno.lock that a program uses. */

/** deno.lock, version 5, as far as it is read here. */
export interface Lock {
  readonly version: string;
  readonly specifiers?: Readonly<Record<string, string>>;
  readonly npm?: Readonly<Record<string, LockedPackage>>;
  readonly workspace?: {
    readonly dependencies?: readonly string[];
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface LockedPackage {
  /** `name`, or `name@version` where there are several versions. */
  readonly dependencies?: readonly string[];
  readonly optionalPeers?: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * Leaves what these specifiers lead to. Peers that a package can do without are
 * left out too: a library's optional peer may be a whole compiler.
 *
 * @param specifiers As in deno.json: `npm:yaml@2.9.1`.
 */
export function pruneLock(lock: Lock, specifiers: readonly string[]): Lock {
  const wanted = specifiers.filter((specifier) => specifier.startsWith("npm:"));
  const packages = new Packages(lock.npm ?? {});
  const kept: Record<string, string> = {};
  for (const specifier of wanted.toSorted()) {
    const version = lock.specifiers?.[specifier];
    if (version === undefined) continue;
    const name = nameOf(specifier.slice("npm:".length));
    const id = packages.keep(`${name}@${version}`);
    kept[specifier] = id.slice(name.length + 1);
  }
  const others = Object.entries(lock.specifiers ?? {})
    .filter(([specifier]) => !specifier.startsWith("npm:"));
  return {
    ...lock,
    specifiers: { ...Object.fromEntries(others), ...kept },
    npm: packages.kept(),
    ...lock.workspace && {
      workspace: {
        ...lock.workspace,
        dependencies: (lock.workspace.dependencies ?? []).filter((text) =>
          !text.startsWith("npm:") || wanted.includes(text)
        ),
      },
    },
  };
}

/** The package's name, without the version behind it. */
const nameOf = (text: string): string => text.replace(/(?<=.)@.*$/, "");

class Packages {
  readonly #all: Readonly<Record<string, LockedPackage>>;
  readonly #kept = new Map<string, LockedPackage>();
  readonly #ids = new Map<string, string>();

  constructor(all: Readonly<Record<string, LockedPackage>>) {
    this.#all = all;
  }

  kept(): Record<string, LockedPackage> {
    return Object.fromEntries(
      [...this.#kept].toSorted(([a], [b]) => a < b ? -1 : 1),
    );
  }

  /** @returns the package's key, which names no peer that is left out. */
  keep(id: string): string {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const locked = this.#all[id] ?? {};
    const { dependencies = [], optionalPeers = [], ...rest } = locked;
    const left = dependencies.filter((text) => !optionalPeers.includes(text));
    const key = withoutPeers(id, optionalPeers.map(nameOf));
    this.#ids.set(id, key);
    this.#kept.set(key, {
      ...rest,
      ...left.length > 0 && { dependencies: left },
    });
    for (const text of left) this.keep(this.#idOf(text));
    return key;
  }

  /** A dependency's key: it carries a version only where there are several. */
  #idOf(text: string): string {
    const version = /^(.+)@([^@]+)$/.exec(text);
    const prefix = version === null ? `${text}@` : text;
    const id = Object.keys(this.#all).find((key) =>
      key === prefix || key.startsWith(version === null ? prefix : `${text}_`)
    );
    return id ?? text;
  }
}

/** `valibot@1.5.0_typescript@5.4.5` without the peer that nobody brings. */
function withoutPeers(id: string, peers: readonly string[]): string {
  const [own, ...suffixes] = id.split("_");
  const escaped = peers.map((peer) => peer.replace("/", "+"));
  return [
    own,
    ...suffixes.filter((suffix) => !escaped.includes(nameOf(suffix))),
  ].join("_");
}
