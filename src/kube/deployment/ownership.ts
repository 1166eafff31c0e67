/** Whose an object is that stands where one is to be applied. */
import * as v from "valibot";
import { MANAGED_LABEL } from "../annotations.ts";
import { labels, open, someOf, text } from "../schema/fields.ts";
import { DEPLOYER, MANAGED_BY } from "./settings.ts";

const found = open({
  metadata: open({
    uid: text,
    labels,
    managedFields: someOf(open({
      manager: v.optional(text, ""),
      operation: v.optional(text, ""),
    })),
  }),
});

export type Ownership =
  /** @property uid Of the object that was looked at. */
  | { readonly ours: true; readonly uid: string }
  /** @property why Ends the sentence "it …". */
  | { readonly ours: false; readonly why: string };

/**
 * Ours is what carries the label and was applied by a deployer; a label alone
 * can be on a copy.
 *
 * @param raw As the API server has it.
 */
export function ownershipOf(raw: unknown): Ownership {
  const read = v.safeParse(found, raw);
  if (!read.success) return { ours: false, why: "cannot be read" };
  const { uid, labels, managedFields } = read.output.metadata;
  if (labels[MANAGED_LABEL] !== MANAGED_BY) {
    return {
      ours: false,
      why: `does not have the label ${MANAGED_LABEL}=${MANAGED_BY}`,
    };
  }
  const applied = managedFields.some(({ manager, operation }) =>
    manager === DEPLOYER && operation === "Apply"
  );
  return applied
    ? { ours: true, uid }
    : { ours: false, why: `was not applied by ${DEPLOYER}` };
}
