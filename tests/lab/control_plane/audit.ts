/** The audit log of an API server: who asked for what, and what was answered. */

/** One request for objects. */
export interface AuditEvent {
  /** `system:serviceaccount:NAMESPACE:NAME` of a pod. */
  readonly user: string;
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource, as roles name it: `pods/status`. */
  readonly resource: string;
  readonly code: number;
}

/** Has every request logged once it is answered; a watch, once it has begun. @returns the policy's path. */
export function writeAuditPolicy(folder: string): string {
  const path = `${folder}/audit-policy.json`;
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived"],
    rules: [{ level: "Metadata" }],
  };
  Deno.writeTextFileSync(path, JSON.stringify(policy));
  return path;
}

/** All whole lines so far; requests for other things than objects are left out. */
export function readAudit(path: string): AuditEvent[] {
  const text = Deno.readTextFileSync(path);
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.filter((line) => line !== "").flatMap((line) => {
    const { user, verb, objectRef, responseStatus }: RawEvent = JSON.parse(
      line,
    );
    if (objectRef?.resource === undefined) return [];
    const { apiGroup = "", resource, subresource } = objectRef;
    return [{
      user: user.username,
      verb,
      group: apiGroup,
      resource: subresource === undefined
        ? resource
        : `${resource}/${subresource}`,
      code: responseStatus?.code ?? 0,
    }];
  });
}

interface RawEvent {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}
