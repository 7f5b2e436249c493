import { z } from 'zod';
import { objectOf } from './option-rules.js';

/** The rules of what `http` and `userJwt.http` both have: how a server is reached from here. */
export const connectionShape = {
  proxy: z
    .union(
      [
        z.literal(false),
        z.looseObject({ host: z.string().min(1), port: z.number().int().min(1).max(65_535) }),
      ],
      { error: "must be false or an object such as { protocol: 'http', host: 'proxy.example', port: 8080 }" },
    )
    .optional(),
  httpAgent: objectOf('a node:http Agent').optional(),
  httpsAgent: objectOf('a node:https Agent').optional(),
};
