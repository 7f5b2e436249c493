import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { metrics, trace } from '#peers/@opentelemetry/api';
import type { NudgeAuthEvents } from '../telemetry/events.js';
import { observe } from './metrics.js';
import { registrationsOf, type ObservedRegistration } from './registration.js';
import { RenewalTelemetry } from './renewal-telemetry.js';

/**
 * The OpenTelemetry providers that the module uses.
 *
 * @publicApi
 */
export interface NudgeOtelOptions {
  /** Default: the provider that is global when Nest initialises the modules. */
  readonly meterProvider?: MeterProvider;
  /** Default: the global provider. */
  readonly tracerProvider?: TracerProvider;
}

const OPTIONS = Symbol('nudge-auth: otel options');
const SCOPE = 'nestjs-nudge-auth';

/**
 * Measures and traces all registrations of the application with OpenTelemetry. Import it once, beside them. If several
 * modules import it, only one import measures: the first that names a provider, or the first of all if none does. Without
 * an SDK it has no cost that can be measured.
 *
 * @example
 * imports: [NudgeAuthModule.forRoot({ … }), NudgeOtelModule.forRoot()]
 *
 * @see docs/telemetry.md
 *
 * @publicApi
 */
@Module({})
export class NudgeOtelModule implements OnModuleInit, OnApplicationShutdown {
  readonly #modules: ModulesContainer;
  readonly #options: NudgeOtelOptions;
  readonly #attached = new Map<NudgeAuthEvents, () => void>();
  #endObservation: () => void = () => undefined;

  constructor(
    @Inject(ModulesContainer) modules: ModulesContainer,
    @Inject(OPTIONS) options: NudgeOtelOptions,
  ) {
    this.#modules = modules;
    this.#options = options;
  }

  /** The module with the given providers, or with the global ones. */
  static forRoot(options: NudgeOtelOptions = {}): DynamicModule {
    // In a factory, because Nest 10 serialises every value of a dynamic module to tell modules apart.
    return { module: NudgeOtelModule, providers: [{ provide: OPTIONS, useFactory: () => options }] };
  }

  /** Creates the instruments only now, because by now the host's SDK has started. */
  onModuleInit(): void {
    if (this.#isImportedElsewhere()) return;
    const { meterProvider = metrics, tracerProvider = trace } = this.#options;
    const meter = meterProvider.getMeter(SCOPE);
    const renewals = new RenewalTelemetry(meter, tracerProvider.getTracer(SCOPE));
    const registrations = (): readonly ObservedRegistration[] => {
      const found = registrationsOf(this.#modules);
      for (const registration of found) {
        const { events } = registration;
        if (!this.#attached.has(events)) this.#attached.set(events, renewals.attach(registration));
      }
      return found;
    };
    registrations();
    this.#endObservation = observe(meter, registrations);
  }

  /** Whether another import measures: two would count each renewal twice. */
  #isImportedElsewhere(): boolean {
    const imports = [...this.#modules.values()]
      .filter(({ metatype }) => metatype === NudgeOtelModule)
      .map(({ instance }) => instance as unknown as NudgeOtelModule);
    const measuring = imports.find((each) => each.#namesProviders()) ?? imports[0];
    return measuring !== this;
  }

  #namesProviders(): boolean {
    return this.#options.meterProvider !== undefined || this.#options.tracerProvider !== undefined;
  }

  onApplicationShutdown(): void {
    this.#endObservation();
    for (const end of this.#attached.values()) end();
    this.#attached.clear();
  }
}
