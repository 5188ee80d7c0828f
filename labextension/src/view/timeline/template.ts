import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { duration, thousands } from '../format';
import { ICONS, type IconName } from '../icons';
import { trans } from '../words';
import { type Range, ticksOf, widthOf } from './axis';
import { type Bar, type Lanes, timeByKind } from './lanes';
import type { Span, SpanKind } from './spans';
import { kindName, spanText, spoken, type Told, toldTemplate } from './text';

/** What is to be drawn. */
export interface Picture {
  readonly spans: readonly Span[];
  readonly lanes: Lanes;
  readonly bars: readonly Bar[];
  readonly whole: Range;
  readonly range: Range;
  readonly now: number;
  readonly width: number;
  readonly zoomed: boolean;
  /** Where the keyboard is, and that it is there; shown as a frame. */
  readonly at: Span | undefined;
  readonly current: Span | undefined;
  readonly place: number;
  /** Where the pointer is. */
  readonly pointed: Bar | undefined;
  readonly told: Told | undefined;
  readonly selection: Range | undefined;
  readonly on: {
    down(event: PointerEvent): void;
    move(event: PointerEvent): void;
    up(event: PointerEvent): void;
    leave(): void;
    wheel(event: WheelEvent): void;
    key(event: KeyboardEvent): void;
    focus(event: FocusEvent): void;
    blur(): void;
    fit(): void;
    closer(): void;
    wider(): void;
  };
}

export function timelineTemplate(picture: Picture): TemplateResult {
  const { spans, lanes, range, whole, on } = picture;
  if (spans.length === 0)
    return html`<p class="untimed">${trans.__('No times are known of this run.')}</p>`;
  const ticks = ticksOf(range, whole.from, picture.width);
  const length = range.to - range.from;
  const x = (at: number): string => `${(((at - range.from) / length) * 100).toFixed(3)}%`;
  const label = trans._n(
    'Timeline of %2 span',
    'Timeline of %2 spans',
    spans.length,
    thousands(spans.length),
  );
  const { current } = picture;
  const says = current === undefined ? '' : spoken(spanText(current, whole.from, picture.now));
  return html`<div class="axis" aria-hidden="true">
      ${ticks
        .filter(({ at, text }) => hasRoom(at, text, picture))
        .map(
          ({ at, text }) =>
            html`<span style="left: ${x(at)}" ?data-first=${at === range.from}>${text}</span>`,
        )}
    </div>
    <div
      class="plot"
      tabindex="0"
      role="slider"
      aria-label=${label}
      aria-valuemin="1"
      aria-valuemax=${spans.length}
      aria-valuenow=${picture.place + 1}
      aria-valuetext=${says}
      style="--lanes: ${lanes.count}"
      @pointerdown=${on.down}
      @pointermove=${on.move}
      @pointerup=${on.up}
      @pointercancel=${on.up}
      @pointerleave=${on.leave}
      @wheel=${on.wheel}
      @keydown=${on.key}
      @focus=${on.focus}
      @blur=${on.blur}
      @dblclick=${on.fit}
    >
      ${ticks.map(({ at }) => html`<i style="left: ${x(at)}"></i>`)}
      ${guard([picture.bars], () => picture.bars.map(bar => barTemplate(bar, spans)))}
      ${markTemplate(picture, x)}
      ${
        picture.selection === undefined
          ? nothing
          : html`<div class="selection" style="left: ${x(picture.selection.from)}; right: calc(100% - ${x(picture.selection.to)})"></div>`
      }
    </div>
    ${windowTemplate(range, whole, picture.zoomed)}
    <div class="legend">
      ${guard([spans, Math.floor(picture.now / 1000)], () => kindsTemplate(spans, picture.now))}
      <span class="zooms">
        ${zoomButton('zoomOut', trans.__('Zoom out'), on.wider, !picture.zoomed)}
        ${zoomButton('zoomIn', trans.__('Zoom in'), on.closer, false)}
        ${zoomButton('fit', trans.__('Fit the whole run'), on.fit, !picture.zoomed)}
      </span>
    </div>
    ${
      picture.told === undefined
        ? nothing
        : html`<div class="tip" popover="manual" aria-hidden="true">${toldTemplate(picture.told)}</div>`
    }`;
}

function hasRoom(at: number, text: string, { range, width }: Picture): boolean {
  const left = ((at - range.from) / (range.to - range.from)) * width;
  return left + 4 + widthOf(text) <= width;
}

function barTemplate(bar: Bar, spans: readonly Span[]): TemplateResult {
  const several = bar.count > 1;
  const state = several ? '' : (spans[bar.first]?.state ?? '');
  // A few among many are seen too.
  const failed = several && bar.failed > 0 ? Math.max(0.2, bar.failed / bar.count) : 0;
  const width = bar.running
    ? `calc((var(--now) - ${bar.left}) * 100%)`
    : `${(bar.width * 100).toFixed(4)}%`;
  return html`<b
    class="bar"
    data-kind=${bar.kind}
    data-state=${state}
    ?data-several=${several}
    style="left: ${(bar.left * 100).toFixed(4)}%; width: ${width}; --lane: ${bar.lane}; --failed: ${failed}"
  ></b>`;
}

/** A frame around what the pointer or the keyboard is at. */
function markTemplate(
  picture: Picture,
  x: (at: number) => string,
): TemplateResult | typeof nothing {
  const { pointed, at, spans, lanes, now } = picture;
  const first = pointed === undefined ? at : spans[pointed.first];
  const last = pointed === undefined ? at : spans[pointed.last];
  if (first === undefined || last === undefined) return nothing;
  const lane = lanes.of[spans.indexOf(first)] ?? 0;
  const to = last.to ?? Math.max(now, last.from);
  return html`<div
    class="mark"
    ?data-keyboard=${pointed === undefined}
    style="left: ${x(first.from)}; right: calc(100% - ${x(to)}); --lane: ${lane}"
  ></div>`;
}

/** Which part of the whole is drawn. */
function windowTemplate(range: Range, whole: Range, zoomed: boolean): TemplateResult {
  const length = whole.to - whole.from;
  const left = ((range.from - whole.from) / length) * 100;
  const width = ((range.to - range.from) / length) * 100;
  return html`<div class="window" ?data-zoomed=${zoomed} aria-hidden="true"><b style="left: ${left}%; width: ${width}%"></b></div>`;
}

const KINDS: readonly SpanKind[] = ['model', 'tool', 'wait'];

function kindsTemplate(spans: readonly Span[], now: number): TemplateResult {
  const times = timeByKind(spans, now);
  const failed = spans.filter(({ state }) => state === 'failed').length;
  return html`${KINDS.filter(kind => times.has(kind)).map(
    kind => html`<span class="kind"><b class="bar" data-kind=${kind}></b>${kindName(kind)}
      <span>${duration(times.get(kind) ?? 0)}</span></span>`,
  )}
  ${
    failed === 0
      ? nothing
      : html`<span class="kind"><b class="bar" data-kind="tool" data-state="failed"></b>${trans._n('%2 failed', '%2 failed', failed, thousands(failed))}</span>`
  }`;
}

function zoomButton(
  icon: IconName,
  name: string,
  act: () => void,
  disabled: boolean,
): TemplateResult {
  return html`<button type="button" class="tool" aria-label=${name} title=${name} ?disabled=${disabled} @click=${act}>
    ${ICONS[icon]}
  </button>`;
}
