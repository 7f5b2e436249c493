import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** The parts of the comment on an option. */
export interface OptionWords {
  readonly text: string;
  /** The last sentence after "Default", or from "Required" on; empty if it says neither. */
  readonly defaultText: string;
  /** The page that `@see` names. */
  readonly page: string | undefined;
}

const LAST_SENTENCE = /(?:^|\. )(?:Default:? (?<value>.+)|(?<required>Required.*))\.$/;

function wordsOf(comment: ts.JSDoc): OptionWords {
  const full = (ts.getTextOfJSDocComment(comment.comment) ?? '').replaceAll(/\s+/g, ' ').trim();
  const last = LAST_SENTENCE.exec(full);
  const see = comment.tags?.map((tag) => tag.getText()).find((tag) => tag.startsWith('@see'));
  return {
    text: last === null ? full : full.slice(0, last.index + 1),
    defaultText: last?.groups?.['value'] ?? last?.groups?.['required']?.toLowerCase() ?? '',
    page: /docs\/\S+\.md/.exec(see ?? '')?.[0],
  };
}

/** The comments on all options that the types of these files declare. */
export function optionWords(paths: readonly string[]): ReadonlyMap<string, OptionWords> {
  const words = new Map<string, OptionWords>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) || ts.isMethodSignature(node)) {
      const name = node.name.getText();
      const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
      // The types of resolved options have the same names and stand below, so the first comment counts.
      if (comment !== undefined && !words.has(name)) words.set(name, wordsOf(comment));
    }
    ts.forEachChild(node, visit);
  };
  for (const path of paths) {
    visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true));
  }
  return words;
}
