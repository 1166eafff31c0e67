/** What stands for a security policy that cannot be read, and never could. */
import { DRY_RUN_ANNOTATION, parseFlag } from "./annotations.ts";
import type { KubeObject } from "./objects.ts";
import { parseObject } from "./parse.ts";

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The strictest policy that the unreadable one may have been, for what it
 * selects: nothing passes that needs its consent. Where its selection cannot be
 * read either, that is its whole namespace.
 *
 * @param raw Of a shape that is an object's, and otherwise anything.
 * @returns undefined for an object that only opens or reports, and for kinds
 * without such a form: what a RequestAuthentication would have proved stays
 * unproved without it.
 */
export function closedForm(raw: unknown): KubeObject | undefined {
  const object = mappingOf(raw);
  if (isOnTrial(object)) return undefined;
  const strictest = strictestOf(object["kind"], mappingOf(object["spec"]));
  if (strictest === undefined) return undefined;
  const { selector, targetRef, targetRefs } = mappingOf(object["spec"]);
  const selection = Object.entries({ selector, targetRef, targetRefs })
    .filter(([, value]) => value !== undefined);
  return read(object, { ...strictest, ...Object.fromEntries(selection) }) ??
    read(object, strictest);
}

function strictestOf(kind: unknown, spec: Mapping): Mapping | undefined {
  if (kind === "PeerAuthentication") return { mtls: { mode: "STRICT" } };
  if (kind !== "AuthorizationPolicy") return undefined;
  switch (spec["action"]) {
    case "AUDIT":
      return undefined;
    case undefined:
    case "ALLOW":
      return { action: "ALLOW" };
    default:
      return { action: "DENY", rules: [{}] };
  }
}

function isOnTrial({ metadata }: Mapping): boolean {
  const flag =
    mappingOf(mappingOf(metadata)["annotations"])[DRY_RUN_ANNOTATION];
  return typeof flag === "string" && parseFlag(flag) === true;
}

function read(object: Mapping, spec: Mapping): KubeObject | undefined {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = mappingOf(metadata);
  const parsed = parseObject({
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec,
  });
  return parsed.kind === "object" ? parsed.object : undefined;
}

const mappingOf = (value: unknown): Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Mapping
    : {};
