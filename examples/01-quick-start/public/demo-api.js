/** The demo's routes: counters, and the settings of the emulator. */
export const demo = {
  stats: () => call('stats'),
  setFault: (name) => call('fault', { name }),
  setTokenLife: (seconds) => call('token-life', { seconds }),
  forget: () => call('forget', {}),
};

async function call(route, body) {
  const response = await fetch(`/demo/${route}`, {
    ...(body && {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!response.ok) throw new Error(`The demo answers ${response.status}`);
  return response.json();
}
