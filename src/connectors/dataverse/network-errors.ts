/** `cause` completes "HOST cannot be reached: ". `passes`: another try can help. */
export type NetworkRow = { code: string; cause: string; remedy: string; passes: boolean };

const address =
  "Compare url with Power Platform admin center > Environments > your environment > Environment URL; if it is right, this machine's DNS does not know it.";
const firewall =
  "Let this machine reach the environment and the sign-in service by https: ask who runs the firewall or proxy.";

/** Why no connection came about, by the code of Node or undici; then nothing was sent. */
export const networkErrors: readonly NetworkRow[] = [
  { code: "ENOTFOUND", cause: "there is no host of that name", remedy: address, passes: true },
  {
    code: "EAI_AGAIN",
    cause: "its name could not be looked up",
    remedy: "Look whether this machine has a network and a DNS server; then run again.",
    passes: true,
  },
  { code: "ECONNREFUSED", cause: "nothing answers on that port", remedy: firewall, passes: true },
  { code: "EHOSTUNREACH", cause: "there is no way to it in the network", remedy: firewall, passes: true },
  { code: "ENETUNREACH", cause: "this machine has no network that leads to it", remedy: firewall, passes: true },
  { code: "UND_ERR_CONNECT_TIMEOUT", cause: "it did not answer in time", remedy: firewall, passes: true },
  {
    code: "TLS",
    cause: "its TLS certificate or connection is not trusted",
    remedy:
      "If a proxy opens TLS connections, exempt the host from inspection, or give Node the proxy's authority by NODE_EXTRA_CA_CERTS=/path/ca.pem.",
    passes: false,
  },
];

/** The row of what a connection failed with; undefined when something may have been sent. */
export function networkError(code: string): NetworkRow | undefined {
  const known = networkErrors.find((row) => row.code === code);
  if (known) return known;
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO_VERIFY|EPROTO/.test(code)
    ? networkErrors.find((row) => row.code === "TLS")
    : undefined;
}
