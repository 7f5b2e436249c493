/** The answers of these paths are the same for all users. */
const CACHED_PATHS = ['/catalogue'];

async function cachedAnswer(request) {
  const cache = await caches.open('catalogue');
  const held = await cache.match(request);
  if (held !== undefined) return held;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

addEventListener('fetch', (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method === 'GET' && CACHED_PATHS.includes(pathname))
    event.respondWith(cachedAnswer(event.request));
});
