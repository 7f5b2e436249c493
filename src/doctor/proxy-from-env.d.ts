/** The package with which axios finds the proxy of the environment. It has no types. */
declare module 'proxy-from-env' {
  /** The URL of the proxy for a URL, from `HTTPS_PROXY`, `NO_PROXY` and so on; empty if there is none. */
  export function getProxyForUrl(url: string): string;
}
