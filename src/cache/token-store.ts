/** Where tokens are shared between processes. */
export interface TokenStore {
  /** Ends connections and timers of the store; called once, when the application closes. */
  close(): Promise<void>;
}
