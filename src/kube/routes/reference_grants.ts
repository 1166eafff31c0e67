/** Which objects may refer into other namespaces. */
import * as v from "valibot";
import type { MeshObjects } from "../mesh_objects.ts";
import { unpackSpec } from "../packed_spec.ts";
import { filled, open, someOf, text } from "../schema/fields.ts";

const grantSpec = open({
  from: someOf(open({ group: text, kind: filled, namespace: filled })),
  to: someOf(
    open({ group: text, kind: filled, name: v.exactOptional(filled) }),
  ),
});
type Grant = v.InferOutput<typeof grantSpec> & { readonly namespace: string };

/** An object of a kind; `namespace` is where it is. */
export interface Referent {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export class ReferenceGrants {
  readonly #grants: readonly Grant[];

  /** A grant that cannot be read grants nothing. */
  constructor(objects: MeshObjects) {
    this.#grants = objects.all("ReferenceGrant").flatMap((object) => {
      const { success, output } = v.safeParse(
        grantSpec,
        unpackSpec(object.spec),
      );
      const { namespace } = object.metadata;
      return success ? [{ ...output, namespace }] : [];
    });
  }

  /** Within a namespace nothing has to be granted. */
  permits(from: Omit<Referent, "name">, to: Referent): boolean {
    return from.namespace === to.namespace ||
      this.#grants.some((grant) =>
        grant.namespace === to.namespace &&
        grant.from.some((entry) =>
          entry.group === from.group && entry.kind === from.kind &&
          entry.namespace === from.namespace
        ) &&
        grant.to.some((entry) =>
          entry.group === to.group && entry.kind === to.kind &&
          (entry.name === undefined || entry.name === to.name)
        )
      );
  }
}
