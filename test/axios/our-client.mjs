import { firstValueFrom } from 'rxjs';
import { createHttpService } from '../../compiled/vendor/http-client.js';

/** The HTTP client of the package, in the form that key-leaks.mjs needs. */
export function connect(options) {
  const http = createHttpService(options);
  return (url, config) => firstValueFrom(http.get(url, config));
}
