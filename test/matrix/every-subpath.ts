import * as root from 'nestjs-nudge-auth';
import * as client from 'nestjs-nudge-auth/client';
import * as config from 'nestjs-nudge-auth/config';
import * as emulator from 'nestjs-nudge-auth/emulator';
import * as otel from 'nestjs-nudge-auth/otel';
import * as redis from 'nestjs-nudge-auth/redis';
import * as swagger from 'nestjs-nudge-auth/swagger';
import * as terminus from 'nestjs-nudge-auth/terminus';
import * as testing from 'nestjs-nudge-auth/testing';

type IsAny<T> = 0 extends 1 & T ? true : false;

/** A type is `any` if the resolver does not find it, or does not find a type that it depends on. */
export const isKnown: [
  IsAny<typeof root.NudgeAuthModule>,
  IsAny<ReturnType<root.NudgeTokenService['getToken']>>,
  IsAny<typeof client.createRefreshToken>,
  IsAny<typeof config.nudgeAuthConfig>,
  IsAny<ReturnType<typeof config.nudgeAuthConfig.asProvider>>,
  IsAny<typeof emulator.NudgeEmulator>,
  IsAny<typeof otel.NudgeOtelModule>,
  IsAny<typeof redis.RedisTokenStore>,
  IsAny<redis.RedisTokenStoreOptions['client']>,
  IsAny<typeof swagger.nudgeTokenDocs>,
  IsAny<typeof terminus.NudgeHealthIndicator>,
  IsAny<ReturnType<terminus.NudgeHealthIndicator['check']>>,
  IsAny<typeof testing.FakeNudgeTokenService>,
] = [false, false, false, false, false, false, false, false, false, false, false, false, false];
