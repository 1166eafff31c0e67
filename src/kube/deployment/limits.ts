/** Labels, and annotations, that one Gateway may ask for. Source: the Gateway API's own definition. */
export const INFRASTRUCTURE_ENTRIES_MAX = 8;

/** Longest value of such an annotation, in characters. Source: the Gateway API's own definition. */
export const ANNOTATION_LENGTH_MAX = 4_096;

/** Longest name of a Gateway that is deployed, in characters: a Service's name and a label's value. Source: RFC 1035 section 2.3.4. */
export const DEPLOYED_NAME_LENGTH_MAX = 63;
