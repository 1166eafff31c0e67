export { EmbeddedCa, type EmbeddedCaOptions } from "./embedded_ca.ts";
