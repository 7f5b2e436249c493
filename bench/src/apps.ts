import { Module, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { NudgeAuthModule, NudgeTokenService, type NudgeAuthModuleOptions } from '#nudge-auth';
import { NUDGE_CLOCK, NUDGE_TOKEN_SOURCE } from '#nudge-auth/common/injection-tokens';

/** The module in an application without HTTP. */
export async function serviceIn(
  options: NudgeAuthModuleOptions,
  replaced: { clock?: object; source?: object } = {},
): Promise<{ service: NudgeTokenService; app: INestApplicationContext }> {
  @Module({ imports: [NudgeAuthModule.forRoot({ ...options, endpoint: false })] })
  class AppModule {}
  const builder = Test.createTestingModule({ imports: [AppModule] });
  if (replaced.clock !== undefined) builder.overrideProvider(NUDGE_CLOCK).useValue(replaced.clock);
  if (replaced.source !== undefined) builder.overrideProvider(NUDGE_TOKEN_SOURCE).useValue(replaced.source);
  const app = await builder.compile();
  await app.init();
  return { service: app.get(NudgeTokenService), app };
}
