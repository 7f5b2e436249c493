// beside: @nestjs/graphql, @nestjs/apollo, @apollo/server, @nestjs/mercurius, mercurius, graphql
import { API_KEY, bearer, startNudge } from '../support/environment.js';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import type { NudgeEmulator } from 'nestjs-nudge-auth/emulator';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { NudgeModule } from '../snippets/graphql.js';
import { HostAuthModule } from '../support/host-auth.module.js';
import { Served, type Platform } from '../support/served.js';

const apollo = (): DynamicModule =>
  GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
    playground: false,
  });

const SERVERS: { name: string; platform: Platform; module: () => DynamicModule }[] = [
  { name: 'Apollo on Express', platform: 'express', module: apollo },
  { name: 'Apollo on Fastify', platform: 'fastify', module: apollo },
  {
    name: 'Mercurius on Fastify',
    platform: 'fastify',
    module: () =>
      GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
  },
];

interface Result {
  readonly data?: { readonly nudgeToken: string } | null;
  readonly errors?: { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

describe('GraphQL', () => {
  let nudge: NudgeEmulator;
  before(async () => {
    nudge = await startNudge();
  });
  after(() => nudge.stop());

  for (const { name, platform, module } of SERVERS) {
    describe(name, () => {
      let served: Served;
      before(async () => {
        served = await Served.start(platform, NudgeModule, { beside: [HostAuthModule, module()] });
      });
      after(() => served.close());

      async function query(headers: Record<string, string>): Promise<Result> {
        const answer = await fetch(`${served.url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query: '{ nudgeToken }' }),
        });
        return (await answer.json()) as Result;
      }

      it('gives a token in a resolver to a signed-in user and an error to other callers', async () => {
        assert.match((await query(bearer())).data?.nudgeToken ?? '', /^eyJ/);
        const anonymous = await query({});
        assert.equal(anonymous.data ?? null, null);
        assert.match(anonymous.errors?.[0]?.message ?? '', /Unauthorized/);
      });

      it('reports a failure as an error of the operation, without the API key', async () => {
        nudge.setApiKeys(['obviously-fake-key-of-another-account']);
        try {
          await using cold = await Served.start(platform, NudgeModule, {
            beside: [HostAuthModule, module()],
          });
          const answer = await fetch(`${cold.url}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...bearer() },
            body: JSON.stringify({ query: '{ nudgeToken }' }),
          });
          const text = await answer.text();
          assert.match(text, /"errors"/);
          assert.ok(!text.includes(API_KEY), text);
        } finally {
          nudge.setApiKeys([API_KEY]);
        }
      });
    });
  }
});
