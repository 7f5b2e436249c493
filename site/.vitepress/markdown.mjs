import { dirname, join, relative } from 'node:path';

/** Draws the Mermaid pictures, as code hosts do. */
export function drawMermaid(markdown) {
  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    return info.trim() === 'mermaid'
      ? `<MermaidPicture source="${encodeURIComponent(content)}" />\n`
      : fence(tokens, index, ...rest);
  };
}

/** Files that readers look at or download. What else a page links to is source, and stays at the code host. */
const SHOWN = /\.(?:json|png|svg|yml)$/;

/** Follows the links of pages to files of the repository that are no pages. */
export class FilesOfPages {
  #root;
  #sourceUrl;
  /** The files to copy beside the pages: paths from the repository's root. */
  linked = new Set();

  constructor(root, sourceUrl) {
    this.#root = root;
    this.#sourceUrl = sourceUrl;
  }

  follow(markdown) {
    markdown.core.ruler.push('files-of-pages', ({ tokens, env }) => {
      const folder = dirname(relative(this.#root, env.realPath ?? env.path));
      for (const token of tokens) {
        // In HTML, Vite takes a path without a dot for one from the site's root.
        if (token.type === 'html_block')
          token.content = token.content.replaceAll(/src="(?![./]|\w+:)/g, 'src="./');
        for (const child of token.children ?? [])
          if (child.type === 'link_open') this.#followLink(child, folder);
      }
    });
  }

  #followLink(link, folder) {
    const href = link.attrGet('href') ?? '';
    if (/^(?:[a-z]+:|#|\/)/.test(href) || /\.md(?:#|$)/.test(href)) return;
    const path = join(folder, href.split('#')[0]).replaceAll('\\', '/');
    if (SHOWN.test(path)) this.linked.add(path);
    else link.attrSet('href', `${this.#sourceUrl}/${path}`);
  }
}
