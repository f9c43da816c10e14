/** What the keys of a stack's results begin with: a bucket may hold those of many stacks. */
export const s3Prefix = (prefix: string, stack: string): string => [prefix.replace(/^\/+|\/+$/g, ""), stack].filter(Boolean).join("/");
