/** The product's version, as `hairpin version` and the dump tell it. */
export const VERSION = "0.1.0";
