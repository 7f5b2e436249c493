// beside: @nestjs/swagger, swagger-typescript-api
import { bearer, startNudge } from '../support/environment.js';
import { Module } from '@nestjs/common';
import { NudgeAuthModule, NUDGE_AUTH_ERROR_CODES } from 'nestjs-nudge-auth';
import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import type { OpenAPIObject } from '@nestjs/swagger';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { generateApi } from 'swagger-typescript-api';
import { AppModule, openApiOf } from '../snippets/swagger.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { PLATFORMS, Served } from '../support/served.js';

/** The part of the generated client that is used here. */
interface GeneratedClient {
  readonly nudge: Record<
    'nudgeTokenControllerGetToken' | 'nudgeEmeaTokenControllerGetToken',
    (query: object, params: object) => Promise<{ data: { token: string; expiresIn: number } }>
  >;
}
type GeneratedApi = new (config: object) => GeneratedClient;

/** Generates a client with swagger-typescript-api and loads it. */
async function generateClient(document: OpenAPIObject): Promise<GeneratedApi> {
  const options = { httpClientType: 'fetch', toJS: true, silent: true } as const;
  const { files } = await generateApi({ spec: document, ...options });
  const source = files.find(({ fileExtension }) => fileExtension === '.js');
  const folder = await mkdtemp(join(import.meta.dirname, 'generated-'));
  try {
    const path = join(folder, 'client.js');
    await writeFile(path, source?.fileContent ?? '');
    const { Api } = (await import(pathToFileURL(path).href)) as { Api: GeneratedApi };
    return Api;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const operationOf = (document: OpenAPIObject, path = '/nudge/token') => {
  const operation = document.paths[path]?.get;
  assert.ok(operation !== undefined, path);
  return operation;
};

describe('@nestjs/swagger', () => {
  let nudge: NudgeEmulator;
  /** Generated once, because it takes seconds and the document is the same on both adapters. */
  let generated: Promise<GeneratedApi> | undefined;

  before(async () => {
    nudge = await startNudge();
  });
  after(() => nudge.stop());

  for (const platform of PLATFORMS) {
    describe(platform, () => {
      let served: Served;
      let document: OpenAPIObject;
      before(async () => {
        served = await Served.start(platform, AppModule, {
          beside: [HostAuthModule],
          configure: (app) => {
            document = openApiOf(app);
          },
        });
      });
      after(() => served.close());

      it('describes every answer of the endpoint', () => {
        const { responses, parameters, security } = operationOf(document);
        assert.deepEqual(Object.keys(responses), ['200', '400', '401', '403', '503']);
        assert.deepEqual(
          parameters?.map((parameter) => 'name' in parameter && parameter.name),
          ['format'],
        );
        assert.deepEqual(security, [{ bearer: [] }]);
        const {
          200: good,
          401: anonymous,
          503: failure,
        } = responses as Record<string, { content: object; headers: object }>;
        assert.deepEqual(good?.content, {
          'application/json': { schema: { $ref: '#/components/schemas/NudgeTokenAnswer' } },
          'text/plain': {
            schema: { type: 'string' },
            example: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl',
          },
        });
        assert.deepEqual(Object.keys(anonymous?.headers ?? {}), ['WWW-Authenticate']);
        assert.deepEqual(Object.keys(failure?.headers ?? {}), ['Nudge-Auth-Error', 'Retry-After']);
      });

      it('has a schema for each body, with examples', () => {
        const schemas = document.components?.schemas as Record<
          string,
          { properties: Record<string, { example: unknown }>; enum?: string[]; required: string[] }
        >;
        assert.deepEqual(schemas['NudgeTokenAnswer']?.required, [
          'token',
          'expiresAt',
          'expiresIn',
          'refreshIn',
        ]);
        assert.deepEqual(schemas['NudgeTokenFailure']?.required, ['statusCode', 'code', 'message']);
        assert.deepEqual(schemas['NudgeAuthErrorCode']?.enum, [...NUDGE_AUTH_ERROR_CODES]);
        for (const { example } of Object.values(schemas['NudgeTokenAnswer']?.properties ?? {})) {
          assert.notEqual(example, undefined);
        }
      });

      it('describes the real answers of the endpoint', async () => {
        const answer = await served.get('/nudge/token', bearer());
        const documented = document.components?.schemas?.['NudgeTokenAnswer'];
        assert.ok(documented !== undefined && 'required' in documented);
        assert.deepEqual(Object.keys((await answer.json()) as object), documented.required);
        const wrong = await served.get('/nudge/token?format=xml', bearer());
        assert.deepEqual(Object.keys((await wrong.json()) as object), ['statusCode', 'code', 'message']);
        const anonymous = await served.get('/nudge/token');
        assert.deepEqual(Object.keys((await anonymous.json()) as object).toSorted(), [
          'message',
          'statusCode',
        ]);
      });

      it('gives each registration its own operationId and security', () => {
        assert.equal(operationOf(document).operationId, 'NudgeTokenController_getToken');
        const emea = operationOf(document, '/nudge/emea/token');
        assert.equal(emea.operationId, 'NudgeEmeaTokenController_getToken');
        assert.deepEqual(emea.security?.map((alternative) => Object.keys(alternative)[0]).toSorted(), [
          'bearer',
          'cookie',
        ]);
      });

      it('lets a generated client get a token', async () => {
        generated ??= generateClient(document);
        const client = new (await generated)({ baseUrl: served.url });
        for (const getToken of [
          'nudgeTokenControllerGetToken',
          'nudgeEmeaTokenControllerGetToken',
        ] as const) {
          const { data } = await client.nudge[getToken]({}, { headers: bearer(), format: 'json' });
          assert.match(data.token, /^eyJ/);
          assert.ok(data.expiresIn > 0);
        }
      });

      it('shows an empty 200 without the decorator', async () => {
        @Module({ imports: [NudgeAuthModule.forRootAsync(nudgeAuthConfig.asProvider())] })
        class UndescribedModule {}
        let undescribed: OpenAPIObject | undefined;
        await using _served = await Served.start(platform, UndescribedModule, {
          beside: [HostAuthModule],
          configure: (app) => {
            undescribed = openApiOf(app);
          },
        });
        assert.ok(undescribed !== undefined);
        assert.deepEqual(Object.keys(operationOf(undescribed).responses), ['200']);
        assert.equal('content' in (operationOf(undescribed).responses['200'] ?? {}), false);
      });
    });
  }
});
