import { type ElementPart, noChange } from 'lit';
import { Directive, directive, type PartInfo, PartType } from 'lit/directive.js';

/** Makes a text area as high as its text; its style sheet says where that ends. */
class Growing extends Directive {
  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error('`growing` belongs on a text area itself');
  }

  render(_text: string): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [text]: [string]): typeof noChange {
    const lines = text.split('\n').length;
    // Browsers that size it by its content wrap long lines too; the others see this many rows.
    (part.element as HTMLTextAreaElement).rows = Math.min(24, lines);
    return noChange;
  }
}

export const growing = directive(Growing);
