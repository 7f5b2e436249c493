import { firstValueFrom } from 'rxjs';
import { createHttpService } from '../../dist/vendor/http-client.js';

/** The client that the package makes, as the probe wants it. */
export function connect(options) {
  const http = createHttpService(options);
  return (url, config) => firstValueFrom(http.get(url, config));
}
