export declare function readRows(): Promise<ReadonlyMap<string, string>>;
