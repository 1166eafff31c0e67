/** Which names of the mesh a name that was asked for may stand for. */

/** One name to look up. */
export interface NameCandidate {
  readonly name: string;
  /** The asked name without its search domain, when that is how it came to be. */
  readonly stripped: string | undefined;
}

/** Who asks, as far as short names depend on it. */
export interface Asker {
  readonly namespace: string;
  /** DNS suffix of the cluster's services. */
  readonly clusterDomain: string;
}

/**
 * The names to try, in order: the name itself, what Kubernetes would make of
 * it, and the same again without each search domain that the client's resolver
 * may have put behind it.
 *
 * @param asked In lower case, without the last dot.
 */
export function nameCandidates(asked: string, asker: Asker): NameCandidate[] {
  const candidates = new Map<string, string | undefined>();
  const add = (name: string, stripped?: string) => {
    if (!candidates.has(name)) candidates.set(name, stripped);
  };
  for (const name of [asked, ...expansions(asked, asker)]) add(name);
  for (const domain of searchDomains(asker)) {
    if (!asked.endsWith(`.${domain}`)) continue;
    const stripped = asked.slice(0, -domain.length - 1);
    for (const name of [stripped, ...expansions(stripped, asker)]) {
      add(name, stripped);
    }
  }
  return Array.from(candidates, ([name, stripped]) => ({ name, stripped }));
}

/** What Kubernetes puts into every pod's resolv.conf, longest first. */
const searchDomains = ({ namespace, clusterDomain }: Asker): string[] => [
  `${namespace}.svc.${clusterDomain}`,
  `svc.${clusterDomain}`,
  clusterDomain,
];

/** The full names that a short one may stand for. */
function expansions(
  name: string,
  { namespace, clusterDomain }: Asker,
): string[] {
  const endsInSvc = name.endsWith(".svc");
  switch (name.split(".").length) {
    case 1:
      return [`${name}.${namespace}.svc.${clusterDomain}`];
    case 2:
      return [
        `${name}.svc.${clusterDomain}`,
        `${name}.${namespace}.svc.${clusterDomain}`,
      ];
    case 3:
      return [
        ...endsInSvc ? [`${name}.${clusterDomain}`] : [],
        `${name}.svc.${clusterDomain}`,
      ];
    case 4:
      return endsInSvc ? [`${name}.${clusterDomain}`] : [];
    default:
      return [];
  }
}

/** `*.b.c` and `*.c` for `a.b.c`: the most specific first. */
export function wildcardsOf(name: string): string[] {
  const labels = name.split(".");
  return labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join(".")}`);
}
