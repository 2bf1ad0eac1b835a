// Follows the system's theme until the reader presses the button.

import { findElement } from './elements.ts'

export function startTheme(): void {
  const button = findElement('theme', HTMLButtonElement)
  if (button === null) return
  const system = matchMedia('(prefers-color-scheme: dark)')
  let chosen: boolean | null = null
  const show = (): void => {
    button.setAttribute('aria-pressed', String(chosen ?? system.matches))
    if (chosen !== null) document.documentElement.dataset.theme = chosen ? 'dark' : 'light'
  }
  button.addEventListener('click', () => {
    chosen = !(chosen ?? system.matches)
    show()
  })
  system.addEventListener('change', show)
  button.hidden = false
  show()
}
