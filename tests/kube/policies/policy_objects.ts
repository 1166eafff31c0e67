import assert from "node:assert/strict";
import { translate } from "../../../src/kube/translate.ts";
import type { MeshSettings } from "../../../src/kube/settings.ts";
import { EMPTY_MATCH, type Policy } from "../../../src/model/policy.ts";
import { parsed, type Raw, raw } from "../objects.ts";

export const policy = (spec: Raw, rest: Raw = {}, name = "p") =>
  raw("AuthorizationPolicy", name, { ...rest, spec });
export const translated = (
  objects: Raw[],
  settings: Partial<MeshSettings> = {},
) => translate(parsed(...objects), settings);
export const only = (
  object: Raw,
  settings: Partial<MeshSettings> = {},
): Policy => {
  const { policies: [first, ...rest] } = translated([object], settings);
  assert.ok(first !== undefined && rest.length === 0);
  return first;
};
export const m = (fields: Partial<typeof EMPTY_MATCH>) => ({
  ...EMPTY_MATCH,
  ...fields,
});
export const exact = (value: string) => ({ kind: "exact" as const, value });
export const prefix = (value: string) => ({ kind: "prefix" as const, value });
export const suffix = (value: string) => ({ kind: "suffix" as const, value });
export const presence = { kind: "presence" as const };
export const cidr = (ip: string, length: number) =>
  ({ ip, length }) as typeof EMPTY_MATCH["sourceIps"][number];

export const source = (fields: Raw) => ({ from: [{ source: fields }] });
export const operation = (fields: Raw) => ({ to: [{ operation: fields }] });
export const when = (key: string, values: string[], notValues: string[]) => ({
  when: [{ key, values, notValues }],
});

/** Rules that both actions turn into the same. */
