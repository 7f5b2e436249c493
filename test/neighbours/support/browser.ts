import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';

const CLIENT = dirname(fileURLToPath(import.meta.resolve('nestjs-nudge-auth/client')));

/** Starts Debian's Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** Starts a site with an empty page, and with the published client below `/client/`. */
export async function startSite(): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (!pathname.startsWith('/client/')) {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>A shop</title>');
      return;
    }
    const path = join(CLIENT, normalize(pathname.slice('/client'.length)));
    readFile(path).then(
      (file) => response.setHeader('content-type', 'text/javascript').end(file),
      () => response.writeHead(404).end(),
    );
  }).listen(0);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}
