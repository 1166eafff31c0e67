export { IstioCa, type IstioCaOptions } from "./istio_ca.ts";
