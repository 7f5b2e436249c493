/*
 * Runs in an application with a Node that cannot `require` ES modules. It imports the module and requires the service,
 * so two copies are loaded. The log must name both copies before Nest fails to find the service.
 */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { isNudgeAuthError, NudgeAuthError, NudgeAuthModule } from 'nestjs-nudge-auth';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const required = createRequire(import.meta.url)('nestjs-nudge-auth');
assert.notEqual(required.NudgeAuthError, NudgeAuthError);

const error = new required.NudgeAuthError('NUDGE_TIMEOUT', 'thrown by the other copy');
assert.ok(error instanceof NudgeAuthError && isNudgeAuthError(error));

class Campaigns {}
Reflect.defineMetadata('design:paramtypes', [required.NudgeTokenService], Campaigns);
Injectable()(Campaigns);

class AppModule {}
Module({
  imports: [NudgeAuthModule.forRoot({ apiKey: 'fake-private-key', endpoint: false })],
  providers: [Campaigns],
})(AppModule);

await assert.rejects(
  NestFactory.createApplicationContext(AppModule, { abortOnError: false }),
  /can't resolve dependencies of the Campaigns/,
);
