/** The flags of `--mode deployer` alone. */
import type { Flag } from "./flags.ts";

const DEPLOYER = ["deployer"] as const;

/** Rows of the flag table. */
export const DEPLOYER_FLAGS = [
  {
    name: "image",
    value: "IMAGE",
    commands: DEPLOYER,
    variable: "HAIRPIN_IMAGE",
    meaning: "Image of the waypoints that are made.",
  },
  {
    name: "image-pull-policy",
    value: "Always|IfNotPresent|Never",
    commands: DEPLOYER,
    variable: "HAIRPIN_IMAGE_PULL_POLICY",
    byDefault: "Kubernetes' own, by the image's tag",
    meaning: "When a node pulls it.",
  },
  {
    name: "ca-secret",
    value: "NAME",
    commands: DEPLOYER,
    variable: "HAIRPIN_CA_SECRET",
    byDefault: "none: istiod signs for the waypoints, and tells of the mesh",
    meaning:
      "Without istiod: the Secret with the embedded certificate authority, in the namespace of each Gateway.",
  },
] as const satisfies readonly Flag[];
