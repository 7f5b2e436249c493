import type { AxiosInstance } from 'axios';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createAxiosInstance } from '../../vendor/axios-instance.js';
import type { DoctorMachine } from '../context.js';

/** The HTTP client that the module uses. It follows no redirect and verifies certificates. */
export function httpClientFor(
  url: string,
  { lookup, certificateAuthorities: ca }: DoctorMachine,
): AxiosInstance {
  return createAxiosInstance({
    url,
    httpAgent: new HttpAgent({ lookup }),
    httpsAgent: new HttpsAgent({ lookup, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }),
  });
}
