import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type CanActivate, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { NUDGE_AUTH_REGISTRATION } from '../common/injection-tokens.js';
import type { NudgeAuthRegistration } from '../options/endpoint.options.js';
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

class NoGuard {
  canActivte(): boolean {
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class NoGuardOfOneRequest extends NoGuard {}

describe('the guards of an endpoint', () => {
  let testing: TestingModule | undefined;
  let hasGlobalGuards = false;

  afterEach(async () => {
    hasGlobalGuards = false;
    await testing?.close();
  });

  // The application is not initialised: newer releases of Nest check the guards themselves when they make the routes.
  async function check(...guards: object[]): Promise<void> {
    const nudge = NudgeAuthModule.forRoot({
      apiKey: 'obviously-fake-private-key-of-guard-tests',
      endpoint: { guards: guards as Type<CanActivate>[] },
    });
    testing = await Test.createTestingModule({ imports: [nudge] }).compile();
    const registration = testing.get<NudgeAuthRegistration>(NUDGE_AUTH_REGISTRATION, { strict: false });
    assertGuards(testing.get(ModulesContainer), registration, hasGlobalGuards);
  }

  it.each([
    { are: 'classes with a method or a field', guards: [MethodGuard, FieldGuard] },
    { are: 'classes of request scope', guards: [GuardOfOneRequest] },
    { are: 'instances', guards: [new MethodGuard(), new FieldGuard()] },
  ])('are accepted if they are $are', async ({ guards }) => {
    await expect(check(...guards)).resolves.toBeUndefined();
  });

  it('may be an empty list only if the application has a global guard', async () => {
    await expect(check()).rejects.toThrow('endpoint.guards is empty and no global guard');
    hasGlobalGuards = true;
    await expect(check()).resolves.toBeUndefined();
  });

  it('are refused if a class of request scope has canActivate as a field, which the boot cannot see', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class FieldGuardOfOneRequest extends FieldGuard {}
    await expect(check(FieldGuardOfOneRequest)).rejects.toThrow(
      'a field is enough only if one instance serves',
    );
  });

  it.each([NoGuard, NoGuardOfOneRequest])('are refused if one is not a guard: %p', async (guard) => {
    await expect(check(MethodGuard, guard)).rejects.toThrow(
      `endpoint.guards has the class ${guard.name}, which is not a guard: it has no method canActivate`,
    );
  });
});
