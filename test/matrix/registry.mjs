import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const MANIFEST = fileURLToPath(new URL('../../package.json', import.meta.url));

/**
 * A registry on loopback that serves the packed tarball of this package as its newest version, and redirects npm to the
 * usual registry for all other packages.
 */
export async function startRegistry({ tarball, upstream }) {
  const content = await readFile(tarball);
  const manifest = JSON.parse(await readFile(MANIFEST, 'utf8'));
  const { name, version } = manifest;
  const tarballPath = `/${name}/-/${name}-${version}.tgz`;
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;

  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    if (request.url === tarballPath) response.end(content);
    else if (request.url === `/${name}`) {
      const dist = { integrity, tarball: `${origin}${tarballPath}` };
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          name,
          'dist-tags': { latest: version },
          versions: { [version]: { ...manifest, dist } },
        }),
      );
    } else {
      response.writeHead(307, { Location: new URL(request.url.slice(1), upstream).href }).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
