import { readFileSync } from 'node:fs';

const FRONTENDS = readFileSync(new URL('../../../docs/frontends.md', import.meta.url), 'utf8');

/** The path and query in the docs' snippet of a language, so that the test uses what is documented. */
export function documentedTarget(language: string): string {
  const snippet = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'ms').exec(FRONTENDS)?.[1] ?? '';
  const target = /["'](?:https:\/\/api\.example\.com)?(\/nudge\/token[^"']*)["']/.exec(snippet)?.[1];
  if (target === undefined) throw new Error(`docs/frontends.md has no request in ${language}`);
  return target;
}

interface SampleClient {
  readonly client: string;
  readonly language: 'ts' | 'java' | 'kotlin' | 'swift' | 'dart';
  /** All headers of the HTTP library besides `Host` and `Authorization`, in its order and spelling. */
  readonly headers: readonly string[];
  /** The header's name as the library spells it. */
  readonly authorization: 'Authorization' | 'authorization';
}

export const CLIENTS: readonly SampleClient[] = [
  {
    client: 'JavaScript, axios in a browser',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Connection: keep-alive',
      'sec-ch-ua-platform: "Linux"',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
      'Accept: application/json, text/plain, */*',
      'Sec-Fetch-Site: same-origin',
      'Sec-Fetch-Mode: cors',
      'Sec-Fetch-Dest: empty',
      'Referer: http://shop.example/',
      'Accept-Encoding: gzip, deflate, br, zstd',
      'Accept-Language: en-GB,en;q=0.9',
    ],
  },
  {
    client: 'JavaScript, fetch in a browser',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Connection: keep-alive',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
      'Accept: */*',
      'Accept-Language: en-US,en;q=0.5',
      'Accept-Encoding: gzip, deflate',
      'Sec-Fetch-Mode: cors',
    ],
  },
  {
    client: 'React Native, axios on Android',
    language: 'ts',
    authorization: 'authorization',
    headers: [
      'accept: application/json, text/plain, */*',
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
      'User-Agent: okhttp/4.12.0',
    ],
  },
  {
    client: 'React Native, fetch on iOS',
    language: 'ts',
    authorization: 'Authorization',
    headers: [
      'Accept: */*',
      'Accept-Language: en-GB,en;q=0.9',
      'Connection: keep-alive',
      'Accept-Encoding: gzip, deflate',
      'User-Agent: Shop/1 CFNetwork/1494.0.7 Darwin/23.4.0',
    ],
  },
  {
    client: 'Java, HttpURLConnection on Android',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'User-Agent: Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A.240505.004)',
      'Connection: Keep-Alive',
      'Accept-Encoding: gzip',
    ],
  },
  {
    client: 'Java, HttpURLConnection elsewhere',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'User-Agent: Java/17.0.15',
      'Accept: text/html, image/gif, image/jpeg, */*; q=0.2',
      'Connection: keep-alive',
    ],
  },
  {
    client: 'Java, java.net.http',
    language: 'java',
    authorization: 'Authorization',
    headers: [
      'Connection: Upgrade, HTTP2-Settings',
      'HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAABgAGAAA',
      'Upgrade: h2c',
      'User-Agent: Java-http-client/17.0.15',
    ],
  },
  {
    client: 'Kotlin, OkHttp',
    language: 'kotlin',
    authorization: 'Authorization',
    headers: ['Connection: Keep-Alive', 'Accept-Encoding: gzip', 'User-Agent: okhttp/4.12.0'],
  },
  {
    client: 'Swift, URLSession',
    language: 'swift',
    authorization: 'Authorization',
    headers: [
      'Accept: */*',
      'Accept-Language: en-GB,en;q=0.9',
      'Connection: keep-alive',
      'Accept-Encoding: gzip, deflate, br',
      'User-Agent: Shop/1 CFNetwork/1494.0.7 Darwin/23.4.0',
    ],
  },
  {
    client: 'Flutter, package:http',
    language: 'dart',
    authorization: 'authorization',
    headers: ['user-agent: Dart/3.5 (dart:io)', 'accept-encoding: gzip', 'content-length: 0'],
  },
];
