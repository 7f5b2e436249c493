import { describe, expect, it } from '@jest/globals';
import { answerFormat } from './answer-format.js';

describe('answerFormat', () => {
  it.each([
    // A weight that is none counts as 1.
    ['text/plain;q=abc, application/json;q=0.9', 'text'],
    ['text/plain;q=, application/json;q=0.9', 'text'],
    ['text/plain;q=0, application/json;q=-1', 'json'],
    ['text/plain;q=5, application/json;q=1', 'json'],
    ['text/plain;q=0.001, application/json;q=0', 'text'],
    ['text/plain;q=0.000', 'json'],
    ['text/plain;q=1.000, application/json;q=0.999', 'text'],
    // The weight stands among other parameters, in any case, with blanks around.
    ['text/plain ; charset=utf-8 ; Q=0.3 , application/json ; q=0.2', 'text'],
    // Named is named: a range that would match both does not count.
    ['text/*, application/json;q=0.1', 'json'],
    ['text/plainer', 'json'],
    ['', 'json'],
  ])('reads Accept: %s as %s', (accept, format) => {
    expect(answerFormat('/nudge/token', accept)).toBe(format);
    expect(answerFormat('/nudge/token?', accept)).toBe(format);
  });

  it.each([
    '?format=text',
    '?a=%zz&format=text',
    '?x=1?y&format=text',
    '?+=&&format=text',
    '?form%61t=te%78t',
  ])('finds the parameter in %s', (query) => {
    expect(answerFormat(`/nudge/token${query}`, 'application/json')).toBe('text');
  });

  it.each(['?format=json', '?format=json&x=format', '?xformat=text'])('leaves JSON for %s', (query) => {
    expect(answerFormat(`/nudge/token${query}`, 'application/json')).toBe('json');
  });

  it.each(['?e%78tId=a', '?expiryMins', '?format=json&expiryMins=5', '?extId=a&extId=b'])(
    'refuses %s',
    (query) => {
      expect(() => answerFormat(`/nudge/token${query}`, undefined)).toThrow(
        /cannot be chosen by a client: remove it$/,
      );
    },
  );
});
