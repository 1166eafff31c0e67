/** Largest file of revocation lists, in octets: some 400,000 entries. Own choice. */
export const CRL_FILE_MAX = 16 * 1024 * 1024;
