/**
 * Certificates that OpenSSL 3.0 wrote (`openssl req -x509 -addext`), DER in
 * base64. Their keys are lost, and their dates do not matter here.
 */
export const CERTIFICATES = {
  /** One URI name, in a critical extension. */
  one: der(`
    MIIBjDCCATGgAwIBAgIUHjfd6QLbtNqzKXAISuX8JKL1vlYwCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o4GIMIGFMB0GA1UdDgQWBBT9RNLm34T5zaIDD4/F/7xxto321jAfBgNVHSMEGDAWgBT9RNLm
    34T5zaIDD4/F/7xxto321jAPBgNVHRMBAf8EBTADAQH/MDIGA1UdEQEB/wQoMCaGJHNwaWZmZTov
    L2NsdXN0ZXIubG9jYWwvbnMvbnMxL3NhL3dlYjAKBggqhkjOPQQDAgNJADBGAiEAuvnnd0TKkSYD
    Tuw/2AyxCOg7p+G1mqdb28vl90uIbagCIQDG8Ll/Xw/ywBDawXdGpHJUaSEHJJ706CS9qzNSrbCN
    uw==
  `),
  /** Two URI names. */
  two: der(`
    MIIBjjCCATSgAwIBAgIUaZdbyZW21d85NiIVPLoReo+GO9AwCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o4GLMIGIMB0GA1UdDgQWBBT9RNLm34T5zaIDD4/F/7xxto321jAfBgNVHSMEGDAWgBT9RNLm
    34T5zaIDD4/F/7xxto321jAPBgNVHRMBAf8EBTADAQH/MDUGA1UdEQQuMCyGFHNwaWZmZTovL2Ev
    bnMvYi9zYS9jhhRzcGlmZmU6Ly9kL25zL2Uvc2EvZjAKBggqhkjOPQQDAgNIADBFAiEA7FzEkuL4
    Csb975vsK6UG3HYCTllLw/8gmSAJfb9GwykCIGBWSy04FISXVFZj8rCgy5h3W186264aAnvs2cdH
    JK1M
  `),
  /** One URI name among a DNS name, an address, a mail address, an OID and a directory name. */
  mixed: der(`
    MIIBbzCCARWgAwIBAgIUVF8A+ea63jGDT9Lj+9DRtGknhSQwCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o20wazBKBgNVHREEQzBBggd3ZWIubnMxhwQKAAABgQVhQGIuY4YUc3BpZmZlOi8vYS9ucy9i
    L3NhL2OIAyoDBKQOMAwxCjAIBgNVBAMMAXgwHQYDVR0OBBYEFP1E0ubfhPnNogMPj8X/vHG2jfbW
    MAoGCCqGSM49BAMCA0gAMEUCIC13X0N4h1anxxBM3DeSaitlYXMDyCURAM8L+2uB8DVeAiEApDDP
    1797hRZsx3BcrR7iQkop4WBV16FRLLFyO3DNL2k=
  `),
  /** One URI name, which reads `spiffe://a/ns/b/sa/c, URI:spiffe://d/ns/e/sa/f`. */
  comma: der(`
    MIIBXTCCAQSgAwIBAgIUSiw0WWYk5rLziNhQmKL2b8lM/IAwCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o1wwWjA5BgNVHREEMjAwhi5zcGlmZmU6Ly9hL25zL2Ivc2EvYywgVVJJOnNwaWZmZTovL2Qv
    bnMvZS9zYS9mMB0GA1UdDgQWBBT9RNLm34T5zaIDD4/F/7xxto321jAKBggqhkjOPQQDAgNHADBE
    AiBl25CwcVO0Jz7JOLKgMyeaIi0PgSiv3FWCoExLYSDs2gIgXNF2UrFErl0KL6kQiQ9qLCgL/DRu
    SNFqxOoiHcHl6zg=
  `),
  /** A URI name of more than 255 octets. */
  long: der(`
    MIICuDCCAl6gAwIBAgIUUXwkM0L7dTjkwC41gzMWxyxvAAowCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o4IBtDCCAbAwHQYDVR0OBBYEFP1E0ubfhPnNogMPj8X/vHG2jfbWMB8GA1UdIwQYMBaAFP1E
    0ubfhPnNogMPj8X/vHG2jfbWMA8GA1UdEwEB/wQFMAMBAf8wggFbBgNVHREEggFSMIIBToaCAUpz
    cGlmZmU6Ly9jbHVzdGVyLmxvY2FsL25zL25ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u
    bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u
    bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5u
    bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5uL3Nh
    L3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz
    c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3MwCgYIKoZIzj0EAwID
    SAAwRQIgFmZ9yKJkcQURoY8+TJve5+JOtkqhQpivRHm4WAcSjEECIQD3JcHGAj1bSaMyFlaUOIBx
    /eKLhBP7rp9GQMvLj3y89g==
  `),
  /** No subject alternative names. */
  none: der(`
    MIIBVDCB+6ADAgECAhQLQi4r4HA6ioRwTMmKcguXevJxaDAKBggqhkjOPQQDAjAAMB4XDTI2MTEy
    MTA4NDEyMloXDTM2MTExODA4NDEyMlowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcwS6e3
    plvTf2NGL5zRusny3A2fHuqAuOmaWORoeuXVyJs4C7ttne9ckPqiIbGCaRf6/KaKLsJyt2YIkD1m
    3bqjUzBRMB0GA1UdDgQWBBT9RNLm34T5zaIDD4/F/7xxto321jAfBgNVHSMEGDAWgBT9RNLm34T5
    zaIDD4/F/7xxto321jAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC5QMzsW92U
    Kg4saysYnru9BLU8a9jFB/VTnJiXt7jj+AIgR1IjJblpOZCNacNrrbsd3gKYqud/TXYfZAKRNHJL
    fBk=
  `),
  /** A DNS name only. */
  dns: der(`
    MIIBZTCCAQugAwIBAgIULO2VIYrTgi1iPuJMV04E7MPO1fwwCgYIKoZIzj0EAwIwADAeFw0yNjEx
    MjEwODQxMjJaFw0zNjExMTgwODQxMjJaMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXMEun
    t6Zb039jRi+c0brJ8twNnx7qgLjpmljkaHrl1cibOAu7bZ3vXJD6oiGxgmkX+vymii7CcrdmCJA9
    Zt26o2MwYTAdBgNVHQ4EFgQU/UTS5t+E+c2iAw+Pxf+8cbaN9tYwHwYDVR0jBBgwFoAU/UTS5t+E
    +c2iAw+Pxf+8cbaN9tYwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHREEBzAFggN3ZWIwCgYIKoZIzj0E
    AwIDSAAwRQIhAPatv9jR710NVVIGCPs+KWkKZ4dRy8euJNqBmC19b34iAiB4KWt78EGL7NqJiltH
    zD01fHVfBdB4uI8rwES0s+4kPQ==
  `),
  /** Version 1: no extensions at all. */
  v1: der(`
    MIIBFDCBuwIUY93CcqH8xItqumj9THUv/RXy9H8wCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCdjEw
    HhcNMjYxMTIxMDg0MTIzWhcNMzYxMTE4MDg0MTIzWjANMQswCQYDVQQDDAJ2MTBZMBMGByqGSM49
    AgEGCCqGSM49AwEHA0IABNcwS6e3plvTf2NGL5zRusny3A2fHuqAuOmaWORoeuXVyJs4C7ttne9c
    kPqiIbGCaRf6/KaKLsJyt2YIkD1m3bowCgYIKoZIzj0EAwIDSAAwRQIgFvVvoR+bs4TdDAipeWwV
    X58ojRb46AgpwKdTwZk+3uECIQD3/h5sNeTl04ZNmCnG3a0VH2tl2IXYcvc4zclYrhhXfw==
  `),
} as const;

function der(base64: string): Uint8Array {
  return Uint8Array.fromBase64(base64);
}
