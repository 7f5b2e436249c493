/** axios' own way to find the proxy of the environment; it has no types of its own. */
declare module 'proxy-from-env' {
  /** The URL of the proxy for a URL, by `HTTPS_PROXY`, `NO_PROXY` and the like; empty where there is none. */
  export function getProxyForUrl(url: string): string;
}
