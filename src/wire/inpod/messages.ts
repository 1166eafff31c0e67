/** What the messages of ZDS say, as plain data. */

/** Who a pod is. */
export interface ZdsPod {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** What an agent asks for; each is answered once, in order. */
export type ZdsRequest =
  /** Serve this pod; its namespace comes with the packet. */
  | {
    readonly kind: "add";
    readonly uid: string;
    /** Absent only when the agent breaks the protocol. */
    readonly pod: ZdsPod | undefined;
  }
  /** It is still there, but its namespace cannot be sent. */
  | { readonly kind: "keep"; readonly uid: string }
  /** It is gone. */
  | { readonly kind: "delete"; readonly uid: string }
  /** All pods that were known at the start have been sent. */
  | { readonly kind: "snapshotSent" };
