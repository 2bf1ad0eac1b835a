// Acts on a page in a browser as a random reader does, with mouse, keyboard and window.

import fc from 'fast-check'
import type { Page } from 'playwright-core'

const KEYS = [
  'Tab',
  'Shift+Tab',
  'Enter',
  'Space',
  'Escape',
  'ArrowDown',
  'ArrowUp',
  'Home',
  'End',
  'PageDown',
  'PageUp',
] as const

const TEXTS = ['lamp', '</script><img src=x onerror="window.trapped=1">', '\u202Eevil', '𝒳😀', '%_*[', ' '] as const

type Action =
  | { readonly kind: 'point'; readonly x: number; readonly y: number }
  | { readonly kind: 'scroll'; readonly y: number }
  | { readonly kind: 'control'; readonly index: number }
  | { readonly kind: 'key'; readonly key: (typeof KEYS)[number] }
  | { readonly kind: 'type'; readonly text: string }
  | { readonly kind: 'window'; readonly width: number; readonly height: number }
  | { readonly kind: 'media'; readonly isDark: boolean; readonly isCalm: boolean }
  | { readonly kind: 'reload' }

const share = fc.double({ min: 0, max: 1, noNaN: true })

/** Controls and keys are more likely than the rest. */
export const randomAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('control' as const), index: fc.nat(10_000) }) },
  { weight: 40, arbitrary: fc.record({ kind: fc.constant('key' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 15, arbitrary: fc.record({ kind: fc.constant('point' as const), x: share, y: share }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('scroll' as const), y: share }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('type' as const), text: fc.constantFrom(...TEXTS) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('window' as const),
      width: fc.integer({ min: 320, max: 1600 }),
      height: fc.integer({ min: 300, max: 1200 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('media' as const), isDark: fc.boolean(), isCalm: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'reload' as const }) },
)

/** Finds a control that a reader can see, scrolls to it, and returns its middle. */
const MIDDLE_OF_CONTROL = `(index) => {
  const controls = [...document.querySelectorAll('a, button, summary, input, [role=option]')]
  const seen = controls.filter((one) => one.checkVisibility())
  const control = seen[index % seen.length]
  control?.scrollIntoView({ block: 'center', behavior: 'instant' })
  const box = control?.getBoundingClientRect()
  return box === undefined ? null : { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}`

export async function act(page: Page, action: Action): Promise<void> {
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
  if (action.kind === 'point') await page.mouse.click(action.x * (width - 1), action.y * (height - 1))
  else if (action.kind === 'scroll') await page.mouse.wheel(0, (action.y - 0.5) * 4000)
  else if (action.kind === 'key') await page.keyboard.press(action.key)
  else if (action.kind === 'type') await page.keyboard.insertText(action.text)
  else if (action.kind === 'window') await page.setViewportSize({ width: action.width, height: action.height })
  else if (action.kind === 'media')
    await page.emulateMedia({
      colorScheme: action.isDark ? 'dark' : 'light',
      reducedMotion: action.isCalm ? 'reduce' : 'no-preference',
    })
  else if (action.kind === 'reload') await page.reload({ waitUntil: 'domcontentloaded' })
  else {
    const middle = (await page.evaluate(`(${MIDDLE_OF_CONTROL})(${action.index})`)) as { x: number; y: number } | null
    if (middle !== null) await page.mouse.click(middle.x, middle.y)
  }
}

/** A page for a property takes so many actions, and as many properties make 2,000. */
export const ACTIONS_A_PAGE = 100
export const PAGES = 20

/** Returns what is wrong with a page after actions: none of it should happen. */
export async function pageFaults(page: Page): Promise<string[]> {
  const isTrapped = (await page.evaluate('window.trapped')) !== undefined
  const hasMain = (await page.locator('main').count()) === 1
  const isWide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
  return [
    ...(isTrapped ? ['a text ran as a script'] : []),
    ...(hasMain ? [] : ['the page has no main part']),
    ...(isWide ? ['the page is wider than the window'] : []),
  ]
}
