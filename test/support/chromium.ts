import type { Browser } from 'playwright-core';
import { nativePackage } from './native-package.js';

/** The names under which systems install it. */
export const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome'] as const;

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchChromium(executablePath: string): Promise<Browser> {
  const { chromium } = (await nativePackage('playwright-core')) as typeof import('playwright-core');
  return chromium.launch({ executablePath, args: FLAGS });
}
