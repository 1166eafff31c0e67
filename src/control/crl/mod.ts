/** Revocation lists, from a file that is followed. */
export { CrlFile, type CrlOptions } from "./follow.ts";
