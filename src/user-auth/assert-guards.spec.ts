import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type CanActivate, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import { NudgeAuthModule } from '../module/nudge-auth.module.js';
import { assertGuards } from './assert-guards.js';

class MethodGuard {
  canActivate(): boolean {
    return true;
  }
}

class FieldGuard {
  readonly canActivate = (): boolean => true;
}

@Injectable({ scope: Scope.REQUEST })
class GuardOfOneRequest extends MethodGuard {}

class Passer {
  canActivte(): boolean {
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PasserOfOneRequest extends Passer {}

describe('the guards of an endpoint', () => {
  let testing: TestingModule | undefined;

  afterEach(() => testing?.close());

  // Not booted further: later releases of Nest look for themselves when they make the routes.
  async function check(...guards: object[]): Promise<void> {
    const nudge = NudgeAuthModule.forRoot({
      apiKey: 'obviously-fake-private-key-of-guard-tests',
      endpoint: { guards: guards as Type<CanActivate>[] },
    });
    testing = await Test.createTestingModule({ imports: [nudge] }).compile();
    assertGuards(testing.get(ModulesContainer), testing.get(NUDGE_AUTH_REGISTRATION, { strict: false }));
  }

  it.each([
    { are: 'none', guards: [] },
    { are: 'classes with a method or a field', guards: [MethodGuard, FieldGuard] },
    { are: 'made for one request', guards: [GuardOfOneRequest] },
    { are: 'instances', guards: [new MethodGuard(), new FieldGuard()] },
  ])('hold where they are $are', async ({ guards }) => {
    await expect(check(...guards)).resolves.toBeUndefined();
  });

  it('do not hold where nobody can see at boot whether one is', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class FieldGuardOfOneRequest extends FieldGuard {}
    await expect(check(FieldGuardOfOneRequest)).rejects.toThrow(
      'a field will do only where one instance serves',
    );
  });

  it.each([Passer, PasserOfOneRequest])('do not hold where one is no guard: %p', async (guard) => {
    await expect(check(MethodGuard, guard)).rejects.toThrow(
      `endpoint.guards has the class ${guard.name}, which is no guard: it has no method canActivate`,
    );
  });
});
